import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that this package raises beside those of the kernel, with its class. */
export const SWARM_ERROR_CODES = Object.freeze({
  // Talking
  REQUEST_TIMEOUT: 'PERMANENT',
  // Deciding together
  NO_CONSENSUS: 'PERMANENT',
  // Leading
  VOTED_ALREADY: 'POLICY_VIOLATION',
  NOT_ELECTED: 'POLICY_VIOLATION',
  STALE_TERM: 'POLICY_VIOLATION',
  NO_ELECTORATE: 'POLICY_VIOLATION',
  TERM_TOO_FAR: 'POLICY_VIOLATION',
  // Working
  TASK_FAILED: 'PERMANENT',
  SWARM_CANCELLED: 'PERMANENT',
  SWARM_TIMEOUT: 'PERMANENT',
  RESTARTS_EXCEEDED: 'PERMANENT',
  // Other kernels
  NODE_UNREACHABLE: 'TRANSIENT',
} as const satisfies Record<string, FailureClass>);

export type SwarmErrorCode = keyof typeof SWARM_ERROR_CODES;

/** An error of this package, with the class that its code has. */
export function swarmError(code: SwarmErrorCode, message: string, more: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {}): OmniError {
  return new OmniError(code, message, { failureClass: SWARM_ERROR_CODES[code], ...more });
}

/** The code of whatever was thrown; undefined for what has none. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof OmniError ? thrown.code : undefined;
}
