/**
 * What a log proves, in separate verdicts, since one green tick would claim more than is known.
 *
 * Integrity: the chain is unbroken from its first entry. It finds every edit of what is there; it cannot show that the end was
 * cut off, or that everything was written anew. Completeness: a hash that was noted down elsewhere is in the chain, so
 * nothing up to it is missing or replaced. (The third verdict, replay, needs the programs.)
 */
import type { Codec } from '../ports/index.js';
import type { LogDamage } from './damage.js';
import { GENESIS_HASH } from './entry.js';
import { scanLog, type ScannedLine } from './scan.js';
import type { LogReader, TornTail } from './store.js';

/** A head that was noted down earlier: its hash, or its hash and the `busSeq` at which it must stand. */
export type LogPin = string | { readonly busSeq: number; readonly hash: string };

export interface VerifyOptions {
  readonly codec: Codec;
  readonly pin?: LogPin;
}

export interface LogVerdict {
  /** `TORN_TAIL`: all entries are good, and a crash left an incomplete one after them. */
  readonly integrity: 'INTACT' | 'TORN_TAIL' | 'BROKEN';
  /** `UNPINNED`: nothing to compare with. `INCOMPLETE`: the pinned entry is not in the good part of the chain. */
  readonly completeness: 'UNPINNED' | 'COMPLETE' | 'INCOMPLETE';
  /** How many good entries there are before the end or the first bad one. */
  readonly entries: number;
  /** The hash of the last good entry; pin this one next time. */
  readonly head: string;
  /** Where the pinned entry stands; less than `entries - 1` if the log has grown since. */
  readonly pinnedAt?: number;
  readonly firstBad?: LogDamage;
  readonly tornTail?: TornTail;
}

/** Checks every byte of a log, and shows `visit` each good entry; needs no lock, and works on a log that is being written. */
export async function verify(reader: LogReader, { codec, pin }: VerifyOptions, visit?: (entry: ScannedLine) => void): Promise<LogVerdict> {
  const wanted = pin === undefined ? undefined : pinnedPlace(pin);
  let pinnedAt: number | undefined;
  const { nextSeq, head, damage, tornTail } = await scanLog(reader, codec, (entry) => {
    if (entry.head === wanted?.hash && (wanted.busSeq ?? entry.nextSeq - 1) === entry.nextSeq - 1) pinnedAt = entry.nextSeq - 1;
    visit?.(entry);
  });
  const isFound = pinnedAt !== undefined || wanted?.hash === GENESIS_HASH;
  return {
    integrity: damage === undefined ? (tornTail === undefined ? 'INTACT' : 'TORN_TAIL') : 'BROKEN',
    completeness: wanted === undefined ? 'UNPINNED' : isFound ? 'COMPLETE' : 'INCOMPLETE',
    entries: nextSeq,
    head,
    ...(pinnedAt === undefined ? {} : { pinnedAt }),
    ...(damage === undefined ? {} : { firstBad: damage }),
    ...(tornTail === undefined ? {} : { tornTail }),
  };
}

/**
 * Whether something speaks against the log. A torn tail does not: it was never acknowledged. A missing pin does only for
 * those who require one.
 */
export function isContradicted(verdict: LogVerdict, { requirePin = false }: { requirePin?: boolean } = {}): boolean {
  if (verdict.integrity === 'BROKEN' || verdict.completeness === 'INCOMPLETE') return true;
  return requirePin && verdict.completeness === 'UNPINNED';
}

export function pinnedPlace(pin: LogPin): { hash: string; busSeq: number | undefined } {
  const { hash, busSeq } = typeof pin === 'string' ? { hash: pin, busSeq: undefined } : pin;
  if (/^[0-9a-f]{64}$/.test(hash)) return { hash, busSeq };
  throw new TypeError(`A pin is the hash of an entry, 64 lower-case hexadecimal digits; found "${hash}".`);
}
