/** What plugins reach by a run: the network, files and commands, by the tools of `@omnipaw/host`. No packet leaves this machine. */
import fs from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as host from '@omnipaw/host';
import { FileLogReader, readEntries, type Entry } from '@omnipaw/kernel';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { omnipaw, program, temporaryFolder, type Finished } from './command.js';
import { COUNTER, grantsFile, pluginsFolder } from './plugin-folders.js';
import type { HostLibrary } from '../src/plugins/library.js';

/** `@omnipaw/host`; its fetch tool resolves and connects as it is told here, and speaks without TLS. */
let installedHost: HostLibrary | undefined;
vi.mock('../src/plugins/library.js', async (original) => ({ ...(await original<object>()), hostLibrary: () => Promise.resolve(installedHost) }));

const asked: string[] = [];
const resolved: string[] = [];
const server = createServer((request: IncomingMessage, response: ServerResponse) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  asked.push(`${String(request.headers.host)}${pathname}`);
  const answer = pathname === '/v1/search'
    ? { results: [{ name: searchParams.get('name'), country: 'Italy', latitude: 41.9, longitude: 12.5 }] }
    : { timezone: 'Europe/Rome', daily: { time: ['2026-11-26'], temperature_2m_max: [14.2], temperature_2m_min: [6.1], precipitation_probability_max: [0], weather_code: [0] } };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const fetchTool = ((name, options) => {
    const tool = host.fetchTool(name, {
      ...options,
      resolve: (hostname) => Promise.resolve([(resolved.push(hostname), '203.0.114.7')]),
      connect: () => connect((server.address() as AddressInfo).port, '127.0.0.1'),
    });
    return { ...tool, run: (args, context) => tool.run({ ...(args as host.FetchArguments), url: (args as host.FetchArguments).url.replace(/^https:/, 'http:') } as never, context) };
  }) satisfies HostLibrary['fetchTool'];
  installedHost = { ...host, fetchTool };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const FOLDER = fileURLToPath(new URL('../../../plugins', import.meta.url));
const OPEN_METEO = { 'plugin-weather': [{ name: 'network', hosts: ['*.open-meteo.com'], methods: ['GET'] }] };

interface Call {
  readonly tool: string;
  readonly args?: object;
  readonly plugins: string;
  readonly grants: unknown;
  readonly may?: readonly string[];
  readonly log?: string;
}

/** Runs an agent that calls one tool. */
function call({ tool, args = {}, plugins, grants, may = [`call:${tool}`], log = path.join(temporaryFolder(), 'log') }: Call): Promise<Finished> {
  return omnipaw(['run', program('caller.ts'), '--input', JSON.stringify({ tool, args }), '--log', log, '--plugins', plugins, '--plugin-grants', grantsFile(grants), ...may.flatMap((grant) => ['--grant', grant])]);
}

/** A folder with a plugin that has one tool, `reach.it`. */
function reach(code: string, permissions: readonly unknown[]): string {
  const plugins = pluginsFolder();
  const folder = path.join(plugins, 'plugin-reach');
  fs.mkdirSync(folder, { recursive: true });
  const tools = [{ name: 'reach.it', description: 'Reaches.', input: { type: 'object' }, handler: 'it.ts' }];
  fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify({ ...COUNTER, name: 'plugin-reach', permissions, tools, agents: undefined }));
  fs.writeFileSync(path.join(folder, 'it.ts'), `export default async (args: any, ctx: any) => ${code};`);
  return plugins;
}

describe('the network', () => {
  const weather = { tool: 'weather.get_forecast', args: { city: 'Rome', days: 1 }, plugins: FOLDER, grants: OPEN_METEO };

  test('is asked by the tool of the plugin, from exactly its hosts, and a replay needs neither', async () => {
    const log = path.join(temporaryFolder(), 'log');
    const { code, stdout } = await call({ ...weather, may: ['call:weather.*'], log });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ place: 'Rome, Italy', timezone: 'Europe/Rome', days: [{ date: '2026-11-26', highC: 14.2, lowC: 6.1, rainPercent: 0, weather: 'clear' }] });
    expect(asked.splice(0)).toEqual(['geocoding-api.open-meteo.com/v1/search', 'api.open-meteo.com/v1/forecast']);
    expect(resolved.splice(0)).toEqual(['geocoding-api.open-meteo.com', 'api.open-meteo.com']);
    expect(await omnipaw(['replay', program('caller.ts'), '--log', log])).toMatchObject({ code: 0 });
    expect(asked).toEqual([]);
  });

  test('is out of reach for an agent that may call the tool alone, and what to grant is said', async () => {
    const { code, stderr } = await call(weather);
    expect(code).toBe(1);
    expect(stderr).toContain('To allow it: --grant call:weather.host.net.fetch\n');
    expect(resolved).toEqual([]);
  });

  test('is out of reach for the agent itself by the plugin\'s name, beyond the plugin\'s hosts', async () => {
    const { stderr } = await call({ ...weather, tool: 'weather.host.net.fetch', args: { url: 'https://elsewhere.example/' } });
    expect(stderr).toContain('FETCH_REFUSED');
    expect(resolved).toEqual([]);
  });

  test('is refused without @omnipaw/host, with what to do', async () => {
    const before = installedHost;
    installedHost = undefined;
    const { stderr } = await call(weather);
    installedHost = before;
    expect(stderr).toContain('plugin-weather is left out.\n  PLUGIN_REFUSED: Plugin "plugin-weather" uses the network, for which the package @omnipaw/host is needed: npm install @omnipaw/host\n');
  });

  test('is asked by the tool that the program brings for it, where there is one: of hosts within, which nobody else may ask', async () => {
    const plugins = reach('(await ctx.fetch("http://intranet.example/")).body', [{ name: 'network', hosts: ['intranet.example'] }]);
    const grants = { 'plugin-reach': [{ name: 'network', hosts: ['intranet.example'] }] };
    const log = path.join(temporaryFolder(), 'log');
    const argv = ['--input', '{"tool":"reach.it","args":{}}', '--plugins', plugins];
    const { code, stdout, stderr } = await omnipaw(['run', program('within.ts'), ...argv, '--log', log, '--plugin-grants', grantsFile(grants), '--grant', 'call:reach.**']);
    expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: 'from within\n' });
    expect(await omnipaw(['replay', program('within.ts'), '--log', log, '--plugins', plugins])).toMatchObject({ code: 0, stdout: expect.not.stringContaining('Not what it was') as unknown });
  });

  test('as a whole is for the operator to limit: the program has to bring the tool', async () => {
    const plugins = reach('(await ctx.fetch("https://example.com/")).status', ['network']);
    const { code, stderr } = await call({ tool: 'reach.it', plugins, grants: { 'plugin-reach': ['network'] }, may: ['call:**'] });
    expect(code).toBe(1);
    expect(stderr).toContain('warning: Plugin "plugin-reach" uses the tool host.net.fetch, which is not there. Which hosts it may ask in all is for you to say: export fetchTool("host.net.fetch", { allow: […] }) of @omnipaw/host from the program.');
    expect(stderr).toContain('"host.net.fetch" is not registered');
  });
});

