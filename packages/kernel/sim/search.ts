/** From a seed to a run, and from a run that breaks a property to the smallest one that does. */
import * as fc from 'fast-check';
import { lives } from './faults.js';
import { brokenProperties } from './properties.js';
import { scenarios } from './scenarios.js';
import { simulate, type Plan, type Run } from './simulation.js';

/** A seed whose run breaks a property. */
export interface Failure {
  readonly seed: number;
  /** What the run of the seed itself breaks. */
  readonly found: readonly string[];
  /** The smallest plan that was found to break something, and what it breaks. */
  readonly smallest: Plan;
  readonly broken: readonly string[];
}

/** What a seed came to. */
export interface Verdict {
  readonly seed: number;
  readonly steps: number;
  readonly crashes: number;
  readonly entries: number;
  readonly failure?: Failure;
}


const plans: fc.Arbitrary<Plan> = fc.record({ scenario: scenarios, lives });

/** Runs one seed, and tries so many plans at most to make a failure smaller. The same seed gives the same verdict. */
export async function runSeed(seed: number, maxShrinks = 0): Promise<Verdict> {
  let first: Trial | undefined;
  let smallest: Trial | undefined;
  let tried = 0;
  const property = fc.asyncProperty(plans, async (plan) => {
    if (tried++ > maxShrinks) return;
    const run = await simulate(plan);
    const trial: Trial = { run, broken: await brokenProperties(run) };
    first ??= trial;
    if (trial.broken.length === 0 || kindOf(trial) !== kindOf(first)) return;
    smallest = trial;
    throw new Error(trial.broken[0]);
  });
  await fc.check(property, parametersOf(seed));
  return verdictOf(seed, first!, smallest);
}

/** A run, and what it breaks. */
interface Trial {
  readonly run: Run;
  readonly broken: readonly string[];
}

/** What is broken, without numbers: a smaller plan that breaks something else is another story. */
function kindOf({ broken }: Trial): string | undefined {
  return broken[0]?.replaceAll(/\d+/g, '').split('\n')[0];
}

function verdictOf(seed: number, { run, broken: found }: Trial, smallest: Trial | undefined): Verdict {
  const { steps, crashes, witness } = run;
  const verdict = { seed, steps, crashes, entries: (witness.heads.at(-1)?.busSeq ?? -1) + 1 };
  if (smallest === undefined) return verdict;
  return { ...verdict, failure: { seed, found, smallest: smallest.run.plan, broken: smallest.broken } };
}

/** Neighbouring seeds must not give similar plans, and so every bit of one is spread over all of them. */
function parametersOf(seed: number): { readonly seed: number; readonly numRuns: 1 } {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return { seed: (mixed ^ (mixed >>> 16)) | 0, numRuns: 1 };
}
