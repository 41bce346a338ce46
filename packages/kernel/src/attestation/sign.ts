import { OmniError } from '../errors/index.js';
import { corruptLog, namelessLog, scanLog, type LogReader } from '../logging/index.js';
import type { Codec } from '../ports/index.js';
import { HeadClaims } from './claims.js';
import { originOf, parseHead, signNewHead, type LogHead, type ParsedHead } from './head.js';
import { CompactRange, entryLeaf } from './merkle.js';
import { keyIdOf, type HeadSigner } from './note.js';

export interface SignOptions {
  readonly signer: HeadSigner;
  readonly codec: Codec;
  /** What was signed of this log before. Nothing is signed that contradicts it. */
  readonly earlier?: readonly string[];
}

/** A head that was signed, as text and taken apart. */
export interface SignedHead extends LogHead {
  readonly text: string;
}

/**
 * Signs the head of a log as it is now; a torn tail is not covered.
 *
 * Rejects with `LOG_CORRUPT` for a damaged log, with `LOG_FORMAT_UNSUPPORTED` for one without a header, and with `HEAD_CONTRADICTED`
 * if the log no longer holds what the same key signed earlier.
 */
export async function signHead(reader: LogReader, { signer, codec, earlier = [] }: SignOptions): Promise<SignedHead> {
  const range = new CompactRange(codec);
  let origin: string | undefined;
  const before = headsBy(signer, { texts: earlier, codec });
  const claims = new HeadClaims(before);
  const { damage, head: chain, nextSeq: entries } = await scanLog(reader, codec, ({ line, head }) => {
    if (range.size === 0) origin = originOf(line, head, codec);
    range.append(entryLeaf(head, codec));
    claims.compare(range, head);
  });
  if (damage !== undefined) throw corruptLog(damage);
  if (origin === undefined) throw namelessLog('there is nothing that a signature could be about');
  const refuted = before.find((head) => head.origin === origin && !claims.isConfirmed(head));
  if (refuted !== undefined) throw contradicted(refuted);
  const head = { origin, entries, root: range.root(), chain };
  return { ...head, text: await signNewHead(head, signer, codec) };
}

/** Those of some heads that bear the signature of a signer; what is no head is none of them. */
export function headsBy(signer: HeadSigner, { texts, codec }: { texts: readonly string[]; codec: Codec }): ParsedHead[] {
  return texts.flatMap((text) => {
    const head = parsedOr(text);
    if (head === undefined) return [];
    const keyId = keyIdOf(head.origin, signer.publicKey, codec);
    return head.note.signatures.some((signature) => signature.keyId === keyId) ? [head] : [];
  });
}

function parsedOr(text: string): ParsedHead | undefined {
  try {
    return parseHead(text);
  } catch {
    return undefined;
  }
}

/** The log does not hold what a signed head covers. */
export function contradicted({ origin, entries, chain }: LogHead): OmniError {
  return new OmniError(
    'HEAD_CONTRADICTED',
    `The log does not hold the ${entries} entries of ${origin} up to ${chain} that a signed head covers: it was cut off, written anew, or brought back from an older copy. Find out which, before you sign it again.`,
    { details: { origin, entries, chain } },
  );
}
