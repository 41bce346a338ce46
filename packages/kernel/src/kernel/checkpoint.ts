/**
 * What a checkpoint is made of, as bytes: a header, the state, and the histories of the agents that have not ended.
 *
 * INV-22: it derives from the log alone, says of which entry, and is checksummed before use. It is never needed: whatever does not fit
 * is ignored, and the log is folded from its beginning.
 */
import { deepFreeze } from '../json/index.js';
import { joinLines, splitLines, type KnownEntry } from '../logging/index.js';
import type { Codec } from '../ports/index.js';

/** What else has to be the same for a checkpoint to be of use. */
export interface CheckpointMaker {
  readonly kernelVersion: string;
  /** Names and versions of extensions that keep a state of their own. */
  readonly extensions: readonly (readonly [name: string, version: string])[];
}

export interface Checkpoint {
  readonly logId: string;
  /** The last entry that it takes into account. */
  readonly known: KnownEntry;
  /** By the name of the projection. */
  readonly state: Readonly<Record<string, unknown>>;
  /** The entries of the present lives of those who have not ended, as stored; undefined if they are so long that they are left in the log. */
  readonly lines: readonly Uint8Array[] | undefined;
}

type Header = Pick<Checkpoint, 'logId' | 'known'> & CheckpointMaker & { readonly checkpoint: number; readonly histories: boolean; readonly sha256: string };

const FORMAT = 1;
const NEWLINE = 0x0a;

/** The state comes as JSON already. */
export function encodeCheckpoint({ logId, known, state, lines }: Omit<Checkpoint, 'state'> & { readonly state: string }, maker: CheckpointMaker, codec: Codec): Uint8Array {
  const header = { checkpoint: FORMAT, ...maker, logId, known, histories: lines !== undefined };
  const headerWith = (sha256: string): Uint8Array => codec.utf8(JSON.stringify({ ...header, sha256 }));
  // The checksum is written over as many zeros: histories can be long, and are not copied twice.
  const placeholder = headerWith('0'.repeat(64));
  const bytes = joinLines([placeholder, codec.utf8(state), ...(lines ?? [])]);
  bytes.set(headerWith(checksum(header, bytes.subarray(placeholder.length + 1), codec)));
  return bytes;
}

/** The checkpoint that the bytes hold; in words, why they are of no use. */
export function decodeCheckpoint(bytes: Uint8Array, maker: CheckpointMaker, codec: Codec): Checkpoint | string {
  try {
    const bodyStart = bytes.indexOf(NEWLINE) + 1;
    const { sha256, ...header } = JSON.parse(codec.text(bytes.subarray(0, bodyStart))) as Header;
    if (header.checkpoint !== FORMAT || !isSameMaker(header, maker)) return 'another version of the kernel or of an extension made it';
    const body = bytes.subarray(bodyStart);
    if (checksum(header, body, codec) !== sha256) return 'its checksum does not fit';
    const [state, ...lines] = splitLines(body);
    const { logId, known, histories } = header;
    return { logId, known, state: deepFreeze(JSON.parse(codec.text(state!)) as Record<string, unknown>), lines: histories ? lines : undefined };
  } catch {
    return 'it is damaged';
  }
}

/** Over the header as well: a wrong name of the log in it would be a wrong idempotency key. */
function checksum(header: object, body: Uint8Array, codec: Codec): string {
  return codec.sha256(`${JSON.stringify(header)}\n${codec.sha256(body)}`);
}

function isSameMaker(one: CheckpointMaker, other: CheckpointMaker): boolean {
  return one.kernelVersion === other.kernelVersion && JSON.stringify(one.extensions) === JSON.stringify(other.extensions);
}
