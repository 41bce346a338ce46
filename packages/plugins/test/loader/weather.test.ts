import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createKernel, defineAgent, defineTool, MemoryLogStore, readEntries, replay, unchecked, type Entry, type Grant, type OmniError, type Tool } from '@omnipaw/kernel';
import { PluginLoader, type FetchedAnswer, type PluginHost, type Plugins } from '@omnipaw/plugins';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../../../../plugins', import.meta.url));
const NETWORK = [{ name: 'network', hosts: ['*.open-meteo.com'] }] as const;

/** What Open-Meteo says, in the form that it has; by the path that is asked. */
let answers: Record<string, (query: URLSearchParams, response: ServerResponse) => void> = {};
const asked: string[] = [];
const server = createServer((request: IncomingMessage, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost');
  asked.push(`${String(request.headers['x-host'])}${url.pathname}`);
  answers[url.pathname]?.(url.searchParams, response);
});
beforeAll(async () => { await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)); });
afterAll(() => { server.closeAllConnections(); server.close(); });

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

/** In the place of a tool that fetches over TLS: asks the server here, and tells it whom the plugin meant; only hosts of the list. */
function fetchTool(name: string, allow: readonly PluginHost[]): Tool {
  return defineTool({
    name, description: '', idempotent: true, input: unchecked<{ url: string }>(),
    run: async ({ url }, { signal }): Promise<FetchedAnswer> => {
      const { hostname, pathname, search } = new URL(url);
      if (!allow.some(({ host }) => host === hostname)) throw new Error(`${hostname} is not on the list.`);
      const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}${search}`, { headers: { 'x-host': hostname }, signal: signal });
      return { status: response.status, url, headers: Object.fromEntries(response.headers), body: await response.text(), encoding: 'utf8' };
    },
  });
}

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

describe('plugin-weather', () => {
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
    expect(asked).toEqual(['geocoding-api.open-meteo.com/v1/search', 'api.open-meteo.com/v1/forecast']);
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
