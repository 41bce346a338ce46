import type { OmniError } from '../errors/index.js';
import type { AgentDefinition } from '../programs/index.js';
import type { Guard } from '../syscalls/index.js';
import type { Observer } from '../execution/index.js';
import { DEFAULT_LIMITS, type KernelLimits } from '../header/index.js';
import type { Json } from '../json/index.js';
import type { Durability, LogStore, Projection, Saved } from '../logging/index.js';
import { assertPolicies, type Policy } from '../permissions/index.js';
import type { Ports } from '../ports/index.js';
import type { SecretProvider, Tool } from '../tools/index.js';
import type { FollowedLog, LogFollower } from './follower.js';

/** What another package adds to a kernel; each part is optional. */
export interface Extension {
  readonly name: string;
  readonly version?: string;
  /** The log does not name it, unless it has a guard; `load` may get undefined. */
  readonly isSpectator?: true;
  /** Decides with the kernel what programs may do, and replays. */
  readonly guard?: Guard;
  /** Watches, and can't change anything. */
  readonly observer?: Observer;
  /**
   * State of its own, folded from the same log, before any guard is asked. With `save` and `load` it can be kept in checkpoints; a
   * kernel with one that can't writes none.
   */
  readonly projection?: Projection & Partial<Saved>;
  /** As that of the configuration. */
  readonly follow?: (log: FollowedLog) => LogFollower;
  /** Throws for names in its options that the log has not; `whatIf` asks at the end, a kernel when it starts. */
  readonly assertSeen?: () => void;
}

export interface KernelConfig extends Partial<KernelLimits> {
  readonly log: LogStore;
  readonly agents?: readonly AgentDefinition[];
  readonly tools?: readonly Tool[];
  /** Instead of those on record: a log that has some keeps them unless others, or none (`[]`), are given. */
  readonly policies?: readonly Policy[];
  readonly extensions?: readonly Extension[];
  /** Whether agents of an earlier run that have not ended go on, as they do unless this is false: then such a log is refused. */
  readonly recover?: boolean;
  /**
   * What becomes of a tool call that was under way when an earlier kernel ended, and that may not be repeated: the program is
   * told with `TOOL_OUTCOME_UNKNOWN` (`throw`, unless given), or waits until somebody says what came of it (`wait`, see `settle`).
   */
  readonly unknownOutcomes?: 'throw' | 'wait';
  /**
   * How often the state is kept beside the log, so that opening it takes no longer as it grows: after so many entries, 50,000
   * unless given, and at close; never if false, or if the store keeps none.
   */
  readonly checkpoints?: false | { readonly everyEntries?: number };
  /** `strict` unless given. */
  readonly durability?: Durability;
  readonly secrets?: SecretProvider;
  /** Takes out of every tool's result what must not be recorded. */
  readonly redact?: (result: Json, tool: string) => Json;
  /** A log of its own for breaches of invariants. */
  readonly audit?: LogStore;
  /** Called once, when the log is open: what it answers is shown the log as it grows, and can't change anything. */
  readonly follow?: (log: FollowedLog) => LogFollower;
  /** Told of what harms nobody but should be known: a subscriber or an observer that threw. */
  readonly onProblem?: (problem: OmniError) => void;
}

/** What a kernel needs of its host, beside the configuration. */
export interface KernelHost {
  readonly ports: Ports;
  readonly kernelVersion: string;
}

/** An entry holds a value or two, and has to stay a line that readers take. */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

/** Throws a TypeError for what plain JavaScript can get wrong about a configuration as a whole. */
export function assertConfig(config: KernelConfig): void {
  const { log, durability = 'strict' } = config as Partial<KernelConfig>;
  const isStore = ['open', 'append', 'read', 'close'].every((name) => typeof (log as unknown as Record<string, unknown> | undefined)?.[name] === 'function');
  if (!isStore) throw new TypeError('A kernel needs a log: pass a LogStore, for instance { log: new FileLogStore("./log") }.');
  if (!['strict', 'relaxed'].includes(durability)) {
    throw new TypeError(`The durability is ${JSON.stringify(durability)}; it must be "strict" or "relaxed".`);
  }
  limitsOf(config);
  assertEvery(config);
  assertPolicies(config.policies ?? []);
}

export function limitsOf(config: Partial<KernelLimits>): KernelLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof KernelLimits)[];
  const limits = names.map((name) => {
    const value = config[name] ?? DEFAULT_LIMITS[name];
    if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`${name} is ${String(value)}; it must be a whole number from 1.`);
    if (name === 'maxValueBytes' && value > MAX_VALUE_BYTES) {
      throw new TypeError(`maxValueBytes is ${value}; it can be ${MAX_VALUE_BYTES} at most. Store what is larger outside, and pass a reference.`);
    }
    return [name, value] as const;
  });
  return Object.fromEntries(limits) as unknown as KernelLimits;
}

function assertEvery({ checkpoints }: Partial<KernelConfig>): void {
  if (checkpoints === undefined || checkpoints === false) return;
  const { everyEntries = 1 } = checkpoints;
  if (!Number.isSafeInteger(everyEntries) || everyEntries < 1) throw new TypeError(`checkpoints.everyEntries is ${String(everyEntries)}; it must be a whole number from 1.`);
}
