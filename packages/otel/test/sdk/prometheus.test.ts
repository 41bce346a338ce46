/** A real Prometheus that scrapes a run, and answers what the log says. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileLogReader } from '@omnipaw/kernel';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { entriesOf } from '../support/log-tree.js';
import { numbersIn } from '../support/log-numbers.js';
import { PRESENT, programOn } from '../support/lines.js';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

let directory = '';
let children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'omnipaw-prometheus-'));
  children = [];
});
afterEach(async () => {
  await Promise.all(children.map((child) => new Promise((resolve) => {
    child.on('close', resolve);
    child.kill('SIGKILL');
    if (child.exitCode !== null || child.signalCode !== null) resolve(undefined);
  })));
  rmSync(directory, { recursive: true, force: true });
});

describeWith('prometheus', 'Prometheus', () => {
  test('accepts the alerts and the configuration', () => {
    for (const [what, file] of [['rules', 'alerts.yml'], ['config', 'prometheus.yml']] as const) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', what, `${PACKAGE}prometheus/${file}`], { encoding: 'utf8' });
      expect([status, stderr], stdout).toEqual([0, expect.any(String)]);
    }
  });

  test('answers what the log says, and every question of the dashboards and alerts', { timeout: 120_000 }, async () => {
    const [exporter, web] = [await freePort(), await freePort()];
    const log = join(directory, 'log');
    await untilTold(start(process.execPath, [await programOn(PRESENT, 'lead-process'), log, '3', 'waits'], { OTEL_METRICS_EXPORTER: 'prometheus', OTEL_EXPORTER_PROMETHEUS_PORT: String(exporter) }));
    const config = join(directory, 'prometheus.yml');
    writeFileSync(config, `global: { scrape_interval: 1s }\nscrape_configs: [{ job_name: omnipaw, static_configs: [{ targets: ['127.0.0.1:${exporter}'] }] }]\n`);
    start('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(directory, 'data')}`, `--web.listen-address=127.0.0.1:${web}`]);

    const scraped = await untilScraped(web);
    const numbers = numbersIn(await entriesOf(new FileLogReader(log)));
    for (const [name, value] of Object.entries(numbers)) expect([name, scraped.get(inPrometheus(name))]).toEqual([name, value]);
    const calls = Object.entries(numbers).filter(([name]) => name.startsWith('omnipaw.tools.calls.total')).reduce((sum, [, value]) => sum + value, 0);
    expect(await ask(web, 'sum(omnipaw_tools_calls_total)')).toMatchObject([{ value: [expect.any(Number), String(calls)] }]);
    for (const question of questions()) await ask(web, question);
  });

  test('the dashboards and alerts ask for nothing that is not measured', () => {
    const source = readdirSync(`${PACKAGE}src`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).map((file) => readFileSync(`${PACKAGE}src/${file}`, 'utf8')).join('\n');
    const measured = new Set([...source.matchAll(/(counter|level)\('([\w.]+)'/g)].map(([, kind, name]) => `omnipaw_${name!.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`));
    for (const [, name] of source.matchAll(/'(omnipaw\.(?:[\w.]+(?:_ms|_ratio)|spans\.[\w.]+))'/g)) measured.add(name!.replaceAll('.', '_'));
    const asked = new Set(questions().flatMap((question) => [...question.matchAll(/\bomnipaw_\w+(?=[{[)]|\s|$)/g)].map(([name]) => name.replace(/_bucket$/, ''))).filter((name) => !/^omnipaw_(agent_type|agent_end|tool|tick_outcome|operation|entry_kind|quota_resource|replay_verdict)$/.test(name)));
    expect(asked.size).toBeGreaterThan(15);
    expect([...asked].filter((name) => !measured.has(name))).toEqual([]);
  });
});

/** All of PromQL that is shipped, with the variables of Grafana as it would fill them in. */
function questions(): readonly string[] {
  const dashboards = readdirSync(`${PACKAGE}grafana/dashboards`).map((file) => JSON.parse(readFileSync(`${PACKAGE}grafana/dashboards/${file}`, 'utf8')) as { readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[] });
  const shown = dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replaceAll('$job', '.*'))));
  const rules = readFileSync(`${PACKAGE}prometheus/alerts.yml`, 'utf8');
  const alerts = [...rules.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(([, block, line]) => (block ?? line)!.trim());
  expect(alerts).toHaveLength([...rules.matchAll(/alert:/g)].length);
  return [...shown, ...alerts];
}

function start(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'], cwd: directory, env: { PATH: process.env['PATH'], ...env } });
  children.push(child);
  return child;
}

/** Resolves when a process has said something. */
function untilTold(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdout!.once('data', () => { resolve(); });
    child.on('exit', (code) => { reject(new Error(`It ended with ${String(code)}.`)); });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

async function ask(web: number, query: string): Promise<readonly Sample[]> {
  const response = await fetch(`http://127.0.0.1:${web}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { status, data, error } = (await response.json()) as { readonly status: string; readonly data?: { readonly result: readonly Sample[] }; readonly error?: string };
  if (status !== 'success') throw new Error(`${query}: ${error ?? status}`);
  return data!.result;
}

/** Everything that it has of us, once it has something: by name and labels, as `numbers()` has them. */
async function untilScraped(web: number): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const samples = await ask(web, '{__name__=~"omnipaw_.*"}').catch(() => []);
    if (samples.length > 0) return new Map(samples.map(({ metric, value }) => [keyOf(metric), Number(value[1])]));
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
}

function keyOf({ __name__: name = '', ...labels }: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([label]) => !/^(job|instance|le|otel_scope_.*)$/.test(label)).map(([label, value]) => `${label}="${value}"`).sort();
  return own.length === 0 ? name : `${name}{${own.join(',')}}`;
}

/** A name with its labels as Prometheus has it; of a histogram, its count. */
function inPrometheus(name: string): string {
  const [, metric = '', labels = ''] = /^([^{]*)(.*)$/.exec(name)!;
  const plain = metric.replaceAll('.', '_');
  return (plain.endsWith('_ms') ? `${plain}_count` : plain) + labels.replace(/([\w.]+)(?==")/g, (label) => label.replaceAll('.', '_'));
}
