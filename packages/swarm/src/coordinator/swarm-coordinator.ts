import { OmniError, readEntries, type AbortSignalLike, type AgentHandle, type Entry, type Grant, type Json, type LogReader, type OmniKernel, type Quota } from '@omnipaw/kernel';
import { COORDINATOR, SwarmAccounts, type SwarmAccount, type SwarmProgress } from '../account/index.js';
import { swarmError } from '../errors.js';
import { membership } from '../names.js';
import { assertNodeName } from '../remote/index.js';
import { assertCount } from '../require.js';
import type { Seat } from '../strategy.js';
import { strategyOf, type Assignment, type SwarmDefinition } from './define-swarm.js';
import { coordinatorGrants } from './grants.js';
import { seatsOf, type Crowds } from './seats.js';

/** What a swarm needs of its kernel. */
export type SwarmKernel = Pick<OmniKernel, 'spawn' | 'agent' | 'revoke' | 'subscribe' | 'flush'>;

/** What somebody wants who waits for a swarm. */
export interface Watching {
  /** Ends the swarm and all of its members. */
  readonly signal?: AbortSignalLike;
  /** Told whenever the log says that the swarm has got further. Like any subscriber, it must not order anything of the kernel at once. */
  readonly onProgress?: (progress: SwarmProgress) => void;
}

export interface SwarmOptions<Name extends string> extends Watching {
  readonly swarm: SwarmDefinition<Name>;
  /** How many, or how many of each role: one of each role that the strategy has unless given. */
  readonly agents?: Crowds;
  readonly goal: unknown;
  readonly strategy: NoInfer<Name>;
  /** What the whole swarm may use, whoever of its members does: with `@omnipaw/quota`. */
  readonly budget?: Quota;
  /** What each member may do, beside talking to the swarm and sharing its memory. */
  readonly grants?: readonly (Grant | string)[];
  /** From its start on. */
  readonly timeoutMs?: number;
  /** Where the members are to be, one after the other; each of these nodes must host the swarm ({@link hostSwarm}). In the coordinator's own kernel unless given. */
  readonly nodes?: readonly string[];
  /** The name of the swarm, and of the agent that coordinates it: that of its kind and a number unless given. */
  readonly id?: string;
}

/** What a swarm came to, and who did what. */
export interface SwarmOutcome<Result> {
  readonly result: Result;
  readonly account: SwarmAccount;
}

export interface ResumeOptions<Name extends string> extends Watching {
  readonly swarm: SwarmDefinition<Name>;
  readonly id: string;
  /** The kernel's log, from which the account is made of what was before. */
  readonly log: LogReader;
}

/**
 * Runs a swarm: `await new SwarmCoordinator(kernel, { swarm: review, agents: 3, goal, strategy: 'MAP_REDUCE' }).execute()`.
 *
 * All that it starts is one agent, which starts the others; whatever happens then is in the log, and goes on there without this object.
 */
export class SwarmCoordinator<Name extends string, Result = Json> {
  readonly #kernel: SwarmKernel;
  readonly #options: SwarmOptions<Name>;
  readonly #seats: readonly Seat[];

  /** Throws a TypeError for options that are none. */
  constructor(kernel: SwarmKernel, options: SwarmOptions<Name>) {
    const { swarm, strategy, agents, grants = [], timeoutMs, nodes = [] } = options;
    if (timeoutMs !== undefined) assertCount('timeoutMs', timeoutMs, 1);
    this.#kernel = kernel;
    this.#options = options;
    nodes.forEach(assertNodeName);
    const seats = seatsOf(agents, strategyOf(swarm.strategies, strategy), grants);
    this.#seats = nodes.length === 0 ? seats : seats.map((seat, index) => ({ ...seat, node: nodes[index % nodes.length]! }));
  }

