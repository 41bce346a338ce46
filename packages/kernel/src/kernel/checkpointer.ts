import { describeThrown, OmniError } from '../errors/index.js';
import { visitLinesOf, type CheckpointStore, type ExecutionLogger, type KnownEntry } from '../logging/index.js';
import type { Parts } from './assemble.js';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type CheckpointMaker } from './checkpoint.js';
import type { KernelConfig, KernelHost } from './config.js';
import { firstBirth, History } from './history.js';
import { liveAgents } from './live-agents.js';

const EVERY_ENTRIES = 50_000;
/** A checkpoint is written at close if the log has grown by a tenth of what makes one due. */
const AT_CLOSE = 0.1;
/** A large one is due less often: it is not to cost more than a fraction of what the log itself does. */
const BYTES_PER_ENTRY = 100;

export interface CheckpointerOptions {
  readonly parts: Parts;
  readonly log: ExecutionLogger;
  readonly config: KernelConfig;
  readonly host: KernelHost;
  readonly logId: string;
  /** The one that this kernel started from. */
  readonly last: Checkpoint | undefined;
  readonly report: (thrown: unknown, where: string) => void;
}

/**
 * Writes checkpoints while a kernel runs, and when it stops.
 *
 * The state is taken between two ticks, and the histories are read back from the log: nothing is kept in memory for it. One that
 * can't be written is reported, and missed by nobody.
 */
export class Checkpointer {
  readonly #options: CheckpointerOptions;
  readonly #store: CheckpointStore | undefined;
  readonly #everyEntries: number;
  #lastSeq: number;
  #known: KnownEntry | undefined;
  #dueSeq: number;
  #saving: Promise<void> | undefined;

  constructor(options: CheckpointerOptions) {
    this.#options = options;
    const { config, last } = options;
    this.#store = checkpointStore(config);
    this.#everyEntries = (config.checkpoints === false ? undefined : config.checkpoints?.everyEntries) ?? EVERY_ENTRIES;
    this.#known = last?.known;
    this.#lastSeq = last?.known.busSeq ?? -1;
    this.#dueSeq = this.#lastSeq + this.#everyEntries;
  }

  /** To be called between ticks; costs a comparison while none is due. */
  look(): void {
    if (this.#options.log.nextSeq <= this.#dueSeq || this.#store === undefined || this.#saving !== undefined) return;
    this.#saving = this.#save(this.#store, this.#options.parts).finally(() => { this.#saving = undefined; });
  }

  /**
   * Writes a last one, if it is worth it and the kernel does not stop in the middle of a step; to be called while everything is still
   * there, and awaited before the log is closed.
   */
  async close({ isAtRest }: { readonly isAtRest: boolean }): Promise<void> {
    const { log, parts } = this.#options;
    const isWorthIt = isAtRest && log.nextSeq - 1 - this.#lastSeq >= this.#everyEntries * AT_CLOSE;
    const hasFailed = (log.failure ?? parts.bus.failure) !== undefined;
    if (this.#store !== undefined && isWorthIt && !hasFailed) await this.#save(this.#store, parts, this.#saving);
    await this.#saving;
  }

  /** Everything up to the first await happens between two entries; what is written before is waited for. */
  async #save(store: CheckpointStore, parts: Parts, before?: Promise<void>): Promise<void> {
    const { log, config, host, report } = this.#options;
    try {
      const taken = takeState(parts, log);
      this.#dueSeq = Infinity;
      await before;
      await log.flush();
      const { known, lines } = await this.#histories(store, taken);
      const { codec } = host.ports;
      const bytes = encodeCheckpoint({ logId: this.#options.logId, known, state: taken.state, lines }, makerOf(config, host), codec);
      await store.save(bytes);
      this.#known = known;
      this.#lastSeq = known.busSeq;
      this.#dueSeq = known.busSeq + Math.max(this.#everyEntries, Math.ceil(bytes.length / BYTES_PER_ENTRY));
    } catch (thrown) {
      // A log that failed has told so itself.
      if (log.failure === undefined) report(thrown, 'writing a checkpoint');
      this.#dueSeq = log.nextSeq + this.#everyEntries;
    }
  }

  /** The histories in the last checkpoint, and what the log has added to them since; none if they are too long to be copied each time. */
  async #histories(store: CheckpointStore, { busSeq, hash, births }: Taken): Promise<Pick<Checkpoint, 'known' | 'lines'>> {
    const { config, host } = this.#options;
    const { codec } = host.ports;
    const before = this.#known === undefined ? undefined : await loadCheckpoint(store, config, host);
    const last = typeof before === 'object' && before.known.busSeq === this.#known?.busSeq ? before : undefined;
    const history = new History(births, codec);
    const known = history.goOnFrom(last, busSeq);
    const next = known === undefined ? firstBirth(births.values(), busSeq) : known.busSeq + 1;
    // Without histories only the place of the last entry is of interest.
    const fromSeq = history.lines === undefined ? busSeq : next;
    const range = { agents: new Set(births.keys()), fromSeq, beforeSeq: busSeq + 1, place: known };
    const place = await visitLinesOf(config.log, { codec, ...range }, (line) => history.add(line));
    if (place === undefined) throw new OmniError('LOG_READ_FAILED', `Entry ${busSeq} is not in the log that it was written to.`);
    return { known: { ...place, hash }, lines: history.lines };
  }
}

/** State as it was between two entries. */
interface Taken {
  readonly busSeq: number;
  readonly hash: string;
  /** As JSON: it goes on changing. */
  readonly state: string;
  /** By agent that has not ended, the entry with which its present life began. */
  readonly births: ReadonlyMap<string, number>;
}

function takeState(parts: Parts, log: ExecutionLogger): Taken {
  const state = JSON.stringify(Object.fromEntries(Object.entries(parts.saved).map(([name, projection]) => [name, projection.save()])));
  const births = [...liveAgents(parts)].map((agent) => [agent, parts.processes.birthOf(agent)?.seq ?? 0] as const);
  return { busSeq: log.nextSeq - 1, hash: log.head, state, births: new Map(births) };
}

/** Where checkpoints go; undefined if there are to be none, or if an extension has a state that it can't give. */
export function checkpointStore({ log, checkpoints, extensions = [] }: KernelConfig): CheckpointStore | undefined {
  const isPossible = extensions.every(({ projection }) => projection === undefined || (projection.save !== undefined && projection.load !== undefined));
  return checkpoints === false || !isPossible ? undefined : log.checkpoints;
}

/** The last checkpoint; in words, why there is none of use. */
export async function loadCheckpoint(store: CheckpointStore, config: KernelConfig, host: KernelHost): Promise<Checkpoint | string | undefined> {
  try {
    const bytes = await store.load();
    return bytes === undefined ? undefined : decodeCheckpoint(bytes, makerOf(config, host), host.ports.codec);
  } catch (thrown) {
    return `it could not be read: ${describeThrown(thrown)}`;
  }
}

function makerOf({ extensions = [] }: KernelConfig, { kernelVersion }: KernelHost): CheckpointMaker {
  return { kernelVersion, extensions: extensions.filter(({ projection, isSpectator }) => projection !== undefined && !isSpectator).map(({ name, version = '0' }) => [name, version]) };
}
