import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that this package raises beside those of `@omnipaw/host` and the kernel, with its class. */
export const SANDBOX_ERROR_CODES = Object.freeze({
  SANDBOX_UNREACHABLE: 'TRANSIENT',
  SANDBOX_IMAGE_MISSING: 'PERMANENT',
  SANDBOX_REFUSED: 'POLICY_VIOLATION',
  SANDBOX_DISK_FULL: 'PERMANENT',
  SANDBOX_FAILED: 'PERMANENT',
  SANDBOX_LOST: 'PERMANENT',
} as const satisfies Record<string, FailureClass>);

export type SandboxErrorCode = keyof typeof SANDBOX_ERROR_CODES;

/** An error of this package, with the class that its code has. */
export function sandboxError(code: SandboxErrorCode, message: string, more: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {}): OmniError {
  return new OmniError(code, message, { failureClass: SANDBOX_ERROR_CODES[code], ...more });
}
