import { describeThrown, OmniError, toErrorRecord, type ErrorCode, type ErrorRecord } from '../errors/index.js';
import { toJson } from './json.js';

/**
 * Whatever was thrown, as the log can hold it.
 *
 * An OmniError keeps its code; anything else gets `fallbackCode`. Details that are not JSON are left out, and only the
 * kernel itself can declare an invariant breached.
 */
export function recordThrown(thrown: unknown, fallbackCode: ErrorCode, what: string): ErrorRecord {
  const error =
    thrown instanceof OmniError
      ? thrown
      : new OmniError(fallbackCode, `${what} threw ${kindOf(thrown)}: ${describeThrown(thrown)}`, { cause: thrown });
  const { details, ...record } = toErrorRecord(error);
  const failureClass = record.failureClass === 'INVARIANT_BREACH' ? 'PERMANENT' : record.failureClass;
  const safeDetails = jsonDetails(details);
  return Object.freeze({ ...record, failureClass, ...(safeDetails === undefined ? {} : { details: safeDetails }) });
}

function kindOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.name;
  return thrown === null ? 'null' : `a ${typeof thrown}`;
}

function jsonDetails(details: ErrorRecord['details']): ErrorRecord['details'] {
  if (details === undefined) return undefined;
  try {
    return toJson(details) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
