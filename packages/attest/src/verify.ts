/** Completeness by signed heads: one that is good is a pin that its signer vouches for. */
import { nodePorts, verify, type LogPin, type LogReader, type LogVerdict } from '@omnipaw/kernel';
import { HeadClaims } from './claims.js';
import { originOf, parseHead, type ParsedHead } from './head.js';
import { headVerifier } from './keys.js';
import { CompactRange, entryLeaf } from './merkle.js';
import { checkSignature, type HeadVerifier } from './note.js';

const { codec } = nodePorts;

/**
 * What a signed head means for a log.
 *
 * - `CONFIRMED`: the signature is good, and the log holds what the head covers.
 * - `UNKNOWN_KEY`: no signature is of the key that was given, so the head says nothing; another one has to.
 * - `MALFORMED`, `BAD_SIGNATURE`, `OTHER_LOG`, `NOT_IN_LOG`: it speaks against the log.
 */
export type HeadStatus = 'CONFIRMED' | 'UNKNOWN_KEY' | 'MALFORMED' | 'BAD_SIGNATURE' | 'OTHER_LOG' | 'NOT_IN_LOG';

export interface HeadVerdict {
  readonly status: HeadStatus;
  /** Which log it names, unless it is malformed. */
  readonly origin?: string;
  /** How many entries it covers, unless it is malformed. */
  readonly entries?: number;
}

/** The verdict on a log, and on each signed head that was given. */
export interface AttestedVerdict extends LogVerdict {
  readonly heads: readonly HeadVerdict[];
}

/** What a log is held against. */
export interface AttestedVerifyOptions {
  /** The public key, in PEM, that must have signed one of the heads. */
  readonly publicKey: string;
  /** Signed heads, as text; those that another key has signed say nothing. */
  readonly heads: readonly string[];
  /** A head that was noted down as well. */
  readonly pin?: LogPin;
}

/** A head before the log is read. */
interface Candidate {
  readonly head: ParsedHead | undefined;
  readonly signature: 'GOOD' | 'BAD' | 'MISSING';
}

/**
 * Checks every byte of a log, and that it holds what signed heads cover.
 *
 * The log is `COMPLETE` if one of them is confirmed and none speaks against it; a key without any such head is `INCOMPLETE`, since
 * what it should have signed is not there. Rejects with `KEY_INVALID` for what is no public key.
 */
export async function verifyAttested(reader: LogReader, { publicKey, heads, ...pin }: AttestedVerifyOptions): Promise<AttestedVerdict> {
  const verifier = headVerifier(publicKey);
  const candidates = await Promise.all(heads.map((text) => candidate(text, verifier)));
  const claims = new HeadClaims(candidates.flatMap(({ head, signature }) => (signature === 'GOOD' && head !== undefined ? [head] : [])));
  const range = new CompactRange(codec);
  let origin: string | undefined;
  const verdict = await verify(reader, pin, ({ line, head }) => {
    if (range.size === 0) origin ??= originOf(line, head, codec);
    if (range.size >= claims.entries) return;
    range.append(entryLeaf(head, codec));
    claims.compare(range, head);
  });
  return withHeads(verdict, candidates.map((each) => judge(each, origin, claims)));
}

async function candidate(text: string, verifier: HeadVerifier): Promise<Candidate> {
  try {
    const head = parseHead(text);
    return { head, signature: await checkSignature(head.note, head.origin, { verifier, codec }) };
  } catch {
    return { head: undefined, signature: 'MISSING' };
  }
}

function judge({ head, signature }: Candidate, origin: string | undefined, claims: HeadClaims): HeadVerdict {
  if (head === undefined) return { status: 'MALFORMED' };
  const about = { origin: head.origin, entries: head.entries };
  if (signature === 'MISSING') return { status: 'UNKNOWN_KEY', ...about };
  if (signature === 'BAD') return { status: 'BAD_SIGNATURE', ...about };
  if (head.origin !== origin) return { status: 'OTHER_LOG', ...about };
  return { status: claims.isConfirmed(head) ? 'CONFIRMED' : 'NOT_IN_LOG', ...about };
}

function withHeads(verdict: LogVerdict, heads: readonly HeadVerdict[]): AttestedVerdict {
  const confirmed = heads.filter(({ status }) => status === 'CONFIRMED');
  const isRefuted = heads.some(({ status }) => status !== 'CONFIRMED' && status !== 'UNKNOWN_KEY');
  const isComplete = confirmed.length > 0 && !isRefuted && verdict.completeness !== 'INCOMPLETE';
  const pinnedAt = Math.max(verdict.pinnedAt ?? -1, ...confirmed.map(({ entries = 0 }) => entries - 1));
  return {
    ...verdict,
    completeness: isComplete ? 'COMPLETE' : 'INCOMPLETE',
    ...(pinnedAt < 0 ? {} : { pinnedAt }),
    heads,
  };
}
