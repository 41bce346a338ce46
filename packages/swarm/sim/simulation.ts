/**
 * One run of the simulator: a swarm whose kernel lives, dies and is booted again until the swarm has come to its end.
 *
 * Everything is a function of the plan: time is virtual, and chance comes from the seed.
 */
import { createKernel, MemoryLogStore, readEntries, type Entry, type KernelConfig, type OmniError, type OmniKernel } from '@omnipaw/kernel';
import { quota } from '@omnipaw/quota';
import { crash, VirtualTime } from '@omnipaw/testing';
import { SwarmCoordinator, type SwarmDefinition, type SwarmOutcome } from '@omnipaw/swarm';
import type { Faults, Plan } from './plans.js';
import { stranger, swarmOf, type Done } from './swarms.js';

/** How it ended, as it was told. */
export type End = { readonly outcome: SwarmOutcome<unknown> } | { readonly error: OmniError };

/** What is left of a run, for those who judge it. */
export interface Run {
  readonly plan: Plan;
  readonly log: MemoryLogStore;
  readonly end: End | undefined;
  readonly crashes: number;
  readonly isCancelled: boolean;
  /** What should not have happened, in words. */
  readonly violations: readonly string[];
}

/** No run that comes to an end has so many. */
const MOST_ENTRIES = 20_000;

export type Result = readonly Done[] | Readonly<Record<string, Done>>;
export const SWARM = 'swarm-1';
const GRANTS = ['read:shared:tries/**', 'write:shared:tries/**'];

/** What takes part, here and in a replay. */
export function castOf(plan: Plan): Pick<KernelConfig, 'agents' | 'extensions'> & { readonly swarm: SwarmDefinition<Plan['strategy']> } {
  const swarm = swarmOf(plan);
  return { swarm, agents: [...swarm.agents, stranger], extensions: [quota()] };
}

export async function simulate(plan: Plan): Promise<Run> {
  const time = new VirtualTime({ seed: String(plan.seed) });
  let log = new MemoryLogStore();
  let crashes = 0;
  const violations: string[] = [];
  for (const faults of plan.lives) {
    const { crashed, problem } = await live(plan, { log, time, faults });
    if (problem !== undefined) violations.push(problem);
    if (!crashed.isCrashed) break;
    crashes++;
    ({ log } = crashed);
    await time.advance(faults.downMs);
  }
  const last = await lastLife(plan, log, time);
  return { plan, log, crashes, ...last, violations: [...violations, ...last.violations] };
}

interface Life {
  readonly log: MemoryLogStore;
  readonly time: VirtualTime;
  readonly faults: Faults;
}

/** A life that ends in a crash, unless the swarm ends before. */
async function live(plan: Plan, { log, time, faults }: Life): Promise<{ readonly crashed: Awaited<ReturnType<typeof crash>>; readonly problem?: string }> {
  const { swarm, agents = [], extensions = [] } = castOf(plan);
  const { nextSeq } = await log.open();
  await log.close();
  const isThere = ({ busSeq }: Entry): boolean => busSeq === nextSeq + faults.crashAt;
  const at = faults.place === 'before' ? { before: isThere } : faults.place === 'within' ? { within: isThere } : { after: isThere };
  let problem: string | undefined;
  const crashed = await crash({ at, time, log, agents, extensions, maxMailboxMessages: plan.maxMailboxMessages, onProblem: () => undefined }, async (kernel) => {
    await take(kernel, plan, { swarm, log }).catch((error: unknown) => { problem = unexpected(error); });
  });
  return problem === undefined ? { crashed } : { crashed, problem };
}

/** Whoever comes last waits until the swarm has ended. */
async function lastLife(plan: Plan, log: MemoryLogStore, time: VirtualTime): Promise<Pick<Run, 'end' | 'isCancelled' | 'violations'>> {
  const { swarm, agents = [], extensions = [] } = castOf(plan);
  const abort = new AbortController();
  try {
    const kernel = await time.until(createKernel({ log, agents, extensions, maxMailboxMessages: plan.maxMailboxMessages }, { ports: time.ports }));
    if (plan.cancelAfterMs !== null) time.ports.timers.set(plan.cancelAfterMs, () => { abort.abort(); });
    const ended = take(kernel, plan, { swarm, log, signal: abort.signal }).then((outcome): End => ({ outcome }), (error: unknown): End => ({ error: error as OmniError }));
    const end = await time.until(Promise.race([ended, endless(kernel)]));
    const left = kernel.snapshot().agents.filter(({ id, state }) => id.startsWith('swarm') && !['TERMINATED', 'FAULTED'].includes(state));
    await time.until(kernel.stop());
    return { end, isCancelled: abort.signal.aborted, violations: left.map(({ id, state }) => `The swarm has ended, and its agent ${id} is ${state}.`) };
  } catch (error) {
    return { end: undefined, isCancelled: abort.signal.aborted, violations: [`The swarm came to no end: ${String(error)}`] };
  }
}

/** Rejects once there are more entries than any swarm needs: what goes round and round would never end. */
function endless(kernel: OmniKernel): Promise<never> {
  return new Promise((_, reject) => {
    let entries = 0;
    kernel.subscribe(() => {
      if (++entries === MOST_ENTRIES) reject(new Error(`there are ${MOST_ENTRIES} entries, and no end`));
    });
  });
}

interface Taking {
  readonly swarm: SwarmDefinition<Plan['strategy']>;
  readonly log: MemoryLogStore;
  readonly signal?: AbortSignal;
}

/** Starts the swarm if it is not there yet, and waits for it in any case. */
function take(kernel: OmniKernel, plan: Plan, { swarm, log, signal }: Taking): Promise<SwarmOutcome<unknown>> {
  const { agents } = kernel.snapshot();
  const signalled = signal === undefined ? {} : { signal };
  if (plan.hasStranger && !agents.some(({ id }) => id === 'stranger-1')) kernel.spawn(stranger, SWARM, { grants: ['send:*'] });
  if (agents.some(({ id }) => id === SWARM)) return SwarmCoordinator.resume(kernel, { swarm, id: SWARM, log, ...signalled });
  const budget = plan.maxTicks === null ? {} : { budget: { maxTicks: plan.maxTicks } };
  const { strategy, agents: count, pieces } = plan;
  const members = strategy === 'SUPERVISOR' ? {} : { agents: count };
  return new SwarmCoordinator(kernel, { swarm, strategy, goal: pieces, grants: GRANTS, id: SWARM, ...members, ...budget, ...signalled }).execute();
}

/** In the middle of a life, an end is an end as well; only what nobody has thought of is not. */
function unexpected(error: unknown): string | undefined {
  const { code } = error as { readonly code?: string };
  return code === undefined ? `The swarm ended with what is no OmniError: ${String(error)}` : undefined;
}

export async function entriesOf(log: MemoryLogStore): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
  return entries;
}
