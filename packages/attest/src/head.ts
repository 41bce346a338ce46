/** Signed heads: a log's Merkle tree at some size, as https://c2sp.org/tlog-checkpoint has it, with the chain's own head. */
import { OmniError, parseEntry, type Codec } from '@omnipaw/kernel';
import { fromBase64, fromHex, toBase64, toHex } from './encodings.js';
import { parseNote, signNote, type HeadSigner, type SignedNote } from './note.js';

/** What a head says of a log. */
export interface LogHead {
  /** Which log: `omnipaw/` and its id. */
  readonly origin: string;
  /** How many entries it covers, one or more. */
  readonly entries: number;
  /** The root of the Merkle tree over these entries, hexadecimal. */
  readonly root: string;
  /** The hash of the last of them. */
  readonly chain: string;
}

/** A head with what was signed and by whom; whether the signature is good is another question. */
export interface ParsedHead extends LogHead {
  readonly note: SignedNote;
}

const ORIGIN = /^omnipaw\/[!-*,-~]+$/;
const HEAD = /^(?<origin>.+)\n(?<entries>[1-9]\d{0,15})\n(?<root>[\w+/]{43}=)\nchain (?<chain>[0-9a-f]{64})\n$/;

/** The name of a log in its heads. */
export function originOfLog(logId: string): string {
  return `omnipaw/${logId}`;
}

/** The same by a log's first line; undefined if that is no header, or one without a usable id. */
export function originOf(line: Uint8Array, hash: string, codec: Codec): string | undefined {
  const header = parseEntry(line, { busSeq: 0, hash }, codec)?.entry;
  const logId = header?.kind === 'LOG_OPENED' ? header.data['logId'] : undefined;
  const origin = originOfLog(typeof logId === 'string' ? logId : '');
  return ORIGIN.test(origin) ? origin : undefined;
}

/** Signs a head, with the origin as the name of the key. */
export function signNewHead(head: LogHead, signer: HeadSigner, codec: Codec): Promise<string> {
  const { origin, entries, root, chain } = head;
  const text = `${origin}\n${entries}\n${toBase64(fromHex(root))}\nchain ${chain}\n`;
  return signNote(text, origin, { signer, codec });
}

/** Reads a signed head without checking its signature; throws `HEAD_INVALID` for what has not its form. */
export function parseHead(text: string): ParsedHead {
  const note = parseNote(text);
  const fields = note === undefined ? undefined : HEAD.exec(note.text)?.groups;
  const root = fields === undefined ? undefined : fromBase64(fields['root']!);
  if (note === undefined || fields === undefined || root === undefined) throw malformed();
  const [origin, entries, chain] = [fields['origin']!, Number(fields['entries']), fields['chain']!];
  if (!ORIGIN.test(origin) || !Number.isSafeInteger(entries)) throw malformed();
  return { origin, entries, root: toHex(root), chain, note };
}

function malformed(): OmniError {
  return new OmniError(
    'HEAD_INVALID',
    'This is no signed head: it must have an origin, a number of entries, a root and a chain line, an empty line and a signature. Give the file as it was written.',
  );
}
