/**
 * What a checkpoint is made of, as bytes: a header, the state, and the histories of the agents that have not ended.
 *
 * INV-22: it derives from the log alone, says of which entry, and is checksummed before use. It is never needed: whatever does not fit
 * is ignored, and the log is folded from its beginning.
 */
import { deepFreeze } from '../json/index.js';
import { concatenate, joinLines, splitLines, type KnownEntry } from '../logging/index.js';
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
  /** The entries of the present lives of those who have not ended, as stored. */
  readonly lines: readonly Uint8Array[];
}

const FORMAT = 1;
const NEWLINE = 0x0a;

/** The state comes as JSON already. */
export function encodeCheckpoint({ logId, known, state, lines }: Omit<Checkpoint, 'state'> & { readonly state: string }, maker: CheckpointMaker, codec: Codec): Uint8Array {
  const body = joinLines([codec.utf8(state), ...lines]);
  const header = { checkpoint: FORMAT, ...maker, logId, known };
  return concatenate([codec.utf8(`${JSON.stringify({ ...header, sha256: checksum(header, body, codec) })}\n`), body]);
}

/** The checkpoint that the bytes hold; in words, why they are of no use. */
export function decodeCheckpoint(bytes: Uint8Array, maker: CheckpointMaker, codec: Codec): Checkpoint | string {
  try {
    const bodyStart = bytes.indexOf(NEWLINE) + 1;
    const { sha256, ...header } = JSON.parse(codec.text(bytes.subarray(0, bodyStart))) as Checkpoint & CheckpointMaker & { readonly checkpoint: number; readonly sha256: string };
    if (header.checkpoint !== FORMAT || !isSameMaker(header, maker)) return 'another version of the kernel or of an extension made it';
    const body = bytes.subarray(bodyStart);
    if (checksum(header, body, codec) !== sha256) return 'its checksum does not fit';
    const [state, ...lines] = splitLines(body);
    const { logId, known } = header;
    return { logId, known, state: deepFreeze(JSON.parse(codec.text(state!)) as Record<string, unknown>), lines };
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
