/**
 * `pnpm bench`: every figure beside a bare limit that was measured in the same run, in alternating rounds.
 *
 * Options: --only NAME[,NAME], --rounds N (default 5), --scale F (default 1; 0.1 for a quick look), --json, --help.
 */
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { durableLoop } from './durable-loop.mjs';
import { perSecond, ratioOf, spread, takeTurns } from './measure.mjs';
import { suites as kernelSuites } from './suites.mjs';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');

const suites = { ...kernelSuites };
for (const name of ['quota', 'sandbox-docker', 'plugins', 'swarm', 'otel', 'dashboard']) {
  const { suitesWith } = await import(new URL(`../../${name}/bench/suites.mjs`, import.meta.url));
  Object.assign(suites, suitesWith({ durableLoop, takeTurns, spread, ratioOf, perSecond }));
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const names = values.only?.split(',') ?? Object.keys(suites);
const unknown = names.filter((name) => !(name in suites));
if (values.help || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no benchmark "${unknown.join(', ')}".`);
  console.error(`Usage: pnpm bench [--only ${Object.keys(suites).join(',')}] [--rounds 5] [--scale 1] [--json]`);
  process.exit(values.help ? 0 : 2);
}

const rows = [];
for (const name of names) {
  const onRound = (round, rounds) => process.stderr.isTTY && process.stderr.write(`\r${name}: ${round}/${rounds}  `);
  rows.push(...(await suites[name]({ rounds: Number(values.rounds), scale: Number(values.scale), onRound })));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

const machine = `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
if (values.json) console.log(JSON.stringify({ machine, rounds: Number(values.rounds), scale: Number(values.scale), rows }, null, 2));
else printTable();

function printTable() {
  const show = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3));
  console.log(`${machine}\nmedian [least … most] of ${values.rounds} rounds in turn\n`);
  for (const { name, unit, median, min, max, ratio, of, notes } of rows) {
    console.log(`${name}\n    ${show(median)} ${unit} [${show(min)} … ${show(max)}]`);
    if (ratio !== undefined) console.log(`    ${ratio.median.toFixed(2)} × [${ratio.min.toFixed(2)} … ${ratio.max.toFixed(2)}] of ${of}`);
    if (notes !== undefined) console.log(`    ${Object.entries(notes).map(([key, value]) => `${key} ${value}`).join(', ')}`);
  }
}
