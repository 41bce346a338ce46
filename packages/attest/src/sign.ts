import { corruptLog, nodePorts, OmniError, scanLog, type Codec, type LogReader } from '@omnipaw/kernel';
import { HeadClaims } from './claims.js';
import { originOf, parseHead, signNewHead, type LogHead, type ParsedHead } from './head.js';
import { verifierOf } from './keys.js';
import { CompactRange, entryLeaf } from './merkle.js';
import { checkSignature, type HeadSigner } from './note.js';

const { codec } = nodePorts;

export interface SignOptions {
  /** What was signed of this log before. Nothing is signed that contradicts it. */
  readonly earlier?: readonly string[];
  /** Told of what claims to be signed by that key, and is not (`HEAD_INVALID`); it is left out of account. */
  readonly onProblem?: (problem: OmniError) => void;
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
export async function signHead(reader: LogReader, signer: HeadSigner, { earlier = [], onProblem }: SignOptions = {}): Promise<SignedHead> {
  const range = new CompactRange(codec);
  let origin: string | undefined;
  const before = await headsBy(signer, { texts: earlier, codec, onProblem });
  const claims = new HeadClaims(before);
  const { damage, head: chain, nextSeq: entries } = await scanLog(reader, codec, ({ line, head }) => {
    if (range.size === 0) origin = originOf(line, head, codec);
    range.append(entryLeaf(head, codec));
    claims.compare(range, head);
  });
  if (damage !== undefined) throw corruptLog(damage);
  if (origin === undefined) throw nameless();
  const refuted = before.find((head) => head.origin === origin && !claims.isConfirmed(head));
  if (refuted !== undefined) throw contradicted(refuted);
  const head = { origin, entries, root: range.root(), chain };
  return { ...head, text: await signNewHead(head, signer, codec) };
}

interface GivenHeads {
  readonly texts: readonly string[];
  readonly codec: Codec;
  readonly onProblem: SignOptions['onProblem'] | undefined;
}

/**
 * Those of some heads that a signer has signed; what is no head is none of them. What only claims to be is none either, and is told:
 * anybody who can write beside a log could keep its owner from signing it.
 */
export async function headsBy(signer: HeadSigner, { texts, codec, onProblem }: GivenHeads): Promise<ParsedHead[]> {
  const heads: ParsedHead[] = [];
  const verifier = verifierOf(signer.publicKey);
  for (const head of texts.flatMap((text) => parsedOr(text) ?? [])) {
    const signature = await checkSignature(head.note, head.origin, { verifier, codec });
    if (signature === 'GOOD') heads.push(head);
    if (signature === 'BAD') onProblem?.(unsigned(head));
  }
  return heads;
}

function nameless(): OmniError {
  return new OmniError('LOG_FORMAT_UNSUPPORTED', 'The log does not begin with a header that names it, so there is nothing that a signature could be about.');
}

function parsedOr(text: string): ParsedHead | undefined {
  try {
    return parseHead(text);
  } catch {
    return undefined;
  }
}

function unsigned({ origin, entries }: LogHead): OmniError {
  const message = `A head over ${entries} entries of ${origin} claims to be signed by the key that signs here, and is not: it is left out of account. Find out who put it there, and remove it.`;
  return new OmniError('HEAD_INVALID', message, { details: { origin, entries } });
}

/** The log does not hold what a signed head covers. */
export function contradicted({ origin, entries, chain }: LogHead): OmniError {
  return new OmniError(
    'HEAD_CONTRADICTED',
    `The log does not hold the ${entries} entries of ${origin} up to ${chain} that a signed head covers: it was cut off, written anew, or brought back from an older copy. Find out which, before you sign it again.`,
    { details: { origin, entries, chain } },
  );
}
