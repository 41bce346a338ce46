/** The plugin in the isolate in which it runs, with Open-Meteo by a script; in what it speaks over the wire it is tested by the loader's tests. */
import { openPlugin, type OpenedPlugin, type ScriptedAnswer, type ScriptedRequest } from '@omnipaw/plugins/testing';
import { OmniError } from '@omnipaw/kernel';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

let plugin: OpenedPlugin;
let answer: (request: ScriptedRequest) => ScriptedAnswer;
let asked: string[] = [];
beforeAll(async () => {
  plugin = await openPlugin({
    folder: new URL('..', import.meta.url),
    fetch: (request) => {
      asked.push(`${request.method} ${request.url.href}`);
      return answer(request);
    },
  });
}, 60_000);
afterAll(() => plugin.close());
beforeEach(() => {
  asked = [];
  answer = openMeteo;
});

/** As recorded from https://geocoding-api.open-meteo.com and https://api.open-meteo.com, shortened. */
const PLACES: Readonly<Record<string, object>> = {
  Rome: { id: 3169070, name: 'Rome', latitude: 41.89193, longitude: 12.51133, elevation: 20, feature_code: 'PPLC', country_code: 'IT', timezone: 'Europe/Rome', country: 'Italy', admin1: 'Lazio' },
  // The service leaves out what it does not know.
  Atlantis: { id: 4887398, name: 'Atlantis', latitude: -33.57, longitude: 18.48, timezone: 'Africa/Johannesburg' },
};
const DAYS = ['2026-11-26', '2026-11-27', '2026-11-28', '2026-11-29'];

function openMeteo({ url }: ScriptedRequest): ScriptedAnswer {
  const { searchParams } = url;
  if (url.hostname === 'geocoding-api.open-meteo.com') {
    const place = PLACES[searchParams.get('name') ?? ''];
    return { body: { ...(place === undefined ? {} : { results: [place] }), generationtime_ms: 0.5 } };
  }
  const days = Number(searchParams.get('forecast_days'));
  return {
    body: {
      latitude: Number(searchParams.get('latitude')), longitude: Number(searchParams.get('longitude')), timezone: 'Europe/Rome', daily_units: { time: 'iso8601', temperature_2m_max: '°C' },
      daily: {
        time: DAYS.slice(0, days), weather_code: [0, 61, 99, null].slice(0, days), precipitation_probability_max: [0, 35, 80, null].slice(0, days),
        temperature_2m_max: [14.2, 15, -2.5, null].slice(0, days), temperature_2m_min: [6.1, 7.5, -8, null].slice(0, days),
      },
    },
  };
}

describe('weather.get_forecast', () => {
  test('finds the place, and asks for its days', async () => {
    expect(await plugin.call('weather.get_forecast', { city: 'Rome', days: 4 })).toEqual({
      place: 'Rome, Italy',
      timezone: 'Europe/Rome',
      days: [
        { date: '2026-11-26', highC: 14.2, lowC: 6.1, rainPercent: 0, weather: 'clear' },
        { date: '2026-11-27', highC: 15, lowC: 7.5, rainPercent: 35, weather: 'rain' },
        { date: '2026-11-28', highC: -2.5, lowC: -8, rainPercent: 80, weather: 'thunderstorm' },
        { date: '2026-11-29', highC: null, lowC: null, rainPercent: null, weather: 'unknown' },
      ],
    });
    expect(asked).toEqual([
      'GET https://geocoding-api.open-meteo.com/v1/search?name=Rome&count=1&language=en&format=json',
      expect.stringMatching(/^GET https:\/\/api\.open-meteo\.com\/v1\/forecast\?latitude=41\.89193&longitude=12\.51133&timezone=auto&forecast_days=4&daily=/) as unknown,
    ]);
  });

  test('has three days unless asked for others, and does without a country', async () => {
    expect(await plugin.call('weather.get_forecast', { city: 'Atlantis' })).toMatchObject({ place: 'Atlantis', days: { length: 3 } });
  });

  test('writes the name of a place into the question, and nothing else by it', async () => {
    await plugin.call('weather.get_forecast', { city: 'Rome&count=99#/../é' }).catch(() => undefined);
    expect(asked).toEqual(['GET https://geocoding-api.open-meteo.com/v1/search?name=Rome%26count%3D99%23%2F..%2F%C3%A9&count=1&language=en&format=json']);
  });

  test.each<[string, () => ScriptedAnswer, string]>([
    ['too many questions', () => ({ status: 429, headers: { 'retry-after': '60' }, body: { error: true, reason: 'Minutely API request limit exceeded.' } }), 'Open-Meteo has had too many questions from here; ask again in 60 seconds'],
    ['too many questions, without a word about when', () => ({ status: 429 }), 'Open-Meteo has had too many questions from here'],
    ['a server that fails', () => ({ status: 500, body: '<html>Internal Server Error</html>' }), 'Open-Meteo answered 500'],
    ['a question that it does not take', () => ({ status: 400, body: { error: true, reason: 'Parameter count must be between 1 and 100.' } }), 'Open-Meteo answered 400: Parameter count must be between 1 and 100'],
    ['no JSON', () => ({ body: '{"results": [' }), 'Open-Meteo answered with something that is no JSON'],
    ['JSON that is no object', () => ({ body: '7' }), 'Open-Meteo answered with something that is no JSON'],
    ['nothing', () => ({ body: '' }), 'Open-Meteo answered with something that is no JSON'],
    ['no answer in time', () => { throw new OmniError('FETCH_TIMEOUT', 'https://geocoding-api.open-meteo.com took longer than 30000 ms.'); }, 'Open-Meteo did not answer in time. Ask again later'],
    ['a network that is down', () => { throw new Error('getaddrinfo ENOTFOUND'); }, 'getaddrinfo ENOTFOUND'],
  ])('says so of %s', async (_what, says, message) => {
    answer = says;
    await expect(plugin.call('weather.get_forecast', { city: 'Rome' })).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringContaining(message) as unknown });
    expect(asked).toHaveLength(1);
  });

  test('says so of a place that nobody knows, and of half an answer', async () => {
    await expect(plugin.call('weather.get_forecast', { city: 'Nowhere' })).rejects.toThrow('Open-Meteo knows no place called "Nowhere".');
    answer = (request) => (request.url.hostname === 'api.open-meteo.com' ? { body: { timezone: 'GMT' } } : openMeteo(request));
    await expect(plugin.call('weather.get_forecast', { city: 'Rome' })).rejects.toThrow('Open-Meteo answered without the days that were asked for');
  });

  test.each([{}, { city: '' }, { city: 'Rome', days: 0 }, { city: 'Rome', days: 17 }, { city: 'Rome', days: 1.5 }, { city: 'Rome', country: 'Italy' }])('does not take %j', async (args) => {
    await expect(plugin.call('weather.get_forecast', args)).rejects.toMatchObject({ code: 'TOOL_INPUT_INVALID' });
    expect(asked).toEqual([]);
  });
});

test('an agent of the type weather.reporter tells the weather of tomorrow', async () => {
  expect(await plugin.run('weather.reporter', { city: 'Rome' })).toBe('Rome, Italy tomorrow: rain, 7.5 to 15 °C, rain 35 %.');
});

test('nothing was asked for but the network, and nothing was refused', () => {
  expect(new Set(plugin.uses.filter(({ instruction }) => instruction.tool === 'weather.host.net.fetch').map(({ by }) => by))).toEqual(new Set(['plugin-weather: network (GET to api.open-meteo.com, geocoding-api.open-meteo.com)']));
  expect(plugin.uses.filter(({ isAllowed }) => !isAllowed)).toEqual([]);
});
