import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that the tools of this package raise beside those of the kernel, with its class. */
export const HOST_ERROR_CODES = Object.freeze({
  // Files
  PATH_REFUSED: 'POLICY_VIOLATION',
  FILE_NOT_FOUND: 'PERMANENT',
  FILE_TOO_LARGE: 'PERMANENT',
  FILE_NOT_TEXT: 'PERMANENT',
  FILE_CHANGED: 'PERMANENT',
  FILE_SYSTEM_FAILED: 'PERMANENT',
  PATCH_REJECTED: 'PERMANENT',
  SEARCH_INVALID: 'PERMANENT',
  SEARCH_TOO_COSTLY: 'PERMANENT',
  // Commands
  COMMAND_REFUSED: 'POLICY_VIOLATION',
  COMMAND_NOT_STARTED: 'PERMANENT',
  OUTPUT_TRUNCATED: 'PERMANENT',
  PROCESSES_LEFT: 'PERMANENT',
  SANDBOX_UNAVAILABLE: 'PERMANENT',
  // HTTP
  FETCH_REFUSED: 'POLICY_VIOLATION',
  FETCH_FAILED: 'PERMANENT',
  FETCH_TIMEOUT: 'PERMANENT',
  RESPONSE_TOO_LARGE: 'PERMANENT',
  // Git
  GIT_UNAVAILABLE: 'PERMANENT',
  GIT_REFUSED: 'POLICY_VIOLATION',
  GIT_FAILED: 'PERMANENT',
} as const satisfies Record<string, FailureClass>);

export type HostErrorCode = keyof typeof HOST_ERROR_CODES;

/** An error of this package, with the class that its code has. */
export function hostError(code: HostErrorCode, message: string, more: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {}): OmniError {
  return new OmniError(code, message, { failureClass: HOST_ERROR_CODES[code], ...more });
}
