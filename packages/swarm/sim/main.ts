/** `npm run sim:swarm`: seeds in, verdict out. */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { buildWorker, type Mutant } from '../../../testing/planted-worker.js';
import { MUTANTS } from './mutants.js';
import { runSeeds, shrinkSeed } from './pool.js';
import type { Verdict } from './search.js';

interface Options {
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  readonly maxShrinks: number;
  readonly mutant: Mutant | undefined;
}

/** Answers the exit code: 0 if all properties held, 1 if one was broken, 2 if the call was wrong. `root` is the folder of the repository. */
export async function main(args: readonly string[], root: URL): Promise<number> {
  try {
    if (args.includes('--help')) {
      process.stdout.write(HELP);
      return 0;
    }
    return await run(optionsIn(args), root);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

async function run({ from, count, workers, maxShrinks, mutant }: Options, root: URL): Promise<number> {
  const program = await buildWorker(root, { of: 'swarm', mutant });
  const ends = new Map<string, number>();
  let [seeds, crashes, entries] = [0, 0, 0];
  let failed: Verdict | undefined;
  const onVerdict = (verdict: Verdict): void => {
    seeds++;
    crashes += verdict.crashes;
    entries += verdict.entries;
    ends.set(verdict.end, (ends.get(verdict.end) ?? 0) + 1);
    if (verdict.failure !== undefined && verdict.seed < (failed?.seed ?? Infinity)) failed = verdict;
  };
  await runSeeds({ program, from, count, workers, onVerdict });
  const ended = [...ends].sort(([, one], [, other]) => other - one).map(([end, times]) => `${end} ${figure(times)}`).join(', ');
  process.stdout.write(`seeds from ${from}: ${figure(seeds)} run, ${figure(crashes)} crashes, ${figure(entries)} entries\nended with: ${ended}\n`);
  if (failed === undefined) return 0;
  process.stdout.write(failureText(await shrinkSeed(program, { seed: failed.seed, maxShrinks }), mutant));
  return 1;
}

function failureText({ seed, failure }: Verdict, mutant: Mutant | undefined): string {
  const lines = (texts: readonly string[] = []): string => texts.map((text) => `  ${text}`).join('\n');
  const again = `npm run sim:swarm -- --seed ${seed}${mutant === undefined ? '' : ` --mutant ${mutant.name}`}`;
  return `\nSeed ${seed} breaks:\n${lines(failure?.found)}\n\nThe smallest plan that was found, and what it breaks:\n${lines(failure?.broken)}\n\n${JSON.stringify(failure?.smallest, null, 2)}\n\nAgain: ${again}\n`;
}

function figure(count: number): string {
  return count.toLocaleString('en');
}

function optionsIn(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: 'string' }, seed: { type: 'string' }, workers: { type: 'string' }, shrinks: { type: 'string' }, mutant: { type: 'string' } },
  });
  const count = whole('--seeds', values.seeds, values.seed === undefined ? 1_000 : 1);
  const mutant = MUTANTS.find(({ name }) => name === values.mutant);
  if (values.mutant !== undefined && mutant === undefined) throw new TypeError(`There is no mutant "${values.mutant}". Mutants: ${MUTANTS.map(({ name }) => name).join(', ')}.`);
  const workers = Math.min(count, whole('--workers', values.workers, cpus().length));
  return { from: whole('--seed', values.seed, 1), count, workers, maxShrinks: whole('--shrinks', values.shrinks, 300), mutant };
}

function whole(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
  throw new TypeError(`${option} is "${text}"; it must be a whole number from 1.`);
}

const HELP = `Runs random swarms in a simulated world where kernels crash and members die, hang, lie and flood, and checks that every
swarm ends, with everything done once and nothing forged.

Usage: npm run sim:swarm -- [options]

  --seeds N        how many seeds to run; 1000 unless given
  --seed S         the first seed; without --seeds, the only one
  --workers N      processes that share the work; as many as there are cores unless given
  --shrinks N      plans that are tried to make a failure smaller; 300 unless given
  --mutant NAME    plants a bug, which should be found
  --help           this text

Mutants:
${MUTANTS.map(({ name, bug }) => `  ${name.padEnd(26)} ${bug}`).join('\n')}

Exit code: 0 if all properties held, 1 if one was broken, 2 if the call was wrong or the simulator failed.
`;
