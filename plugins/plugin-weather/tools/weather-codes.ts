/** WMO code table 4677, as Open-Meteo uses it: by the first code of each group. */
const WORDS: readonly (readonly [from: number, words: string])[] = [
  [95, 'thunderstorm'], [85, 'snow showers'], [80, 'rain showers'], [71, 'snow'], [66, 'freezing rain'], [61, 'rain'], [56, 'freezing drizzle'],
  [51, 'drizzle'], [45, 'fog'], [3, 'overcast'], [2, 'partly cloudy'], [1, 'mainly clear'], [0, 'clear'],
];

export function weatherWords(code: number | null): string {
  return (code === null ? undefined : WORDS.find(([from]) => code >= from)?.[1]) ?? 'unknown';
}
