/** How long a call may wait for the container in which its command is then run. */
import type { ExecOptions } from '@omnipaw/host';
import { sandboxError } from './errors.js';

/** A tool waits somewhat longer for its call than the command may take: within that, the error must reach who has called. */
const LEAST_MS = 10_000;
const MOST_MS = 30_000;

export interface StartLimit {
  /** Aborted when nobody wants the call any more, and when it has waited for too long, with `SANDBOX_UNREACHABLE` as the reason. */
  readonly signal: AbortSignal;
  clear(): void;
}

export function limitStart({ signal, timeoutMs }: Pick<ExecOptions, 'signal' | 'timeoutMs'>): StartLimit {
  const mostMs = Math.min(Math.max(timeoutMs, LEAST_MS), MOST_MS);
  const controller = new AbortController();
  const abort = (): void => { controller.abort(); };
  const timer = setTimeout(() => {
    controller.abort(sandboxError('SANDBOX_UNREACHABLE', `No container was ready within ${mostMs / 1_000} s: the engine has too much to do, or is still pulling the image. Nothing has run; try again.`));
  }, mostMs);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    },
  };
}
