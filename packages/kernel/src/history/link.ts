/** Whether a fork comes from where its header says: its own chain is `verify`'s to check, and its programs' doing `replay`'s. */
import { OmniError } from '../errors/index.js';
import { readEntries, type LogReader, type RawEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import type { ForkParent } from './fork.js';
import { patched } from './patch.js';
import { Recorded } from './recorded.js';

/**
 * What speaks against a link.
 *
 * - `INCOMPLETE`: the fork ends before the entry at which it was made, as when making it was interrupted.
 * - `OTHER_PARENT`: the log that was given is not the one that the header names.
 * - `HASH_MISMATCH`: the parent's entry has another hash, or there is none: the parent was cut off or written anew.
 * - `ENTRY_DIFFERS`: an entry does not say what the parent's says, or at the end what the patch makes of it.
 * - `DAMAGED`: one of the two logs is damaged before that.
 */
export type LinkReason = 'INCOMPLETE' | 'OTHER_PARENT' | 'HASH_MISMATCH' | 'ENTRY_DIFFERS' | 'DAMAGED';

export interface LinkVerdict {
  /** `UNCHECKED`: the parent was not given. */
  readonly link: 'LINKED' | 'BROKEN' | 'UNCHECKED';
  /** The parent as the fork's header names it. */
  readonly parent: ForkParent;
  readonly reason?: LinkReason;
  /** The entry that the reason is about. */
  readonly busSeq?: number;
}

export interface LinkOptions {
  readonly codec: Codec;
  readonly parent?: LogReader;
}

/**
 * Follows a fork's link to its parent; undefined for a log that is no fork. Reads both up to the entry of the fork, and no
 * further. Rejects with `LOG_CORRUPT` if the fork's header can't be read.
 */
export async function verifyLink(fork: LogReader, { codec, parent }: LinkOptions): Promise<LinkVerdict | undefined> {
  const named = parentOf(await firstEntry(fork, codec));
  if (named === undefined) return undefined;
  if (parent === undefined) return { link: 'UNCHECKED', parent: named };
  const found = await compare({ fork: readEntries(fork, codec), parent: readEntries(parent, codec), named });
  return found === undefined ? { link: 'LINKED', parent: named } : { link: 'BROKEN', parent: named, ...found };
}

interface Contradiction {
  readonly reason: LinkReason;
  readonly busSeq: number;
}

interface Both {
  readonly fork: AsyncIterator<RawEntry, void>;
  readonly parent: AsyncIterator<RawEntry, void>;
  readonly named: ForkParent;
}

async function compare({ fork, parent, named }: Both): Promise<Contradiction | undefined> {
  const recorded = named.patch === undefined ? undefined : new Recorded();
  let busSeq = 0;
  try {
    for (; busSeq <= named.busSeq; busSeq++) {
      const [own, original] = [await next(fork), await next(parent)];
      const reason = contradictionIn({ own, original }, named, recorded);
      if (reason !== undefined) return { reason, busSeq };
      if (original !== undefined) recorded?.apply(original);
    }
    return undefined;
  } catch (thrown) {
    if (thrown instanceof OmniError && thrown.code === 'LOG_CORRUPT') return { reason: 'DAMAGED', busSeq };
    throw thrown;
  } finally {
    await Promise.all([fork.return?.(), parent.return?.()]);
  }
}

/** An entry of the fork, and the parent's of the same number. */
interface Pair {
  readonly own: RawEntry | undefined;
  readonly original: RawEntry | undefined;
}

function contradictionIn({ own, original }: Pair, named: ForkParent, recorded: Recorded | undefined): LinkReason | undefined {
  if (own === undefined) return 'INCOMPLETE';
  if (own.busSeq === 0 && original?.data['logId'] !== named.logId) return 'OTHER_PARENT';
  if (original === undefined || (own.busSeq === named.busSeq && original.hash !== named.hash)) return 'HASH_MISMATCH';
  return saysTheSame(own, expected(original, named, recorded)) ? undefined : 'ENTRY_DIFFERS';
}

/** What the fork has to say where the parent said this; undefined if the patch does not fit. */
function expected(original: RawEntry, { busSeq, patch }: ForkParent, recorded: Recorded | undefined): RawEntry | undefined {
  if (recorded === undefined || original.busSeq < busSeq) return original;
  try {
    const { state } = recorded;
    return { ...original, data: patched(original as never, patch, { state, maxValueBytes: Infinity }) };
  } catch {
    return undefined;
  }
}

/** The kernel writes the same entry as the same text, and so does a fork. */
function saysTheSame(own: RawEntry, wanted: RawEntry | undefined): boolean {
  return wanted !== undefined && textOf(own) === textOf(wanted);
}

/** Headers differ in the moment, the log's own name, and where it comes from. */
function textOf({ busSeq, time, agent, kind, data }: RawEntry): string {
  if (busSeq > 0) return JSON.stringify([time, agent, kind, data]);
  return JSON.stringify([kind, { ...data, logId: null, parent: undefined }]);
}

/** The parent that a header names; throws `LOG_CORRUPT` if it names none in the way that a kernel does. */
function parentOf(header: RawEntry | undefined): ForkParent | undefined {
  const named = header?.data['parent'] as Partial<ForkParent> | null | undefined;
  if (named === undefined) return undefined;
  const { logId, busSeq, hash } = named ?? {};
  if (typeof logId === 'string' && Number.isSafeInteger(busSeq) && typeof hash === 'string') return named as ForkParent;
  throw new OmniError('LOG_CORRUPT', 'The header of the log names a parent in a way that no kernel does. Compare the log with a pinned head.', {
    details: { busSeq: 0, kind: 'LOG_OPENED' },
  });
}

async function next(entries: AsyncIterator<RawEntry, void>): Promise<RawEntry | undefined> {
  const { done, value } = await entries.next();
  return done === true ? undefined : (value);
}

async function firstEntry(reader: LogReader, codec: Codec): Promise<RawEntry | undefined> {
  for await (const entry of readEntries(reader, codec)) return entry;
  return undefined;
}
