/** The rule of retrying, pure. */
import type { ErrorRecord } from '../errors/index.js';
import type { RetryPolicy, Tool } from './define-tool.js';

const DEFAULT_RETRY: RetryPolicy = Object.freeze({ limit: 3, backoffMs: 200 });
const MAX_BACKOFF_MS = 60_000;

/**
 * How long to wait before the next attempt, in milliseconds; undefined when there is to be none.
 *
 * Only TRANSIENT errors are retried. After a timeout nobody knows whether the tool acted, so only an idempotent tool is
 * called again; a TRANSIENT error that a tool itself throws says that trying again is safe.
 */
export function retryDelayMs(tool: Tool, error: ErrorRecord, attempt: number): number | undefined {
  if (error.failureClass !== 'TRANSIENT') return undefined;
  if (error.code === 'TOOL_TIMEOUT' && !tool.idempotent) return undefined;
  const { limit, backoffMs } = tool.retry ?? DEFAULT_RETRY;
  return attempt > limit ? undefined : Math.min(backoffMs * 2 ** (attempt - 1), MAX_BACKOFF_MS);
}
