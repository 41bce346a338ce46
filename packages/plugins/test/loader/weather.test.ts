import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fetchTool as hostFetchTool } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore, readEntries, replay, type Entry, type Grant, type OmniError, type Tool } from '@omnipaw/kernel';
import { PluginLoader, type PluginHost, type Plugins } from '@omnipaw/plugins';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { makeCertificate, trust } from '../support/trusting.js';

const folder = fileURLToPath(new URL('../../../../plugins', import.meta.url));
/** Longer than any answer here takes, but the one that does not come. */
const TIMEOUT_MS = 3_000;
const NETWORK = [{ name: 'network', hosts: ['*.open-meteo.com'] }] as const;

/** What Open-Meteo says, in the form that it has; by the path that is asked. */
let answers: Record<string, (query: URLSearchParams, response: ServerResponse) => void> = {};
const asked: string[] = [];
let server: Server;
const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
  const url = new URL(request.url ?? '/', 'https://localhost');
  asked.push(`${request.method ?? ''} ${String(request.headers.host)}${url.pathname}`);
  answers[url.pathname]?.(url.searchParams, response);
};

const say = (body: unknown, status = 200, headers: Record<string, string> = {}) => (_query: unknown, response: ServerResponse): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
};
const ROME = { results: [{ id: 3169070, name: 'Rome', latitude: 41.89193, longitude: 12.51133, country_code: 'IT', timezone: 'Europe/Rome', country: 'Italy' }], generationtime_ms: 0.5 };
const forecast = (query: URLSearchParams, response: ServerResponse): void => {
  const time = ['2026-11-26', '2026-11-27', '2026-11-28'].slice(0, Number(query.get('forecast_days')));
  say({
    latitude: Number(query.get('latitude')), timezone: 'Europe/Rome', daily_units: { time: 'iso8601', temperature_2m_max: '°C' },
    daily: { time, temperature_2m_max: [14.2, 15, null], temperature_2m_min: [6.1, 7.5, 8], precipitation_probability_max: [0, 35, 80], weather_code: [0, 61, 99] },
  })(query, response);
};
const GOOD = { '/v1/search': say(ROME), '/v1/forecast': forecast };

/** The tool of the machine, which finds the server here under every name, by TLS and with its name checked. */
const fetchTool = (name: string, allow: readonly PluginHost[]): Tool =>
  hostFetchTool(name, {
    allow: allow.map((host) => ({ ...host, addresses: ['127.0.0.0/8'] })),
    resolve: async () => ['127.0.0.1'],
    connect: (host) => connect({ host, port: (server.address() as AddressInfo).port }),
    timeoutMs: TIMEOUT_MS,
  });

async function load(grants: ConstructorParameters<typeof PluginLoader>[0]['grants'] = { 'plugin-weather': NETWORK }): Promise<Plugins> {
  return new PluginLoader({ folder, grants, fetchTool }).load();
}

const asker = defineAgent('asker', function* (ctx, { args, tool }: { args: object; tool: string }) {
  try {
    return { value: yield* ctx.tool({ name: tool } as Tool<object>, args) };
  } catch (thrown) {
    const { code, message } = thrown as OmniError;
    return { code, message };
  }
});

/** Calls a tool of the plugin from an agent, and replays what came of it, with the plugin and without. */
async function call(args: object, { grants = ['call:weather.*'], tool = 'weather.get_forecast' }: { grants?: readonly (Grant | string)[]; tool?: string } = {}) {
  const plugins = await load();
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [asker, ...plugins.agents.map(({ definition }) => definition)], tools: plugins.tools });
  const result = await kernel.spawn(asker, { args, tool }, { grants }).result();
  await kernel.stop();
  await plugins.close();
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  expect(await replay(log, { agents: [asker], tools: plugins.tools })).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
  const absent = await replay(log, { agents: [asker], tools: [] });
  expect(absent).toMatchObject({ replay: 'REPRODUCED', changed: expect.arrayContaining([expect.objectContaining({ what: 'tool', name: tool, present: null })]) as unknown });
  return { result: result as { value?: unknown; code?: string; message?: string }, entries, plugins };
}

