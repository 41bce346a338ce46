/**
 * Draws what a longer log costs: `node curve.mjs RESULTS.json > opening.svg`, where the results are those of
 * `pnpm bench --only replay-growth,recovery --json`. Both axes are logarithmic, so that linear growth is a straight line of slope 1.
 */
import { readFileSync } from 'node:fs';

const CURVES = [
  { curve: 'replay', label: 'replay of every tick', series: 'a' },
  { curve: 'continuing, from the beginning', label: 'opening, no checkpoint', series: 'b' },
  { curve: 'endless, from the checkpoint', label: 'checkpoint; never continue as new', series: 'c' },
  { curve: 'continuing, from the checkpoint', label: 'checkpoint; continue as new', series: 'd' },
  { curve: 'waiting, from the checkpoint', label: 'checkpoint; ten that wait', series: 'e' },
];
const [WIDTH, HEIGHT] = [920, 440];
const PLOT = { left: 70, right: 600, top: 60, bottom: 385 };
const LABEL_GAP = 20;
/** Of a light page, and of a dark one. */
const COLOURS = { page: ['#fff', '#0d1117'], ink: ['#24292f', '#e6edf3'], faint: ['#d0d7de', '#30363d'], a: ['#8250df', '#d2a8ff'], b: ['#cf222e', '#ff7b72'], c: ['#bc4c00', '#ffa657'], d: ['#0969da', '#79c0ff'], e: ['#1a7f37', '#7ee787'] };

const file = process.argv[2];
if (file === undefined) {
  console.error('Usage: node curve.mjs RESULTS.json > opening.svg');
  process.exit(2);
}
const { machine, rows } = JSON.parse(readFileSync(file, 'utf8'));
const points = rows.flatMap(({ point }) => point ?? []);
const curves = CURVES.map((known) => ({ ...known, points: points.filter(({ curve }) => curve === known.curve).sort((one, other) => one.entries - other.entries) }));
console.log(drawing(curves.filter((known) => known.points.length > 0)));

function drawing(drawn) {
  const entries = powersAround(drawn.flatMap((known) => known.points.map((point) => point.entries)));
  const times = powersAround(drawn.flatMap((known) => known.points.map((point) => point.ms)));
  const x = scale(entries, PLOT.left, PLOT.right);
  const y = scale(times, PLOT.bottom, PLOT.top);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="title">
<title id="title">Time to open and to replay a log, by its number of entries</title>
<style>
  svg { font: 13px system-ui, sans-serif; } .head { font-size: 15px; font-weight: 600; } .small { font-size: 11px; }
  polyline { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
${colours(drawn, 0).join('\n')}
  @media (prefers-color-scheme: dark) {
${colours(drawn, 1).join('\n')}
  }
</style>
<rect class="page" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
<text class="head" x="${PLOT.left}" y="28">Opening a log with ten live agents, and replaying one</text>
${entries.map((value) => axisLine({ x1: x(value), y1: PLOT.top, x2: x(value), y2: PLOT.bottom })).join('\n')}
${times.map((value) => axisLine({ x1: PLOT.left, y1: y(value), x2: PLOT.right, y2: y(value) })).join('\n')}
${entries.map((value) => `<text x="${x(value)}" y="${PLOT.bottom + 20}" text-anchor="middle">${value.toLocaleString('en-US')}</text>`).join('\n')}
${times.map((value) => `<text x="${PLOT.left - 8}" y="${y(value) + 4}" text-anchor="end">${duration(value)}</text>`).join('\n')}
<text x="${(PLOT.left + PLOT.right) / 2}" y="${PLOT.bottom + 42}" text-anchor="middle">entries in the log</text>
${drawn.map((known) => line(known, x, y)).join('\n')}
${labels(drawn, y).join('\n')}
<text class="small" x="${WIDTH - 12}" y="${HEIGHT - 10}" text-anchor="end">${machine.split(',').slice(0, 3).join(',')}</text>
</svg>`;
}

function colours(drawn, which) {
  return [
    `  .page { fill: ${COLOURS.page[which]}; } text { fill: ${COLOURS.ink[which]}; } .grid { stroke: ${COLOURS.faint[which]}; }`,
    ...drawn.map(({ series }) => `  .line-${series} { stroke: ${COLOURS[series][which]}; } .dot-${series} { fill: ${COLOURS[series][which]}; }`),
  ];
}

function line({ series, points: drawn }, x, y) {
  const places = drawn.map(({ entries, ms }) => [x(entries).toFixed(1), y(ms).toFixed(1)]);
  const dots = places.map(([left, top]) => `<circle class="dot-${series}" cx="${left}" cy="${top}" r="4"/>`);
  return `<polyline class="line-${series}" points="${places.map((place) => place.join()).join(' ')}"/>${dots.join('')}`;
}

/** Each beside the end of its line, and none on another. */
function labels(drawn, y) {
  const wanted = drawn.map(({ label, series, points: ends }) => ({ label: `${label}: ${duration(ends.at(-1).ms)}`, series, at: y(ends.at(-1).ms) })).sort((one, other) => one.at - other.at);
  let free = PLOT.top;
  return wanted.map(({ label, series, at }) => {
    const place = Math.max(at + 4, free);
    free = place + LABEL_GAP;
    return `<circle class="dot-${series}" cx="${PLOT.right + 16}" cy="${(place - 4).toFixed(1)}" r="4"/><text x="${PLOT.right + 26}" y="${place.toFixed(1)}">${label}</text>`;
  });
}

function axisLine({ x1, y1, x2, y2 }) {
  return `<line class="grid" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
}

/** The powers of ten from the one below the least value to the one above the most. */
function powersAround(values) {
  const [first, last] = [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];
  return Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
}

function scale(powers, from, to) {
  const [first, last] = [Math.log10(powers[0]), Math.log10(powers.at(-1))];
  return (value) => from + ((Math.log10(value) - first) / (last - first)) * (to - from);
}

function duration(ms) {
  return ms >= 1000 ? `${Number((ms / 1000).toPrecision(2))} s` : `${Math.round(ms)} ms`;
}
