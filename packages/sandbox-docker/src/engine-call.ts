/** One question to the engine, with a limit of time, and what it says no with as a typed error. */
import { OmniError } from '@omnipaw/kernel';
import { sandboxError, type SandboxErrorCode } from './errors.js';

/** What dockerode rejects with: an answer of the engine has a status, a connection that failed has a code of the system. */
interface EngineFailure extends Error {
  readonly statusCode?: number;
  readonly json?: { readonly message?: string } | null;
  readonly code?: string;
}

/** An engine that has a lot to do takes its time; one that hangs does not answer at all. */
const PATIENCE_MS = 20_000;

export interface Asking {
  /** Ends the question, too: it then rejects with that signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly patienceMs?: number;
  /** What to reject with when there was no answer for that long; `SANDBOX_UNREACHABLE` unless given. */
  readonly late?: () => OmniError;
}

/**
 * What the engine answers to a question; rejects with `SANDBOX_UNREACHABLE` when it does not for long: "… of starting a container".
 *
 * A question that is given up is aborted: nothing is left of it that would keep this process, or go on taking in an answer.
 */
export async function ask<Result>(doing: string, question: (abortSignal: AbortSignal) => Promise<Result>, { signal, patienceMs = PATIENCE_MS, late }: Asking = {}): Promise<Result> {
  const givingUp = new AbortController();
  const heed = (): void => { givingUp.abort(signal!.reason); };
  const timer = setTimeout(() => { givingUp.abort((late ?? unanswered)()); }, patienceMs);
  const unanswered = (): OmniError => sandboxError('SANDBOX_UNREACHABLE', `The engine did not answer within ${patienceMs / 1_000} s of ${doing}. Look at the engine.`);
  signal?.addEventListener('abort', heed);
  try {
    signal?.throwIfAborted();
    return await unlessAborted(givingUp.signal, question(givingUp.signal));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', heed);
  }
}

/** What a promise settles with, unless a signal comes first: then it rejects with the signal's reason. */
export function unlessAborted<Result>(signal: AbortSignal, promise: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    // Nobody else sees what is thrown here: an error of this package, or the end that a call was given.
    const stop = (): void => { reject(signal.reason as Error); };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    promise.then(resolve, reject).finally(() => { signal.removeEventListener('abort', stop); });
  });
}

/** Whether the engine says that there is no such thing. */
export function isGone(thrown: unknown): boolean {
  return (thrown as EngineFailure).statusCode === 404;
}

/** Whether the engine says that it can't be done to what there is, as it is: it is not running, or it is being removed already. */
export function isConflict(thrown: unknown): boolean {
  return (thrown as EngineFailure).statusCode === 409;
}

/** Where there was nobody to hear a question. */
const NOBODY: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTFOUND']);

/** Whether a question may have been heard and acted on, though no answer has come that can be understood. */
export function isUnanswered(thrown: unknown): boolean {
  const { statusCode, code } = thrown as EngineFailure;
  return statusCode === undefined && !NOBODY.has(code ?? '');
}

/** What was thrown while something was done ("a container was started"), as an error of this package; `unanswered` if nobody has answered. */
export function engineError(thrown: unknown, meanwhile: string, unanswered: SandboxErrorCode = 'SANDBOX_UNREACHABLE'): OmniError {
  if (thrown instanceof OmniError) return thrown;
  const { statusCode, json, message: text } = thrown as EngineFailure;
  if (statusCode === undefined) return sandboxError(unanswered, `The engine did not answer while ${meanwhile} (${text}). ${REMEDIES[unanswered] ?? ''}`.trim(), { cause: thrown });
  const reason = (json?.message ?? text).trim();
  const details = { status: statusCode, reason };
  if (/no space left on device|disk quota exceeded/i.test(reason)) return sandboxError('SANDBOX_DISK_FULL', `The disk of the engine is full: ${reason}. Make room there.`, { details, cause: thrown });
  return sandboxError('SANDBOX_FAILED', `The engine said no while ${meanwhile}: ${reason}.`, { details, cause: thrown });
}

const REMEDIES: Readonly<Partial<Record<SandboxErrorCode, string>>> = {
  SANDBOX_UNREACHABLE: 'Start it, or say by DOCKER_HOST where it is.',
};

/** Throws `SANDBOX_FAILED` for an answer that no engine gives. */
export function assertUnderstood(isUnderstood: boolean, asked: string): asserts isUnderstood {
  if (!isUnderstood) throw sandboxError('SANDBOX_FAILED', `What answers in the engine's place does not speak its language: it was asked for ${asked}. Look at what DOCKER_HOST names.`);
}
