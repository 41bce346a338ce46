import { corruptLog, describeThrown, OmniError, scanLog, type FollowedLog, type LogFollower } from '@omnipaw/kernel';
import { HeadClaims } from './claims.js';
import { originOfLog, signNewHead } from './head.js';
import type { HeadStore } from './head-store.js';
import { CompactRange, entryLeaf } from './merkle.js';
import type { HeadSigner } from './note.js';
import { contradicted, headsBy } from './sign.js';

/** How the heads of a log are signed. */
export interface AttestOptions {
  readonly signer: HeadSigner;
  /** A head is signed each time that so many entries have become durable, and at the end; 10,000 unless given. */
  readonly everyEntries?: number;
  /** Where the heads go; beside the log, for a FileLogStore, unless given. */
  readonly heads?: HeadStore;
}

const EVERY_ENTRIES = 10_000;
/** So many hashes are kept at the least for a head that is due; with more, they are read from the log again. */
const MIN_KEPT_HASHES = 20_000;
/** How many leaves are hashed before everybody else has a turn: a millisecond or two. */
const LEAVES_A_TURN = 500;

/**
 * Signs heads while a log grows.
 *
 * 1. An entry costs one reference to its hash; the tree is computed, in small steps, when a head is due.
 * 2. A head covers durable entries only, so that no crash can take back what was signed.
 * 3. Nothing is signed that contradicts a head that the same key signed before. The tree over what the log held at the start is
 *    made from the log, and compared with the heads that were kept, before the first signature.
 * 4. One head at a time, and a failure ends that attempt only: the next one comes an interval later.
 * 5. What waits is bounded. If no head comes about for long, the hashes are dropped, and the tree is made from the log again.
 */
export class Attestor implements LogFollower {
  readonly #log: FollowedLog;
  readonly #signer: HeadSigner;
  readonly #heads: HeadStore;
  readonly #origin: string;
  readonly #everyEntries: number;
  #range: CompactRange;
  /** Hashes of the last entries, those that the tree does not hold yet; entries before them are in the tree or the log. */
  readonly #hashes: string[] = [];
  #nextSeq: number;
  #durableSize: number;
  /** At which size the last attempt was made, and the last that succeeded. */
  #attemptedSize: number;
  #signedSize: number;
  /** The hash of the last entry in the tree. */
  #chain = '';
  #isRefused = false;
  #underWay: Promise<void> | undefined;

  constructor(log: FollowedLog, { signer, everyEntries = EVERY_ENTRIES, heads }: AttestOptions & { readonly heads: HeadStore }) {
    this.#log = log;
    this.#signer = signer;
    this.#heads = heads;
    this.#origin = originOfLog(log.logId);
    this.#everyEntries = everyEntries;
    this.#range = new CompactRange(log.ports.codec);
    this.#nextSeq = this.#durableSize = this.#attemptedSize = this.#signedSize = log.startSize;
  }

  /** Takes a new entry. */
  apply({ hash }: { readonly hash: string }): void {
    this.#nextSeq++;
    if (this.#isRefused) return;
    if (this.#hashes.length >= Math.max(MIN_KEPT_HASHES, 2 * this.#everyEntries)) this.#hashes.length = 0;
    this.#hashes.push(hash);
  }

  /** Takes note that all up to an entry is durable, and starts on a head if one is due. */
  durable(durableSeq: number): void {
    this.#durableSize = Math.max(this.#durableSize, durableSeq + 1);
    if (this.#durableSize - this.#attemptedSize >= this.#everyEntries) void this.#attempt();
  }

  /** Signs what is durable by now, unless that is signed already. */
  async close(): Promise<void> {
    await this.#underWay;
    if (this.#durableSize > this.#signedSize) await this.#attempt();
  }

  /** Never rejects. */
  #attempt(): Promise<void> {
    if (this.#isRefused) return Promise.resolve();
    this.#underWay ??= this.#sign(this.#durableSize)
      .catch((thrown: unknown) => { this.#log.report(failed(thrown)); })
      .finally(() => { this.#underWay = undefined; });
    return this.#underWay;
  }

  async #sign(entries: number): Promise<void> {
    this.#attemptedSize = entries;
    // Meanwhile more may have been dropped.
    for (let size = this.#sizeInLog(entries); this.#range.size < size; size = this.#sizeInLog(entries)) await this.#takeUp(size);
    await this.#growTo(entries);
    const head = { origin: this.#origin, entries, root: this.#range.root(), chain: this.#chain };
    await this.#heads.write(await signNewHead(head, this.#signer, this.#log.ports.codec));
    this.#signedSize = entries;
  }

  /** How many of so many entries have to be read from the log, unless they are in the tree. */
  #sizeInLog(entries: number): number {
    return Math.min(entries, this.#nextSeq - this.#hashes.length);
  }

  /** Makes the tree over what the log held at first, unless that contradicts a head. */
  async #takeUp(size: number): Promise<void> {
    const { reader, report, ports: { codec } } = this.#log;
    const signed = await headsBy(this.#signer, { texts: await this.#heads.read(), codec, onProblem: report });
    const earlier = signed.filter(({ origin }) => origin === this.#origin);
    const claims = new HeadClaims(earlier);
    const range = new CompactRange(codec);
    const { damage } = await scanLog(reader, codec, ({ head }) => {
      if (range.size === size) return;
      range.append(entryLeaf(head, codec));
      this.#chain = head;
      claims.compare(range, head);
    });
    // It was whole when it was opened: what is missing now, something else has taken.
    if (damage !== undefined && range.size < size) throw corruptLog(damage);
    const refuted = earlier.find((head) => !claims.isConfirmed(head));
    if (refuted !== undefined) {
      this.#isRefused = true;
      this.#hashes.length = 0;
      throw contradicted(refuted);
    }
    if (range.size < size) throw new OmniError('LOG_READ_FAILED', `The log holds ${range.size} entries, and ${size} were written to it.`);
    this.#range = range;
  }

  async #growTo(entries: number): Promise<void> {
    const { codec, timers } = this.#log.ports;
    const hashes = this.#hashes.splice(0, entries - this.#range.size);
    for (const [index, hash] of hashes.entries()) {
      if (index % LEAVES_A_TURN === LEAVES_A_TURN - 1) await new Promise<void>((resolve) => { timers.defer(resolve); });
      this.#range.append(entryLeaf(hash, codec));
    }
    this.#chain = hashes.at(-1) ?? this.#chain;
  }
}

function failed(thrown: unknown): OmniError {
  if (thrown instanceof OmniError) return thrown;
  return new OmniError('ATTESTATION_FAILED', `A head of the log could not be signed or kept: ${describeThrown(thrown)} The log is none the worse; the next head is tried later.`, { cause: thrown });
}
