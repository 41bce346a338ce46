import { OmniError } from '@omnipaw/kernel';
import { inspect } from 'node:util';
import type { Host } from './host.js';
import { oneLine } from './terminal/printable.js';

/** What scripts rely on. */
export const EXIT = Object.freeze({ ok: 0, failed: 1, usage: 2 });

/** The command was called wrongly; ends with {@link EXIT}.usage and a pointer to the help. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A failure that is not the run's own but the caller's: what was named is not there, or not as it has to be. */
const CALLERS_OWN: ReadonlySet<string> = new Set(['LOG_NOT_FOUND', 'AGENT_NOT_FOUND', 'GRANT_NOT_FOUND', 'LOG_NOT_EMPTY', 'FORK_PATCH_INVALID', 'KEY_INVALID']);

export function exitCodeOf(thrown: unknown): number {
  const isUsage = thrown instanceof UsageError || (thrown instanceof OmniError && CALLERS_OWN.has(thrown.code));
  return isUsage ? EXIT.usage : EXIT.failed;
}

/** A failure in one line: its code, if it has one, and what to do. */
export function describeFailure(thrown: unknown): string {
  if (!(thrown instanceof Error)) return oneLine(`something threw ${inspect(thrown)}`);
  const { code } = thrown as { readonly code?: unknown };
  // The system's own words begin with its code.
  return oneLine(typeof code === 'string' && !thrown.message.startsWith(`${code}: `) ? `${code}: ${thrown.message}` : thrown.message || thrown.name);
}

/** {@link describeFailure}, and in parentheses what was behind it, unless that is said already. */
export function describeWithCause(thrown: unknown): string {
  const text = describeFailure(thrown);
  const cause = causeOf(thrown);
  if (cause === undefined) return text;
  const causeText = describeFailure(cause);
  return text.includes(causeText) ? text : `${text} (${causeText})`;
}

export function causeOf(thrown: unknown): unknown {
  return thrown instanceof Error ? thrown.cause : undefined;
}

/** The whole story, for those who ask for it: stack, details and causes. */
export function explainFailure(thrown: unknown): string {
  return inspect(thrown, { depth: 10 });
}

/** Whether people asked for the whole story, by option or by environment. */
export function isVerbose({ verbose }: { readonly verbose?: boolean }, { env }: Pick<Host, 'env'>): boolean {
  return verbose === true || (env['DEBUG'] ?? '') !== '';
}

/** A failure as JSON output holds it. */
export interface FailureRecord {
  readonly code: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

export function failureRecord(thrown: unknown): FailureRecord {
  if (!(thrown instanceof OmniError)) return { code: 'UNEXPECTED', message: describeFailure(thrown) };
  const { code, message, details } = thrown;
  return { code, message, ...(details === undefined ? {} : { details }) };
}