  /**
   * Starts the swarm, and waits for its result.
   *
   * Rejects with what ends it: `TASK_FAILED`, `RESTARTS_EXCEEDED`, `SWARM_TIMEOUT`, `SWARM_CANCELLED`, `NODE_UNREACHABLE`, `QUOTA_EXCEEDED`, or what the
   * strategy's own parts throw; `details.account` of the error has the account.
   */
  async execute(): Promise<SwarmOutcome<Result>> {
    const { swarm, strategy, goal, timeoutMs, budget, id = freeId(this.#kernel, swarm.name), signal, onProgress } = this.#options;
    if (signal?.aborted === true) throw cancelled(id, signal.reason);
    const accounts = new SwarmAccounts(ofSwarm(id, onProgress));
    const unsubscribe = this.#kernel.subscribe((entry) => { accounts.apply(entry); });
    try {
      const input: Assignment = { strategy, goal: goal as Json, seats: this.#seats, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
      const handle = this.#kernel.spawn(swarm.coordinator, input, {
        id, grants: coordinatorGrants(id, swarm, this.#seats), metadata: membership(id, COORDINATOR, { slots: this.#seats.map(({ slot }) => slot) }), ...(budget === undefined ? {} : { quota: budget }),
      });
      return await outcomeOf(this.#kernel, handle as AgentHandle<Result>, { accounts, signal });
    } finally {
      unsubscribe();
    }
  }

  /**
   * Waits for a swarm that was started before, by an earlier process for instance: it goes on by itself with its kernel. Rejects as `execute` does.
   *
   * `onProgress` is told all of it, from the first task on: what was before this process as well.
   */
  static async resume<Name extends string, Result = Json>(kernel: SwarmKernel, { id, log, signal, onProgress }: ResumeOptions<Name>): Promise<SwarmOutcome<Result>> {
    const handle = kernel.agent(id) as AgentHandle<Result>;
    const accounts = new SwarmAccounts(ofSwarm(id, onProgress));
    const unsubscribe = await followFromStart(kernel, log, accounts);
    try {
      return await outcomeOf(kernel, handle, { accounts, signal });
    } finally {
      unsubscribe();
    }
  }
}

/** The first name of this kind that no agent has. */
function freeId(kernel: Pick<OmniKernel, 'agent'>, name: string): string {
  for (let number = 1; ; number++) {
    const id = `${name}-${String(number)}`;
    try {
      kernel.agent(id);
    } catch {
      return id;
    }
  }
}

function ofSwarm(id: string, onProgress: Watching['onProgress']): ((progress: SwarmProgress) => void) | undefined {
  return onProgress === undefined ? undefined : (progress) => { if (progress.swarm === id) onProgress(progress); };
}

/** What the log holds already, and from there on what is added; answers what ends it. */
async function followFromStart(kernel: SwarmKernel, log: LogReader, accounts: SwarmAccounts): Promise<() => void> {
  let isReading = true;
  const meanwhile: Entry[] = [];
  const unsubscribe = kernel.subscribe((entry) => {
    if (isReading) meanwhile.push(entry);
    else accounts.apply(entry);
  });
  try {
    await kernel.flush();
    let last = -1;
    for await (const entry of readEntries(log)) {
      accounts.apply(entry as unknown as Entry);
      last = entry.busSeq;
    }
    for (const entry of meanwhile) if (entry.busSeq > last) accounts.apply(entry);
    isReading = false;
    return unsubscribe;
  } catch (error) {
    unsubscribe();
    throw error;
  }
}

interface Waiting {
  readonly accounts: SwarmAccounts;
  readonly signal: AbortSignalLike | undefined;
}

async function outcomeOf<Result>(kernel: SwarmKernel, handle: AgentHandle<Result>, { accounts, signal }: Waiting): Promise<SwarmOutcome<Result>> {
  const { id } = handle;
  // In a turn of its own: whoever aborts may be told of an entry at that moment.
  const cancel = (): void => { queueMicrotask(() => { kernel.revoke(id, 'the swarm was cancelled'); }); };
  if (signal?.aborted === true) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const result = await handle.result();
    return { result, account: accounts.of(id)! };
  } catch (error) {
    throw withAccount(signal?.aborted === true ? cancelled(id, signal.reason) : (error as OmniError), accounts.of(id));
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
}

function cancelled(id: string, reason: unknown): OmniError {
  return swarmError('SWARM_CANCELLED', `The swarm "${id}" was cancelled, and its members ended.`, { cause: reason });
}

/** The same error, with the account among its details, and what a member knew of it that met it first. */
function withAccount({ code, message, failureClass, details, cause }: OmniError, account: SwarmAccount | undefined): OmniError {
  const first = account?.members.find(({ agent, error }) => agent !== account.swarm && error?.code === code)?.error;
  return new OmniError(code, message, { failureClass, details: { ...first?.details, ...details, account }, cause });
}
