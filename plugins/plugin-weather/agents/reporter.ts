import { definePluginTool } from '@omnipaw/plugins';

interface Forecast {
  readonly place: string;
  readonly days: readonly { readonly date: string; readonly highC: number | null; readonly lowC: number | null; readonly rainPercent: number | null; readonly weather: string }[];
}

export default definePluginTool(async ({ city }: { readonly city: string }, ctx) => {
  const { place, days } = (await ctx.tool('weather.get_forecast', { city, days: 2 })) as unknown as Forecast;
  const tomorrow = days.at(-1);
  if (tomorrow === undefined) return `There is no forecast for ${place}.`;
  const { weather, lowC, highC, rainPercent } = tomorrow;
  return `${place} tomorrow: ${weather}, ${lowC ?? '?'} to ${highC ?? '?'} °C, rain ${rainPercent ?? '?'} %.`;
});
