/** Whether a fork comes from where its header says: its own chain is `verify`'s to check, and its programs' doing `replay`'s. */
import { OmniError } from '../errors/index.js';
import { parentIn, type ForkParent } from '../header/index.js';
import { encodeSaying, readRecorded, sayingIn, type LogReader, type RawEntry, type RecordedEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { patched } from './patch.js';
import { Recorded } from './recorded.js';

/**
 * What speaks against a link.
 *
 * - `MALFORMED`: the header names a parent in a way that no kernel does.
 * - `INCOMPLETE`: the fork ends before the entry at which it was made, as when making it was interrupted.
 * - `OTHER_PARENT`: the log that was given is not the one that the header names.
 * - `HASH_MISMATCH`: the parent's entry has another hash, or there is none: the parent was cut off or written anew.
 * - `ENTRY_DIFFERS`: an entry does not say what the parent's says, or at the end what the patch makes of it.
 * - `DAMAGED`: one of the two logs is damaged before that.
 */
export type LinkReason = 'MALFORMED' | 'INCOMPLETE' | 'OTHER_PARENT' | 'HASH_MISMATCH' | 'ENTRY_DIFFERS' | 'DAMAGED';

export interface LinkVerdict {
  /** `UNCHECKED`: the parent was not given; the fork itself is whole. */
  readonly link: 'LINKED' | 'BROKEN' | 'UNCHECKED';
  /** The parent as the fork's header names it; left out if that is `MALFORMED`. */
  readonly parent?: ForkParent;
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
 * further; without the parent, the fork alone. Rejects with `LOG_CORRUPT` if the fork's first entry can't be read.
 */
export async function verifyLink(fork: LogReader, { codec, parent }: LinkOptions): Promise<LinkVerdict | undefined> {
  const header = await firstEntry(fork, codec);
  let named: ForkParent | undefined;
  try {
    named = parentIn(header);
  } catch {
    return { link: 'BROKEN', reason: 'MALFORMED', busSeq: 0 };
  }
  if (named === undefined) return undefined;
  const found = await compare({ fork, parent, named, codec });
  if (found !== undefined) return { link: 'BROKEN', parent: named, ...found };
  return { link: parent === undefined ? 'UNCHECKED' : 'LINKED', parent: named };
}

interface Contradiction {
  readonly reason: LinkReason;
  readonly busSeq: number;
}

interface Both {
  readonly fork: LogReader;
  readonly parent: LogReader | undefined;
  readonly named: ForkParent;
  readonly codec: Codec;
}

async function compare({ fork, parent, named, codec }: Both): Promise<Contradiction | undefined> {
  const recorded = named.patch === undefined ? undefined : new Recorded();
  const owns = recordedIn(fork, codec);
  const originals = parent === undefined ? undefined : recordedIn(parent, codec);
  let busSeq = 0;
  try {
    if (parent !== undefined && (await firstEntry(parent, codec))?.data['logId'] !== named.logId) return { reason: 'OTHER_PARENT', busSeq };
    for (; busSeq <= named.busSeq; busSeq++) {
      const own = await next(owns);
      const reason = own === undefined ? 'INCOMPLETE' : originals && contradictionIn(own, await next(originals), { named, recorded });
      if (reason !== undefined) return { reason, busSeq };
    }
    return undefined;
  } catch (thrown) {
    if (thrown instanceof OmniError && thrown.code === 'LOG_CORRUPT') return { reason: 'DAMAGED', busSeq };
    throw thrown;
  } finally {
    await Promise.all([owns.return(), originals?.return()]);
  }
}

interface Expected {
  readonly named: ForkParent;
  /** What was before, for a patch that has to know it. */
  readonly recorded: Recorded | undefined;
}

/** An entry of the fork, and the parent's of the same number. */
function contradictionIn(own: RecordedEntry, original: RecordedEntry | undefined, expected: Expected): LinkReason | undefined {
  const { busSeq, hash } = expected.named;
  if (original === undefined || (own.entry.busSeq === busSeq && original.entry.hash !== hash)) return 'HASH_MISMATCH';
  const isSame = own.entry.busSeq === 0 ? headerText(own.entry) === headerText(original.entry) : sayingIn(own.text) === expectedSaying(original, expected);
  if (!isSame) return 'ENTRY_DIFFERS';
  expected.recorded?.apply(original.entry);
  return undefined;
}

/** What the fork has to say where the parent said this, byte for byte; undefined if the patch does not fit. */
function expectedSaying({ entry, text }: RecordedEntry, { named: { busSeq, patch }, recorded }: Expected): string | undefined {
  if (recorded === undefined || entry.busSeq < busSeq) return sayingIn(text);
  try {
    const data = patched(entry as never, patch, { state: recorded.state, maxValueBytes: Infinity });
    return encodeSaying({ ...entry, data }, entry);
  } catch {
    return undefined;
  }
}

/** Headers differ in the moment, the log's own name, and where it comes from. */
function headerText({ agent, kind, data }: RawEntry): string {
  return JSON.stringify([agent, kind, { ...data, logId: null, parent: undefined }]);
}

async function* recordedIn(reader: LogReader, codec: Codec): AsyncGenerator<RecordedEntry, void, undefined> {
  for await (const batch of readRecorded(reader, codec)) yield* batch;
}

async function next(entries: AsyncGenerator<RecordedEntry, void>): Promise<RecordedEntry | undefined> {
  const { done, value } = await entries.next();
  return done === true ? undefined : value;
}

async function firstEntry(reader: LogReader, codec: Codec): Promise<RawEntry | undefined> {
  for await (const { entry } of recordedIn(reader, codec)) return entry;
  return undefined;
}
