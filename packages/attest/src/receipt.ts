/**
 * Receipts: proof that one entry is in a log, for those who do not have the log.
 *
 * A receipt is a text in the form of https://c2sp.org/tlog-proof. Its extra line holds the entry's line, which is of no
 * authority by itself: the hash of that line is the leaf whose place the proof shows.
 */
import { checkLine, corruptLog, nodePorts, OmniError, parseEntry, scanLog, type LogReader, type RawEntry } from '@omnipaw/kernel';
import { HeadClaims } from './claims.js';
import { fromBase64, fromHex, toBase64, toHex } from './encodings.js';
import { originOf, parseHead, type LogHead, type ParsedHead } from './head.js';
import { InclusionProver, rootFromPath } from './inclusion.js';
import { headVerifier } from './keys.js';
import { CompactRange, entryLeaf } from './merkle.js';
import { checkSignature } from './note.js';
import { contradicted } from './sign.js';

const { codec } = nodePorts;

export interface ReceiptOptions {
  /** `busSeq` of the entry. */
  readonly at: number;
  /** A signed head that covers it. */
  readonly head: string;
}

/** What a good receipt proves: that the owner of the key has signed a log in which this entry stands. */
export interface Receipt {
  readonly entry: RawEntry;
  /** The entry as stored, without the newline. */
  readonly line: string;
  readonly head: LogHead;
}

const TITLE = 'c2sp.org/tlog-proof@v1';
const RECEIPT = /^c2sp\.org\/tlog-proof@v1\nextra (?<line>[\w+/=]+)\nindex (?<index>0|[1-9]\d{0,15})\n(?<path>(?:[\w+/=]+\n){0,53})\n(?<head>[^]*)$/;

/**
 * Makes a receipt for an entry. Whether the head's signature is good is for its reader to check.
 *
 * Rejects with `HEAD_INVALID` for what is no head, `LOG_NOT_FOUND` for an entry that the head does not cover, `LOG_CORRUPT` for damage before the
 * head's last entry, and `HEAD_CONTRADICTED` if the log does not hold what the head covers.
 */
export async function makeReceipt(reader: LogReader, { at, head: text }: ReceiptOptions): Promise<string> {
  const head = parseHead(text);
  assertCovered(at, head);
  const claims = new HeadClaims([head]);
  const range = new CompactRange(codec);
  const prover = new InclusionProver(at, head.entries, codec);
  let origin: string | undefined;
  let line = new Uint8Array();
  const { damage } = await scanLog(reader, codec, (entry) => {
    if (range.size === 0) origin = originOf(entry.line, entry.head, codec);
    if (range.size === head.entries) return;
    // A copy: the rest of a chunk need not be kept for it.
    if (range.size === at) line = entry.line.slice();
    const leaf = entryLeaf(entry.head, codec);
    range.append(leaf);
    prover.append(leaf);
    claims.compare(range, entry.head);
  });
  if (damage !== undefined && range.size < head.entries) throw corruptLog(damage);
  if (head.origin !== origin || !claims.isConfirmed(head)) throw contradicted(head);
  const path = prover.path().map((hash) => `${toBase64(fromHex(hash))}\n`);
  return `${TITLE}\nextra ${toBase64(line)}\nindex ${at}\n${path.join('')}\n${text}`;
}

/** Checks a receipt with nothing but the public key of the log's owner, in PEM; rejects with `RECEIPT_INVALID`, which says why. */
export async function verifyReceipt(text: string, publicKey: string): Promise<Receipt> {
  const verifier = headVerifier(publicKey);
  const { line, index, path, head } = parseReceipt(text);
  const checked = checkLine(line, { nextSeq: index, head: undefined }, codec);
  if ('reason' in checked) throw invalid(`its entry is not what was hashed (${checked.reason})`);
  const root = rootFromPath(entryLeaf(checked.hash, codec), { index, size: head.entries }, { path, codec });
  if (root !== head.root) throw invalid('its proof does not lead to the root that was signed');
  if (index === head.entries - 1 && checked.hash !== head.chain) throw invalid('its entry is not the last one that was signed');
  const signature = await checkSignature(head.note, head.origin, { verifier, codec });
  if (signature === 'MISSING') throw invalid('it is not signed by the key that was given');
  if (signature === 'BAD') throw invalid('its signature is not good');
  const recorded = parseEntry(line, { busSeq: index, hash: checked.hash }, codec);
  if (recorded === undefined) throw invalid('its entry is not one that a kernel writes');
  const { origin, entries, chain } = head;
  return { entry: recorded.entry, line: recorded.text, head: { origin, entries, root, chain } };
}

interface ParsedReceipt {
  readonly line: Uint8Array;
  readonly index: number;
  readonly path: readonly string[];
  readonly head: ParsedHead;
}

function parseReceipt(text: string): ParsedReceipt {
  const fields = RECEIPT.exec(text)?.groups;
  if (fields === undefined) throw invalid('it has not the form of one');
  const line = fromBase64(fields['line']!);
  const path = fields['path']!.split('\n').slice(0, -1).map(fromBase64);
  if (line === undefined || !path.every((hash) => hash?.length === 32)) throw invalid('its base64 is not what a writer makes');
  try {
    return { line, index: Number(fields['index']), path: path.map((hash) => toHex(hash!)), head: parseHead(fields['head']!) };
  } catch (cause) {
    throw invalid('it holds no signed head', cause);
  }
}

function assertCovered(at: number, { entries }: LogHead): void {
  if (!Number.isSafeInteger(at) || at < 0) throw new TypeError(`An entry's number is a whole number from 0; found ${String(at)}.`);
  if (at < entries) return;
  throw new OmniError('LOG_NOT_FOUND', `The signed head covers entries 0 to ${entries - 1}, and so none with busSeq ${at}. Sign a newer head.`, {
    details: { at, entries },
  });
}

function invalid(reason: string, cause?: unknown): OmniError {
  return new OmniError('RECEIPT_INVALID', `The receipt proves nothing: ${reason}. Ask for another one.`, { cause });
}
