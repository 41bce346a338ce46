import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that this package raises, or tells pages of, beside those of the kernel, with its class. */
export const DASHBOARD_ERROR_CODES = Object.freeze({
  DASHBOARD_UNAVAILABLE: 'PERMANENT',
  DASHBOARD_FAILED: 'PERMANENT',
  LOG_REPLACED: 'PERMANENT',
} as const satisfies Record<string, FailureClass>);

export type DashboardErrorCode = keyof typeof DASHBOARD_ERROR_CODES;

export function dashboardError(code: DashboardErrorCode, message: string, cause: unknown): OmniError {
  return new OmniError(code, message, { failureClass: DASHBOARD_ERROR_CODES[code], cause });
}