describe('files and commands', () => {
  /** In the working directory: a file that the plugin may read, and one that it may not. */
  function inDirectory(): void {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'docs'));
    fs.writeFileSync(path.join(folder, 'docs/ada.txt'), 'notes on the engine');
    fs.writeFileSync(path.join(folder, 'secret.txt'), 'secret');
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
  }
  const DOCS = [{ name: 'filesystem', mode: 'read', path: 'docs' }];
  const read = (file: string) => reach(`(await ctx.fs.readFile(${JSON.stringify(file)})).content`, DOCS);
  const asGranted = { tool: 'reach.it', grants: { 'plugin-reach': DOCS }, may: ['call:reach.it', 'call:host.fs.read_file'] };

  test('of the working directory are read as far as the plugin may, and a replay needs nothing of that', async () => {
    inDirectory();
    const log = path.join(temporaryFolder(), 'log');
    expect(await call({ ...asGranted, plugins: read('docs/ada.txt'), log })).toMatchObject({ code: 0, stdout: 'notes on the engine\n' });
    const called: Entry[] = [];
    for await (const entry of readEntries(new FileLogReader(log))) if (entry.kind === 'TOOL_CALLED') called.push(entry as unknown as Entry);
    expect(called).toMatchObject([{}, { data: { tool: 'host.fs.read_file', origin: '@omnipaw/host, in the working directory' } }]);
    expect(await omnipaw(['replay', program('caller.ts'), '--log', log])).toMatchObject({ code: 0 });
  });

  test('beyond the path of the plugin are out of reach, whatever the agent may', async () => {
    inDirectory();
    const { code, stdout, stderr } = await call({ ...asGranted, plugins: read('secret.txt'), may: ['call:**'] });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('plugin-reach has no permission for filesystem (read secret.txt)');
    expect(stderr).toContain('1 denial;');
  });

  test('are out of reach for an agent that is granted no such tool, whatever the plugin may', async () => {
    inDirectory();
    const { stdout, stderr } = await call({ ...asGranted, plugins: read('docs/ada.txt'), may: ['call:reach.it'] });
    expect(stdout).toBe('');
    expect(stderr).toContain('To allow it: --grant call:host.fs.read_file\n');
  });

  test('that plugins may only read are not written: there is no tool for that', async () => {
    inDirectory();
    const { stderr } = await call({ tool: 'host.fs.write_file', args: { path: 'docs/new.txt', content: '' }, plugins: read('docs/ada.txt'), grants: asGranted.grants });
    expect(stderr).toContain('TOOL_NOT_REGISTERED');
    expect(stderr).toMatch(/Registered tools: reach\.it, host\.fs\.read_file, host\.fs\.list_dir, host\.fs\.stat, host\.fs\.search\./);
  });

  test('are run in the working directory, if plugin and agent may', async () => {
    inDirectory();
    const plugins = reach('(await ctx.shell("cat docs/ada.txt")).stdout', ['shell']);
    const given = { tool: 'reach.it', plugins, grants: { 'plugin-reach': ['shell'] } };
    expect(await call({ ...given, may: ['call:reach.it', 'call:host.system.bash'] })).toMatchObject({ code: 0, stdout: 'notes on the engine\n' });
    expect((await call(given)).stderr).toContain('To allow it: --grant call:host.system.bash\n');
  });
});

test('a tool that a plugin names and nobody brings is told of at the start', async () => {
  const plugins = reach('1', ['tool:bank.balance']);
  const { code, stdout, stderr } = await call({ tool: 'reach.it', plugins, grants: { 'plugin-reach': ['tool:bank.*'] } });
  expect({ code, stdout }).toEqual({ code: 0, stdout: '1\n' });
  expect(stderr).toContain('warning: Plugin "plugin-reach" uses the tool bank.balance, which is not there. Export it from the program.\n');
});
