/** The plugin in the isolate in which it runs, with Open-Meteo by a script; in what it speaks over the wire it is tested by the loader's tests. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { OmniError } from '@omnipaw/kernel';
import { openPlugin, type OpenedPlugin, type ScriptedAnswer, type ScriptedRequest } from '@omnipaw/plugins/testing';

let plugin: OpenedPlugin;
let answer: (request: ScriptedRequest) => ScriptedAnswer;
let asked: string[] = [];
before(async () => {
  plugin = await openPlugin({
    folder: new URL('..', import.meta.url),
    fetch: (request) => {
      asked.push(`${request.method} ${request.url.href}`);
      return answer(request);
    },
  });
});
after(() => plugin.close());
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

/** Whether an error has this code, and this in its message. */
function says(code: string, text: string) {
  return (error: OmniError): boolean => {
    assert.equal(error.code, code);
    assert.ok(error.message.includes(text), error.message);
    return true;
  };
}

describe('weather.get_forecast', () => {
  test('finds the place, and asks for its days', async () => {
    assert.deepEqual(await plugin.call('weather.get_forecast', { city: 'Rome', days: 4 }), {
      place: 'Rome, Italy',
      timezone: 'Europe/Rome',
      days: [
        { date: '2026-11-26', highC: 14.2, lowC: 6.1, rainPercent: 0, weather: 'clear' },
        { date: '2026-11-27', highC: 15, lowC: 7.5, rainPercent: 35, weather: 'rain' },
        { date: '2026-11-28', highC: -2.5, lowC: -8, rainPercent: 80, weather: 'thunderstorm' },
        { date: '2026-11-29', highC: null, lowC: null, rainPercent: null, weather: 'unknown' },
      ],
    });
    assert.equal(asked[0], 'GET https://geocoding-api.open-meteo.com/v1/search?name=Rome&count=1&language=en&format=json');
    assert.match(asked[1] ?? '', /^GET https:\/\/api\.open-meteo\.com\/v1\/forecast\?latitude=41\.89193&longitude=12\.51133&timezone=auto&forecast_days=4&daily=/);
    assert.equal(asked.length, 2);
  });

  test('has three days unless asked for others, and does without a country', async () => {
    const { place, days } = (await plugin.call('weather.get_forecast', { city: 'Atlantis' })) as unknown as { readonly place: string; readonly days: readonly unknown[] };
    assert.deepEqual([place, days.length], ['Atlantis', 3]);
  });

  test('writes the name of a place into the question, and nothing else by it', async () => {
    await plugin.call('weather.get_forecast', { city: 'Rome&count=99#/../é' }).catch(() => undefined);
    assert.deepEqual(asked, ['GET https://geocoding-api.open-meteo.com/v1/search?name=Rome%26count%3D99%23%2F..%2F%C3%A9&count=1&language=en&format=json']);
  });

  const failures: readonly (readonly [what: string, answer: () => ScriptedAnswer, message: string])[] = [
    ['too many questions', () => ({ status: 429, headers: { 'retry-after': '60' }, body: { error: true, reason: 'Minutely API request limit exceeded.' } }), 'Open-Meteo has had too many questions from here; ask again in 60 seconds'],
    ['too many questions, without a word about when', () => ({ status: 429 }), 'Open-Meteo has had too many questions from here'],
    ['a server that fails', () => ({ status: 500, body: '<html>Internal Server Error</html>' }), 'Open-Meteo answered 500'],
    ['a question that it does not take', () => ({ status: 400, body: { error: true, reason: 'Parameter count must be between 1 and 100.' } }), 'Open-Meteo answered 400: Parameter count must be between 1 and 100'],
    ['no JSON', () => ({ body: '{"results": [' }), 'Open-Meteo answered with something that is no JSON'],
    ['JSON that is no object', () => ({ body: '7' }), 'Open-Meteo answered with something that is no JSON'],
    ['nothing', () => ({ body: '' }), 'Open-Meteo answered with something that is no JSON'],
    ['no answer in time', () => { throw new OmniError('FETCH_TIMEOUT', 'https://geocoding-api.open-meteo.com took longer than 30000 ms.'); }, 'Open-Meteo did not answer in time. Ask again later'],
    ['a network that is down', () => { throw new Error('getaddrinfo ENOTFOUND'); }, 'getaddrinfo ENOTFOUND'],
  ];
  for (const [what, answered, message] of failures) {
    test(`says so of ${what}`, async () => {
      answer = answered;
      await assert.rejects(plugin.call('weather.get_forecast', { city: 'Rome' }), says('PLUGIN_FAILED', message));
      assert.equal(asked.length, 1);
    });
  }

  test('says so of a place that nobody knows, and of half an answer', async () => {
    await assert.rejects(plugin.call('weather.get_forecast', { city: 'Nowhere' }), says('PLUGIN_FAILED', 'Open-Meteo knows no place called "Nowhere".'));
    answer = (request) => (request.url.hostname === 'api.open-meteo.com' ? { body: { timezone: 'GMT' } } : openMeteo(request));
    await assert.rejects(plugin.call('weather.get_forecast', { city: 'Rome' }), says('PLUGIN_FAILED', 'Open-Meteo answered without the days that were asked for'));
  });

  for (const args of [{}, { city: '' }, { city: 'Rome', days: 0 }, { city: 'Rome', days: 17 }, { city: 'Rome', days: 1.5 }, { city: 'Rome', country: 'Italy' }]) {
    test(`does not take ${JSON.stringify(args)}`, async () => {
      await assert.rejects(plugin.call('weather.get_forecast', args), { code: 'TOOL_INPUT_INVALID' });
      assert.deepEqual(asked, []);
    });
  }
});

test('an agent of the type weather.reporter tells the weather of tomorrow', async () => {
  assert.equal(await plugin.run('weather.reporter', { city: 'Rome' }), 'Rome, Italy tomorrow: rain, 7.5 to 15 °C, rain 35 %.');
});

test('nothing was asked for but the network, and nothing was refused', () => {
  const fetched = plugin.uses.filter(({ instruction }) => instruction.tool === 'weather.host.net.fetch');
  assert.deepEqual([...new Set(fetched.map(({ by }) => by))], ['plugin-weather: network (GET to api.open-meteo.com, geocoding-api.open-meteo.com)']);
  assert.deepEqual(plugin.uses.filter(({ isAllowed }) => !isAllowed), []);
});
