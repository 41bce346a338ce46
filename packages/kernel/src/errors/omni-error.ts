import { ERROR_CODES, type ErrorCode, type FailureClass } from './codes.js';

/** What a failure carries beside its code and message. */
export interface OmniErrorOptions {
  /** Overrides the class that the catalogue gives the code; required knowledge for codes of extensions. */
  readonly failureClass?: FailureClass;
  /** Facts for programs: JSON values only, since they travel in the log. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error type that leaves the kernel.
 *
 * `code` is stable and meant for programs; `message` says what happened, what was found and what to do.
 */
export class OmniError extends Error {
  readonly code: ErrorCode | (string & {});
  readonly failureClass: FailureClass;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode | (string & {}), message: string, options: OmniErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'OmniError';
    this.code = code;
    this.failureClass = options.failureClass ?? classOf(code);
    this.details = options.details;
  }
}

/** Whether this is an OmniError: of this copy of the kernel, or of another one that was loaded beside it. */
export function isOmniError(thrown: unknown): thrown is OmniError {
  return thrown instanceof OmniError || (thrown instanceof Error && thrown.name === 'OmniError' && 'failureClass' in thrown);
}

/** An error as the log holds it. */
export interface ErrorRecord {
  readonly code: string;
  readonly failureClass: FailureClass;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The messages of the causes, outermost first. */
  readonly causes?: readonly string[];
}

/** Turns an error into what the log holds; stacks stay out, since they differ between machines. */
export function toErrorRecord(error: OmniError): ErrorRecord {
  const causes = causeMessages(error);
  return {
    code: error.code,
    failureClass: error.failureClass,
    message: wellFormed(error.message),
    ...(error.details === undefined ? {} : { details: error.details }),
    ...(causes.length === 0 ? {} : { causes }),
  };
}

/** The inverse of {@link toErrorRecord}, as a program or a caller of `result()` sees it. */
export function fromErrorRecord(record: ErrorRecord): OmniError {
  return new OmniError(record.code, record.message, {
    failureClass: record.failureClass,
    ...(record.details === undefined ? {} : { details: record.details }),
    ...(record.causes?.[0] === undefined ? {} : { cause: new Error(record.causes.join(': ')) }),
  });
}

/** `String`, for values whose type is unknown: some of them print badly, and all of them print. */
const print: (value: unknown) => string = String;

/** Says in words what was thrown, whatever it was: people throw strings, too. Never throws itself. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return wellFormed(thrown.message || thrown.name);
    if (typeof thrown === 'object') return wellFormed(JSON.stringify(thrown));
    return wellFormed(print(thrown));
  } catch {
    return `an unprintable ${typeof thrown}`;
  }
}

function classOf(code: string): FailureClass {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : 'PERMANENT';
}

const MAX_CAUSES = 8;

function causeMessages(error: Error): string[] {
  const messages: string[] = [];
  for (let cause = causeOf(error); cause !== undefined && messages.length < MAX_CAUSES; cause = causeOf(cause)) {
    messages.push(describeThrown(cause));
  }
  return messages;
}

function causeOf(error: unknown): unknown {
  try {
    return error instanceof Error ? error.cause : undefined;
  } catch {
    return undefined;
  }
}

/** Only well-formed strings enter the log (INV-11), and an error message may hold anything. */
function wellFormed(text: string): string {
  return text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD');
}
