import {
  describeThrown,
  ERROR_CODES,
  isOmniError,
  OmniError,
  toErrorRecord,
  type ErrorCode,
  type ErrorRecord,
  type FailureClass,
} from '../errors/index.js';
import { isWellFormed, toJsonWithin } from './json.js';

/** An error says what happened; whatever is longer belongs into a result. Characters. */
const MAX_TEXT = 8 * 1024;
const MAX_DETAILS_BYTES = 64 * 1024;

/**
 * Whatever was thrown, as the log can hold it; never throws itself.
 *
 * An OmniError keeps its code; anything else gets `fallbackCode`. Details that are not JSON, or are too large, are left
 * out, and only the kernel itself can declare an invariant breached.
 */
export function recordThrown(thrown: unknown, fallbackCode: ErrorCode, what: string): ErrorRecord {
  return recordCleaned({ thrown, fallbackCode, what, clean: (text) => text });
}

/** {@link recordThrown}, with something taken out of every text before the text is cut to its longest length. */
export function recordCleaned(failure: Failure): ErrorRecord {
  try {
    return recordOf(failure);
  } catch {
    // A getter or a proxy refuses to be looked at, and so nothing more can be told of it than that.
    const { thrown, fallbackCode, what } = failure;
    const message = `${what} threw a ${typeof thrown} that can't be read.`;
    return Object.freeze({ code: fallbackCode, failureClass: ERROR_CODES[fallbackCode], message });
  }
}

export interface Failure {
  readonly thrown: unknown;
  readonly fallbackCode: ErrorCode;
  /** What threw, at the beginning of a sentence. */
  readonly what: string;
  readonly clean: (text: string) => string;
}

function recordOf({ thrown, fallbackCode, what, clean }: Failure): ErrorRecord {
  const error =
    isOmniError(thrown)
      ? thrown
      : new OmniError(fallbackCode, `${what} threw ${kindOf(thrown)}: ${describeThrown(thrown)}`, { cause: thrown });
  // Its fields hold what they are declared to hold only if whoever made it wrote TypeScript.
  const { code, failureClass, message, details, causes } = toErrorRecord(error);
  const isCode = typeof code === 'string' && code !== '' && code.length <= MAX_TEXT && isWellFormed(code);
  const safeDetails = jsonDetails(details);
  return Object.freeze({
    code: isCode ? code : fallbackCode,
    failureClass: RAISABLE.has(failureClass) ? failureClass : 'PERMANENT',
    message: shortened(clean(message)),
    ...(safeDetails === undefined ? {} : { details: safeDetails }),
    ...(causes === undefined ? {} : { causes: Object.freeze(causes.map((cause) => shortened(clean(cause)))) }),
  });
}

/** Every class but INVARIANT_BREACH. */
const RAISABLE: ReadonlySet<FailureClass> = new Set(['TRANSIENT', 'PERMANENT', 'POLICY_VIOLATION']);

function kindOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.name;
  if (thrown === null || thrown === undefined) return String(thrown);
  return typeof thrown === 'object' ? 'an object' : `a ${typeof thrown}`;
}

/** Never cut inside a surrogate pair. */
function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const cut = text.slice(0, MAX_TEXT);
  return `${isWellFormed(cut) ? cut : cut.slice(0, -1)}…`;
}

function jsonDetails(details: ErrorRecord['details']): ErrorRecord['details'] {
  if (typeof details !== 'object') return undefined;
  try {
    return toJsonWithin(details, MAX_DETAILS_BYTES, 'The details of an error') as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
