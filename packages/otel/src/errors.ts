import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that this package raises, with its class. */
export const OTEL_ERROR_CODES = Object.freeze({
  TELEMETRY_UNAVAILABLE: 'PERMANENT',
} as const satisfies Record<string, FailureClass>);

/** An error of this package, with the class that its code has. */
export function otelError(code: keyof typeof OTEL_ERROR_CODES, message: string, cause: unknown): OmniError {
  return new OmniError(code, message, { failureClass: OTEL_ERROR_CODES[code], cause });
}