describeWith('openssl', 'plugin-weather, in the kernel, from a server over TLS', () => {
  beforeAll(async () => {
    const certificates = mkdtempSync(join(tmpdir(), 'omnipaw-weather-'));
    const certificate = makeCertificate(certificates, ['api.open-meteo.com', 'geocoding-api.open-meteo.com']);
    rmSync(certificates, { recursive: true });
    trust(certificate.cert);
    server = createServer(certificate, onRequest);
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    vi.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  test('is found and loaded, and tells the forecast of a city, asked from exactly its hosts', async () => {
    answers = GOOD;
    asked.length = 0;
    const { result, entries, plugins } = await call({ city: 'Rome', days: 2 });
    expect(plugins.rejected).toEqual([]);
    expect(result.value).toEqual({
      place: 'Rome, Italy', timezone: 'Europe/Rome',
      days: [
        { date: '2026-11-26', highC: 14.2, lowC: 6.1, rainPercent: 0, weather: 'clear' },
        { date: '2026-11-27', highC: 15, lowC: 7.5, rainPercent: 35, weather: 'rain' },
      ],
    });
    expect(asked).toEqual(['GET geocoding-api.open-meteo.com/v1/search', 'GET api.open-meteo.com/v1/forecast']);
    const { manifest, code, schemas } = plugins.loaded[0]!.digests;
    const origins = entries.flatMap(({ kind, data }) => (kind === 'TOOL_CALLED' ? [data.origin] : []));
    expect(origins[0]).toBe(`plugin-weather@1.0.0 manifest ${manifest} code ${code} schemas ${schemas}`);
    expect(entries.filter(({ kind }) => kind === 'TOOL_ASKED')).toMatchObject([{ data: { toolPermission: { by: expect.stringMatching(/^plugin-weather: network \(GET to /) as unknown } } }, {}]);
  });

  test('brings a type of agent along', async () => {
    answers = GOOD;
    const plugins = await load();
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: plugins.agents.map(({ definition }) => definition), tools: plugins.tools });
    const { definition, grants, quota } = plugins.agents[0]!;
    expect(await kernel.spawn(definition, { city: 'Rome' }, { grants, quota }).result()).toBe('Rome, Italy tomorrow: rain, 7.5 to 15 °C, rain 35 %.');
    await kernel.stop();
    await plugins.close();
  });

  test('may fetch only if the agent that calls may', async () => {
    answers = GOOD;
    asked.length = 0;
    const { result } = await call({ city: 'Rome' }, { grants: ['call:weather.get_forecast'] });
    expect(result).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/may not call weather.host.net.fetch/) as unknown });
    expect(asked).toEqual([]);
  });

  test.each<[string, typeof answers, RegExp]>([
    ['an unknown city', { '/v1/search': say({ generationtime_ms: 0.3 }) }, /knows no place called "Rome"/],
    ['too many questions', { '/v1/search': say({ error: true, reason: 'Minutely API request limit exceeded.' }, 429, { 'retry-after': '60' }) }, /too many questions from here; ask again in 60 seconds/],
    ['a server that fails', { ...GOOD, '/v1/forecast': say('<html>Bad Gateway</html>', 500) }, /answered 500/],
    ['a wrong question', { ...GOOD, '/v1/forecast': say({ error: true, reason: 'Latitude must be in range of -90 to 90°.' }, 400) }, /answered 400: Latitude must be in range/],
    ['no JSON', { ...GOOD, '/v1/forecast': say('{"daily": {') }, /something that is no JSON/],
    ['no answer', { '/v1/search': () => undefined }, /did not answer in time\. Ask again later/],
    ['an answer that breaks off', { ...GOOD, '/v1/forecast': (_query, response) => { response.writeHead(200, { 'content-length': 100 }).write('{'); setTimeout(() => { response.destroy(); }, 20); } }, /GET https:\/\/api\.open-meteo\.com failed: /],
    ['a way to another host', { '/v1/search': say('', 302, { location: 'https://evil.example/v1/search' }) }, /evil\.example is not fetched: its host is not on the list/],
    ['an answer without end', { '/v1/search': say(`"${'x'.repeat(300_000)}"`) }, /larger than 262144 bytes/],
    ['half an answer', { ...GOOD, '/v1/forecast': say({ timezone: 'GMT' }) }, /without the days/],
  ])('says so of %s', async (_what, given, message) => {
    answers = given;
    const { result } = await call({ city: 'Rome' });
    expect(result).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(message) as unknown });
  });

  test('is not called with arguments that do not fit', async () => {
    const { result } = await call({ city: 'Rome', days: 99 });
    expect(result).toMatchObject({ code: 'TOOL_INPUT_INVALID', message: expect.stringMatching(/days/) as unknown });
  });

  test('is rejected without the permission that it wants, with the way to grant it', async () => {
    const { loaded, rejected } = await load({});
    expect(loaded).toEqual([]);
    expect(rejected[0]?.error).toMatchObject({ code: 'PLUGIN_PERMISSION_MISSING', message: expect.stringMatching(/network[^]*needed by weather.get_forecast[^]*add to what is granted to "plugin-weather"/) as unknown });
  });
});
