/** From a seed to a run, and from a run that breaks a property to the smallest one that does. */
import * as fc from 'fast-check';
import { parametersOf, plans, type Plan } from './plans.js';
import { brokenProperties } from './properties.js';
import { entriesOf, simulate } from './simulation.js';

export interface Verdict {
  readonly seed: number;
  readonly crashes: number;
  readonly entries: number;
  /** How the swarm ended: `result`, or the code of its error. */
  readonly end: string;
  readonly failure?: { readonly found: readonly string[]; readonly smallest: Plan; readonly broken: readonly string[] };
}

/** Runs one seed, and tries so many plans at most to make a failure smaller. The same seed gives the same verdict. */
export async function runSeed(seed: number, maxShrinks = 0): Promise<Verdict> {
  let first: Omit<Verdict, 'failure'> | undefined;
  let found: readonly string[] = [];
  let smallest: { readonly plan: Plan; readonly broken: readonly string[] } | undefined;
  let tried = 0;
  await fc.check(fc.asyncProperty(plans, async (plan) => {
    if (tried++ > maxShrinks) return;
    const { broken, ...told } = await tryPlan(plan);
    if (first === undefined) {
      first = { seed, ...told };
      found = broken;
    }
    if (broken.length === 0 || kindOf(broken) !== kindOf(found)) return;
    smallest = { plan, broken };
    throw new Error(broken[0]);
  }), parametersOf(seed));
  return smallest === undefined ? first! : { ...first!, failure: { found, smallest: smallest.plan, broken: smallest.broken } };
}

async function tryPlan(plan: Plan): Promise<Omit<Verdict, 'seed' | 'failure'> & { readonly broken: readonly string[] }> {
  try {
    const run = await simulate(plan);
    const end = run.end === undefined ? 'none' : 'error' in run.end ? run.end.error.code : 'result';
    return { crashes: run.crashes, entries: (await entriesOf(run.log)).length, end, broken: await brokenProperties(run) };
  } catch (error) {
    return { crashes: 0, entries: 0, end: 'none', broken: [`The run could not be made: ${error instanceof Error ? error.stack ?? error.message : String(error)}`] };
  }
}

/** What is broken, without numbers: a smaller plan that breaks something else is another story. */
function kindOf([first]: readonly string[]): string | undefined {
  return first?.replaceAll(/\d+|\{.*\}|\[.*\]/g, '').split('\n')[0];
}
