/** The core's readers of logs on Node, with Node's own SHA-256 unless told otherwise. */
import {
  makeReceipt as makeReceiptWith,
  signHead as signHeadWith,
  verifyAttested,
  verifyReceipt as verifyReceiptWith,
  type AttestedVerdict,
  type HeadSigner,
  type Receipt,
  type SignedHead,
  type SignOptions,
} from './attestation/index.js';
import {
  diff as diffWith,
  fork as forkWith,
  replay as replayWith,
  verifyLink as verifyLinkWith,
  whatIf as whatIfWith,
  type DiffOptions,
  type Forked,
  type ForkOptions,
  type LinkOptions,
  type LinkVerdict,
  type LogDiff,
  type ReplayOptions,
  type ReplayReport,
  type WhatIfOptions,
  type WhatIfReport,
} from './history/index.js';
import { inspect as inspectWith, type Inspection, type InspectOptions } from './kernel/index.js';
import {
  readEntries as readEntriesWith,
  type LogReader,
  type RawEntry,
  type ReadOptions,
  type VerifyOptions,
} from './logging/index.js';
import { headVerifier, nodePorts, verifierOf } from './node/index.js';
import type { Codec } from './ports/index.js';

const { codec } = nodePorts;

/** Options of which some need not be given. */
type WithDefaults<Options, Defaulted extends keyof Options> = Omit<Options, Defaulted> & Partial<Pick<Options, Defaulted>>;

/** What a log is held against. */
export interface LogVerifyOptions extends Partial<VerifyOptions> {
  /** The public key, in PEM, that must have signed one of the `heads`. */
  readonly publicKey?: string;
  /** Signed heads, as text; those that another key has signed say nothing. */
  readonly heads?: readonly string[];
}

/**
 * Checks every byte of a log; needs no lock, and works on a log that is being written.
 *
 * Rejects with `KEY_INVALID` for what is no public key.
 */
export async function verify(reader: LogReader, { publicKey, heads = [], ...options }: LogVerifyOptions = {}): Promise<AttestedVerdict> {
  if (publicKey !== undefined) return verifyAttested(reader, { codec, ...options, signed: { heads, verifier: headVerifier(publicKey) } });
  if (heads.length > 0) throw new TypeError('Signed heads prove nothing without the public key of whoever signed them. Pass publicKey.');
  return verifyAttested(reader, { codec, ...options });
}

/**
 * Signs the head of a log as it is now; a torn tail is not covered. With the heads that were signed `earlier`, nothing is signed that
 * contradicts them (`HEAD_CONTRADICTED`); what claims to be one of them and is not signed is told to `onProblem` (`HEAD_INVALID`). Rejects with `LOG_CORRUPT` for a damaged log.
 */
export function signHead(reader: LogReader, signer: HeadSigner, options: Partial<Pick<SignOptions, 'earlier' | 'onProblem'>> = {}): Promise<SignedHead> {
  return signHeadWith(reader, { signer, codec, verifier: verifierOf(signer.publicKey), ...options });
}

/**
 * Makes a receipt for the entry `at`, under a signed head that covers it. Rejects with `LOG_NOT_FOUND` if it does not, and with
 * `HEAD_CONTRADICTED` if the log does not hold what the head covers.
 */
export function makeReceipt(reader: LogReader, options: { readonly at: number; readonly head: string }): Promise<string> {
  return makeReceiptWith(reader, { codec, ...options });
}

/** Checks a receipt with a public key in PEM, and without the log; rejects with `RECEIPT_INVALID`, which says why. */
export function verifyReceipt(receipt: string, publicKey: string): Promise<Receipt> {
  return verifyReceiptWith(receipt, { verifier: headVerifier(publicKey), codec });
}

/** Folds a log, or a part of it, without running anything; rejects with `LOG_CORRUPT` where the chain is broken. */
export function inspect(reader: LogReader, options: Partial<InspectOptions> = {}): Promise<Inspection> {
  return inspectWith(reader, { codec, ...options });
}

/** Writes a fork of a log into an empty store: what happened up to an entry, to go on from there in another way. */
export function fork(parent: LogReader, options: WithDefaults<ForkOptions, 'ports'>): Promise<Forked> {
  return forkWith(parent, { ports: nodePorts, ...options });
}

/** Follows a fork's link to its parent; undefined for a log that is no fork. */
export function verifyLink(forked: LogReader, options: Partial<LinkOptions> = {}): Promise<LinkVerdict | undefined> {
  return verifyLinkWith(forked, { codec, ...options });
}

/** The first difference of each agent in two logs, without times, hashes and numbers of entries. */
export function diff(a: LogReader, b: LogReader, options: Partial<DiffOptions> = {}): Promise<LogDiff> {
  return diffWith(a, b, { codec, ...options });
}

/** Each action of a log that would now be refused, escalated or warned about: under other policies, grants or guards. */
export function whatIf(reader: LogReader, options: WithDefaults<WhatIfOptions, 'codec'>): Promise<WhatIfReport> {
  return whatIfWith(reader, { codec, ...options });
}

/**
 * Runs every tick of every agent again, without touching a tool, and compares what comes of it with the log.
 *
 * Rejects with `AGENT_TYPE_NOT_REGISTERED` and `TOOL_NOT_REGISTERED` for what the log uses and nobody passed.
 */
export function replay(reader: LogReader, options: Omit<ReplayOptions, 'codec'> & { readonly codec?: Codec }): Promise<ReplayReport> {
  return replayWith(reader, { codec, ...options });
}

/** The entries of a log in order, up to an incomplete last line; rejects with `LOG_CORRUPT` at the first damage. */
export function readEntries(reader: LogReader, options: ReadOptions = {}): AsyncGenerator<RawEntry, void, undefined> {
  return readEntriesWith(reader, codec, options);
}
