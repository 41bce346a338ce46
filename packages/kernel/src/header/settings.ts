import type { JsonObject } from '../json/index.js';
import type { Digests } from './entries.js';
import { LOG_FORMAT_VERSION, type Entry, type Projection, type Saved } from '../logging/index.js';

export interface KernelLimits {
  /** Instructions in one tick; 10,000 unless given. */
  readonly maxStepsPerTick: number;
  /** Tools that run at once; 1,000 unless given. */
  readonly maxConcurrentToolCalls: number;
  /** Messages that wait in one mailbox; 1,000 unless given. */
  readonly maxMailboxMessages: number;
  /** Size of one value as JSON: an argument, a result, a message, a memory; 1 MiB unless given, 16 MiB at most. */
  readonly maxValueBytes: number;
}

export const DEFAULT_LIMITS: KernelLimits = Object.freeze({
  maxStepsPerTick: 10_000,
  maxConcurrentToolCalls: 1_000,
  maxMailboxMessages: 1_000,
  maxValueBytes: 1024 * 1024,
});

interface SavedSettings {
  readonly format: number;
  readonly limits: KernelLimits;
  readonly extensions?: Digests['extensions'];
}

/**
 * What the log says of the kernel that writes it, as far as programs can notice: its limits, and the format.
 *
 * A fold, since every kernel that takes up a log may have limits of its own, and a replay has to go by those of the moment.
 */
export class Settings implements Projection, Saved<SavedSettings> {
  #limits = DEFAULT_LIMITS;
  #format = LOG_FORMAT_VERSION;
  #extensions: Digests['extensions'] = {};

  /** Which form the entries of this log have: a log keeps the one that it was begun with. */
  get format(): number {
    return this.#format;
  }

  get limits(): KernelLimits {
    return this.#limits;
  }

  /** By name, the versions of the extensions that decide with it. */
  get extensions(): Digests['extensions'] {
    return this.#extensions;
  }

  save(): SavedSettings {
    return { format: this.#format, limits: this.#limits, extensions: this.#extensions };
  }

  load({ format, limits, extensions = {} }: SavedSettings): void {
    this.#format = format;
    this.#limits = limits;
    this.#extensions = extensions;
  }

  apply(entry: Entry): void {
    if (entry.kind !== 'LOG_OPENED' && entry.kind !== 'KERNEL_STARTED') return;
    if (entry.kind === 'LOG_OPENED') this.#format = entry.data.format;
    this.#extensions = (entry.data as Partial<Digests>).extensions ?? {};
    this.#limits = Object.freeze({ ...DEFAULT_LIMITS, ...limitsIn(entry.data.config) });
  }
}

/** Whether the log that is written, or replayed, has an older format than this one: it goes on as it began. */
export function isBefore(format: number, settings: Pick<Settings, 'format'>): boolean {
  return settings.format < format;
}

function limitsIn(config: JsonObject): Partial<KernelLimits> {
  const names = Object.keys(DEFAULT_LIMITS).filter((name) => Number.isSafeInteger(config[name]));
  return Object.fromEntries(names.map((name) => [name, config[name]]));
}
