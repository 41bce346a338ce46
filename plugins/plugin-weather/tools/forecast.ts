import { definePluginTool, type PluginContext } from '@omnipaw/plugins';
import { weatherWords } from './weather-codes.ts';

interface Args {
  readonly city: string;
  readonly days?: number;
}

interface Place {
  readonly name: string;
  readonly country?: string;
  readonly latitude: number;
  readonly longitude: number;
}

/** What https://open-meteo.com/en/docs says of `daily`; a value can be null where the model has none. */
interface Daily {
  readonly time: readonly string[];
  readonly temperature_2m_max: readonly (number | null)[];
  readonly temperature_2m_min: readonly (number | null)[];
  readonly precipitation_probability_max: readonly (number | null)[];
  readonly weather_code: readonly (number | null)[];
}

export default definePluginTool(async ({ city, days = 3 }: Args, ctx) => {
  const { name, country, latitude, longitude } = await findPlace(city, ctx);
  const { timezone, daily } = await getJson<{ timezone: string; daily?: Daily }>(ctx, 'https://api.open-meteo.com/v1/forecast', {
    latitude, longitude, timezone: 'auto', forecast_days: days,
    daily: 'temperature_2m_max,temperature_2m_min,precipitation_probability_max,weather_code',
  });
  if (daily === undefined) throw new Error('Open-Meteo answered without the days that were asked for.');
  return {
    place: country === undefined ? name : `${name}, ${country}`,
    timezone,
    days: daily.time.map((date, index) => ({
      date,
      highC: daily.temperature_2m_max[index] ?? null,
      lowC: daily.temperature_2m_min[index] ?? null,
      rainPercent: daily.precipitation_probability_max[index] ?? null,
      weather: weatherWords(daily.weather_code[index] ?? null),
    })),
  };
});

async function findPlace(city: string, ctx: PluginContext): Promise<Place> {
  const { results = [] } = await getJson<{ results?: readonly Place[] }>(ctx, 'https://geocoding-api.open-meteo.com/v1/search', { name: city, count: 1, language: 'en', format: 'json' });
  const [place] = results;
  if (place === undefined) throw new Error(`Open-Meteo knows no place called ${JSON.stringify(city)}. Try the English name, or a larger place nearby.`);
  return place;
}

async function getJson<Answer>(ctx: PluginContext, address: string, query: Readonly<Record<string, string | number>>): Promise<Answer> {
  const url = new URL(address);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  const { status, headers, body } = await ctx.fetch(url).catch(lateness);
  if (status === 429) throw new Error(`Open-Meteo has had too many questions from here${headers['retry-after'] === undefined ? '' : `; ask again in ${headers['retry-after']} seconds`}.`);
  const answer = parse(body);
  if (status !== 200) throw new Error(`Open-Meteo answered ${status}${typeof answer?.reason === 'string' ? `: ${answer.reason}` : ''}.`);
  if (answer === undefined) throw new Error('Open-Meteo answered with something that is no JSON.');
  return answer as Answer;
}

/** Says it of what is asked, rather than of the network. */
function lateness(thrown: unknown): never {
  if ((thrown as { readonly code?: unknown }).code === 'FETCH_TIMEOUT') throw new Error('Open-Meteo did not answer in time. Ask again later.');
  throw thrown;
}

function parse(body: string): { readonly reason?: unknown } | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
