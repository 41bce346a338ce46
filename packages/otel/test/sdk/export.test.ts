/** What a process exports, received by somebody who knows nothing but the protocol. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileLogReader } from '@omnipaw/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { entriesOf, treeOf, treeOfSpans } from '../support/log-tree.js';
import { numbersIn } from '../support/log-numbers.js';
import { NEXT, PRESENT, run, type Line } from '../support/lines.js';
import { receive, type Receiver } from '../support/receiver.js';

let directory = '';
let receiver: Receiver;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'omnipaw-otel-'));
  receiver = await receive();
});
afterEach(async () => {
  await receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

function exports(line: Line): void {
  test.each([
    ['http/protobuf', 'application/x-protobuf', 'gzip'],
    ['http/json', 'application/json', 'none'],
  ])('spans, numbers and records of a run arrive by OTLP as %s, and are what the log says', { timeout: 60_000 }, async (protocol, contentType, compression) => {
    const log = join(directory, 'log');
    const env = { OTEL_EXPORTER_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, OTEL_EXPORTER_OTLP_COMPRESSION: compression };
    const { code, stderr, told } = await run(line, ['lead-process', log, '3'], { env });
    expect([code, stderr]).toEqual([0, '']);
    const entries = await entriesOf(new FileLogReader(log));
    expect(treeOfSpans(receiver.spans())).toEqual(treeOf(entries));
    expect(new Set(receiver.requests.map((request) => `${request.contentType!} ${String(request.isPacked)}`))).toEqual(new Set([`${contentType} ${String(compression === 'gzip')}`]));
    // Those of kernels that run are back at nothing, and the SDK leaves them out or not.
    expect(receiver.numbers()).toMatchObject(numbersIn(entries));
    expect(receiver.records().map(({ attributes }) => attributes['omnipaw.bus_seq'])).toEqual(entries.map(({ busSeq }) => busSeq));
    expect(new Set(receiver.records().filter(({ attributes }) => attributes['omnipaw.tool'] !== undefined || attributes['omnipaw.entry.kind'] === 'TOOL_CALLED').map(({ traceId }) => traceId))).toEqual(new Set(receiver.spans().map(({ traceId }) => traceId)));
    expect(told).toMatchObject({ entries: entries.length });
    // It is the line that it is to be.
    expect(JSON.stringify(receiver.requests.find(({ signal }) => signal === '/v1/traces')!.body)).toMatch(new RegExp(`"telemetry.sdk.version","value":{"stringValue":"${line.name[0]!}\\.`));
  });

  test('a process that is killed and one that goes on make one trace: what was exported fits together, and the lives are whole', { timeout: 60_000 }, async () => {
    const log = join(directory, 'log');
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '1' };
    const killed = await run(line, ['slow-process', log], { env, onLine: (text, child) => { if (text === 'half') void arrived(4).then(() => child.kill('SIGKILL')); } });
    expect(killed.signal).toBe('SIGKILL');
    const before = receiver.spans().length;
    const { code, stderr } = await run(line, ['slow-process', log, 'goes on'], { env });
    expect([code, stderr]).toEqual([0, '']);
    const entries = await entriesOf(new FileLogReader(log));
    const [tree, seen] = [treeOf(entries), treeOfSpans(receiver.spans())];
    expect(before).toBeGreaterThanOrEqual(4);
    expect(new Set(receiver.spans().map(({ traceId }) => traceId)).size).toBe(1);
    expect(new Set(seen).size).toBe(seen.length);
    // What the first one had not exported yet died with it; nothing hangs in the air for that.
    expect(seen.filter((text) => !tree.includes(text))).toEqual([]);
    expect(seen).toEqual(expect.arrayContaining(tree.filter((text) => /invoke_agent \w+ [\w-]+$/.test(text))));
    const life = receiver.spans().find(({ name }) => name === 'invoke_agent steady')!;
    expect(life.startMs).toBe(entries.find(({ kind }) => kind === 'AGENT_SPAWNED')!.time);
  });

  test('a process that dies of an error exports what it has, and dies of it all the same', { timeout: 60_000 }, async () => {
    const log = join(directory, 'log');
    const { code, stderr } = await run(line, ['lead-process', log, '2', 'dies'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
    expect(code).toBe(1);
    expect(stderr).toContain('The process dies.');
    expect(treeOfSpans(receiver.spans())).toEqual(treeOf(await entriesOf(new FileLogReader(log))));
  });

  test('nothing is exported where the environment says nothing', { timeout: 60_000 }, async () => {
    const { code, told } = await run(line, ['lead-process', join(directory, 'log')]);
    expect([code, told?.['spans']]).toEqual([0, undefined]);
    expect(receiver.requests).toEqual([]);
  });

  test('sampling is what the standard variables say', { timeout: 60_000 }, async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_off' };
    await run(line, ['lead-process', join(directory, 'log')], { env });
    expect(receiver.spans()).toEqual([]);
    expect(receiver.numbers()).toHaveProperty(['omnipaw.log.entries.total{omnipaw.entry.kind="LOG_OPENED"}'], 1);
  });
}

/** Resolves when so many spans have come. */
async function arrived(count: number): Promise<void> {
  while (receiver.spans().length < count) await new Promise((resolve) => { setImmediate(resolve); });
}

