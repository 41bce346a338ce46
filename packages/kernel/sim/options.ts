import { parseArgs } from 'node:util';
import type { Mutant } from '../../../testing/planted-worker.js';
import { MUTANTS } from './mutants.js';

export interface SimOptions {
  readonly from: number;
  readonly count: number;
  readonly workers: number;
  /** How many plans may be tried to make a failure smaller. */
  readonly maxShrinks: number;
  readonly mutant?: Mutant;
  readonly json: boolean;
  readonly help: boolean;
}

const MAX_SEED = 2 ** 31 - 1;
const DEFAULT_SEEDS = 1_000;
const DEFAULT_SHRINKS = 2_000;

/** Throws a TypeError, with what is wrong, for a call that is wrong. */
export function parseOptions(args: readonly string[], cores: number): SimOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      workers: { type: 'string' },
      shrinks: { type: 'string', default: String(DEFAULT_SHRINKS) },
      mutant: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { seed, seeds, workers, shrinks, mutant, json, help } = values;
  const maxShrinks = whole('--shrinks', shrinks, 0);
  const from = seed === undefined ? 1 : whole('--seed', seed, 0);
  const count = seeds === undefined ? (seed === undefined ? DEFAULT_SEEDS : 1) : whole('--seeds', seeds, 1);
  const planted = mutant === undefined ? {} : { mutant: mutantOf(mutant) };
  return { from, count, workers: Math.min(count, workers === undefined ? cores : whole('--workers', workers, 1)), maxShrinks, ...planted, json, help };
}

function whole(option: string, text: string, min: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= MAX_SEED) return value;
  throw new TypeError(`${option} is "${text}"; it must be a whole number from ${min} to ${MAX_SEED}.`);
}

function mutantOf(name: string): Mutant {
  const mutant = MUTANTS.find((known) => known.name === name);
  if (mutant === undefined) throw new TypeError(`There is no mutant "${name}". Mutants: ${MUTANTS.map((known) => known.name).join(', ')}.`);
  return mutant;
}

export function helpText(): string {
  return `Runs random agents in a simulated world where everything fails, and checks that nothing is lost and nothing false.

Usage: pnpm sim [options]

  --seeds N        how many seeds to run; ${DEFAULT_SEEDS} unless given
  --seed S         the first seed; without --seeds, the only one
  --workers N      processes that share the work; as many as there are cores unless given
  --shrinks N      plans that are tried to make a failure smaller; ${DEFAULT_SHRINKS} unless given
  --mutant NAME    plants a bug, which should be found
  --json           one JSON object on stdout
  --help           this text

Mutants:
${MUTANTS.map(({ name, bug }) => `  ${name.padEnd(20)} ${bug}`).join('\n')}

Exit code: 0 if all properties held, 1 if one was broken, 2 if the call was wrong or the simulator failed; 130 after Ctrl-C.
`;
}
