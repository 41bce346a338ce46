import type { DelegationOptions } from '../delegation/index.js';
import type { AgentIdentity } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Versioned } from '../memory/index.js';
import type { Message, MessageFilter } from '../messages/index.js';
import type { Tool } from '../tools/index.js';
import { all, allSettled, Operation, type AgentTypeOf } from './operation.js';
import type { SeededRandom } from './random.js';

/** A child that was started and not waited for. */
export interface Child<Result> {
  readonly agent: string;
  /** Exists for the compiler only. */
  readonly '~result'?: Result;
}

/** The kinds of memory, typed by the program: `AgentContext<{ files: number }>`. */
export interface MemoryOperations<Memory> {
  get<Key extends keyof Memory & string>(key: Key): Operation<Memory[Key] | undefined>;
  set<Key extends keyof Memory & string>(key: Key, value: Memory[Key]): Operation<void>;
  delete(key: keyof Memory & string): Operation<void>;
}

/** One namespace of the memory that agents share. */
export interface SharedOperations {
  /** Needs `read:shared:<namespace>/<key>`. */
  get<Value = Json>(key: string): Operation<Versioned<Value>>;
  /** Needs `write:shared:<namespace>/<key>`; answers the new version, or throws `WRITE_CONFLICT`. */
  set(key: string, value: unknown, expectedVersion: number): Operation<number>;
}

/** What changes from tick to tick for one process; the context reads it, the scheduler writes it. */
export interface ProcessClock {
  /** Recorded time of the entry that triggered the running tick, milliseconds since the epoch. */
  now: number;
}

/**
 * All that a program has. Operations do nothing until they are yielded with `yield*`; `now`, `random` and `uuid` answer
 * at once, from recorded values, and replay exactly.
 */
export class AgentContext<Memory = Record<string, Json>> {
  readonly agent: AgentIdentity;
  /** Survives restarts; only this agent's program sees it. */
  readonly memory: MemoryOperations<Memory>;
  /** Gone when the agent ends; meant for what a program needs from one step to the next. */
  readonly scratch: Omit<MemoryOperations<Record<string, Json>>, 'delete'>;
  readonly #clock: ProcessClock;
  readonly #random: SeededRandom;

  /** @internal */
  constructor(agent: AgentIdentity, clock: ProcessClock, random: SeededRandom) {
    this.agent = agent;
    this.memory = MEMORY as MemoryOperations<Memory>;
    this.scratch = SCRATCH;
    this.#clock = clock;
    this.#random = random;
  }

  /** Milliseconds since the epoch, as recorded; stands still within a tick. */
  now(): number {
    return this.#clock.now;
  }

  /** From 0 up to, not including, 1. */
  random(): number {
    return this.#random.nextFloat();
  }

  /** A UUID of version 4. */
  uuid(): string {
    return this.#random.nextUuid();
  }

  /** A namespace of the memory that agents share. */
  shared(namespace: string): SharedOperations {
    return {
      get: (key) => new Operation({ op: 'READ', store: 'shared', namespace, key }),
      set: (key, value, expectedVersion) =>
        new Operation({ op: 'WRITE', store: 'shared', namespace, key, value, expectedVersion }),
    };
  }

  /** Calls a tool; needs `call:<tool>`. The tick ends here. */
  tool<Args, Result>(tool: Tool<Args, Result>, args: Args): Operation<Result> {
    return new Operation({ op: 'CALL_TOOL', tool: tool.name, args });
  }

  /** Spawns a child and waits for its result; needs `delegate:<type>`. */
  delegate<Input, Result>(
    agent: AgentTypeOf<Input, Result>,
    input: Input,
    options: DelegationOptions = {},
  ): Operation<Result> {
    return new Operation({ op: 'DELEGATE', type: agent.type, input, options, join: true });
  }

  /** Spawns a child and goes on; `join` waits for it later. */
  start<Input, Result>(
    agent: AgentTypeOf<Input, Result>,
    input: Input,
    options: DelegationOptions = {},
  ): Operation<Child<Result>> {
    return new Operation({ op: 'DELEGATE', type: agent.type, input, options }, (id) => ({ agent: id as string }));
  }

  /** Waits for the result of a child; throws `DELEGATION_FAILED` if it failed. */
  join<Result>(child: Child<Result>): Operation<Result> {
    return new Operation({ op: 'JOIN', agent: child.agent });
  }

  /** Ends a child, and all below it; nothing happens to one that has ended. The reason is on record. */
  revoke(child: Child<unknown>, reason = ''): Operation<void> {
    return new Operation({ op: 'REVOKE', agent: child.agent, reason });
  }

  /** Puts a message into an agent's mailbox; needs `send:<agent>`. */
  send(to: string, body: unknown, channel = 'default'): Operation<void> {
    return new Operation({ op: 'SEND', to, body, channel });
  }

  /** The oldest message that fits, on one channel or any of several; waits for one, at most `timeoutMs` (then `RECEIVE_TIMEOUT`). */
  receive<Body = Json>(
    filter: MessageFilter & { readonly timeoutMs?: number } = {},
  ): Operation<Message<Body>> {
    return new Operation({ op: 'RECEIVE', ...filter });
  }

  /** Waits so many milliseconds; survives a restart. */
  sleep(ms: number): Operation<void> {
    return new Operation({ op: 'SLEEP', ms });
  }

  /** Answers a child's request for approval, which came as a message on the channel `approval`. */
  decide(approval: number, approved: boolean, reason = ''): Operation<void> {
    return new Operation({ op: 'DECIDE', approval, approved, reason });
  }

  /**
   * Which form of a changed program this agent goes by: `max` for one that comes here for the first time, and what it was then
   * for one that has been here before. An agent that passed the place before the change was made goes by version 0.
   *
   * `change` names the place, and is answered the same for as long as the agent runs (until it continues as new). Ask by
   * itself, not within `all`, so that what comes after it keeps its number.
   */
  version(change: string, min: number, max: number): Operation<number> {
    return new Operation({ op: 'VERSION', change, min, max });
  }

  /**
   * Begins anew with another input: the program starts from its top, with its memory, its mailbox, its children and its grants
   * as they are. What it did so far is not needed any more to go on after a crash, so that its history stays short.
   */
  continueAsNew(input: unknown): Operation<never> {
    return new Operation({ op: 'CONTINUE', input });
  }

  /** Several operations at once; throws the first error once all have ended. */
  all<const Operations extends readonly Operation<unknown>[]>(operations: Operations): ReturnType<typeof all<Operations>> {
    return all(operations);
  }

  /** Several operations at once; failures are values. */
  allSettled<const Operations extends readonly Operation<unknown>[]>(
    operations: Operations,
  ): ReturnType<typeof allSettled<Operations>> {
    return allSettled(operations);
  }
}

const MEMORY: MemoryOperations<Record<string, Json>> = Object.freeze({
  get: (key: string) => new Operation<Json | undefined>({ op: 'READ', store: 'persistent', key }),
  set: (key: string, value: Json) => new Operation<void>({ op: 'WRITE', store: 'persistent', key, value }),
  delete: (key: string) => new Operation<void>({ op: 'WRITE', store: 'persistent', key }),
});

const SCRATCH: Omit<MemoryOperations<Record<string, Json>>, 'delete'> = Object.freeze({
  get: (key: string) => new Operation<Json | undefined>({ op: 'READ', store: 'ephemeral', key }),
  set: (key: string, value: Json) => new Operation<void>({ op: 'WRITE', store: 'ephemeral', key, value }),
});
