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
const PATIENCE_MS = 60_000;

/** What the engine answers; rejects with `SANDBOX_UNREACHABLE` when it does not for long: "… of starting a container". */
export function answer<Result>(asked: Promise<Result>, doing: string): Promise<Result> {
  return within(PATIENCE_MS, asked, () => sandboxError('SANDBOX_UNREACHABLE', `The engine did not answer within ${PATIENCE_MS / 1_000} s of ${doing}. Look at the engine.`));
}

/** Rejects with what `late` says when there is no answer within the time; nobody hears of one that comes later. */
export function within<Result>(timeoutMs: number, asked: Promise<Result>, late: () => OmniError): Promise<Result> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(late()); }, timeoutMs);
    asked.then(resolve, reject).finally(() => { clearTimeout(timer); });
  });
}

/** Whether the engine says that there is no such thing, or that it is not running, or being removed already. */
export function isGone(thrown: unknown): boolean {
  const { statusCode } = thrown as EngineFailure;
  return statusCode === 404 || statusCode === 409;
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
  SANDBOX_LOST: 'Nobody knows what the command has done; look at the workspace.',
};