describe(`with the SDK ${PRESENT.name}`, () => { exports(PRESENT); });
describeWith('node22', `with the SDK ${NEXT.name}`, () => { exports(NEXT); });

describe('a collector', () => {
  test('that is not there costs a run nothing but its spans, of which none is lost without a word', { timeout: 60_000 }, async () => {
    const { url } = receiver;
    await receiver.close();
    const log = join(directory, 'log');
    const { code, told, stderr } = await run(PRESENT, ['lead-process', log, '2', 'shuts down'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '500' } });
    const count = treeOf(await entriesOf(new FileLogReader(log))).length;
    expect(code).toBe(0);
    expect(told?.['spans']).toEqual({ ended: count, waiting: 0, exported: 0, failed: count, dropped: 0 });
    expect(stderr).toContain('OMNIPAW_SPANS_LOST');
    receiver = await receive();
  });

  test('that never answers does not keep a process from ending', { timeout: 60_000 }, async () => {
    const silent = await receive(() => new Promise<number>(() => undefined));
    const { code, told } = await run(PRESENT, ['lead-process', join(directory, 'log'), '2', 'shuts down'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: silent.url } });
    expect(code).toBe(0);
    expect(told?.['spans']).toMatchObject({ exported: 0 });
    await silent.close();
  });

  test('that refuses is told of, and what it refused is counted', { timeout: 60_000 }, async () => {
    const full = await receive(() => 400);
    const { told } = await run(PRESENT, ['lead-process', join(directory, 'log'), '2', 'shuts down'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: full.url } });
    const { ended, failed } = told?.['spans'] as { readonly ended: number; readonly failed: number };
    expect(failed).toBe(ended);
    await full.close();
  });
});

test('of a burst of 100,000 spans each one arrives or is counted as lost', { timeout: 120_000 }, async () => {
  const { told, stderr } = await run(PRESENT, ['burst-process', '100000'], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_METRICS_EXPORTER: 'none' } });
  const { ended, exported, dropped, failed, waiting } = told?.['spans'] as Readonly<Record<string, number>>;
  expect(ended).toBe(100_000);
  expect([waiting, failed]).toEqual([0, 0]);
  expect(exported! + dropped!).toBe(100_000);
  expect(new Set(receiver.spans().map(({ spanId }) => spanId)).size).toBe(exported);
  // That many wait at the most, so as many get through at the least.
  expect(exported).toBeGreaterThanOrEqual(65_536);
  expect(stderr.includes('OMNIPAW_SPANS_LOST')).toBe(dropped! > 0);
});
