import { OmniError, type FailureClass } from '@omnipaw/kernel';

/** Every code that this package raises beside those of the kernel, with its class. */
export const PLUGIN_ERROR_CODES = Object.freeze({
  // Bundling
  PLUGIN_BUNDLE_FAILED: 'PERMANENT',
  // Running
  PLUGIN_FAILED: 'PERMANENT',
  PLUGIN_LIMIT_EXCEEDED: 'PERMANENT',
  PLUGIN_RESULT_INVALID: 'PERMANENT',
  PLUGIN_ABORTED: 'PERMANENT',
  PLUGIN_BUSY: 'TRANSIENT',
  PLUGIN_CRASHED: 'PERMANENT',
  PLUGIN_CALL_INVALID: 'PERMANENT',
  // Loading
  PLUGIN_REFUSED: 'PERMANENT',
  // What a plugin says of itself
  PLUGIN_MANIFEST_INVALID: 'PERMANENT',
  PLUGIN_PERMISSION_MISSING: 'POLICY_VIOLATION',
  // Whether it is what its author made
  PLUGIN_INTEGRITY_FAILED: 'PERMANENT',
  PLUGIN_SIGNATURE_INVALID: 'PERMANENT',
  PLUGIN_UNTRUSTED: 'POLICY_VIOLATION',
  KEY_INVALID: 'PERMANENT',
} as const satisfies Record<string, FailureClass>);

export type PluginErrorCode = keyof typeof PLUGIN_ERROR_CODES;

/** An error of this package, with the class that its code has. */
export function pluginError(code: PluginErrorCode, message: string, more: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown } = {}): OmniError {
  return new OmniError(code, message, { failureClass: PLUGIN_ERROR_CODES[code], ...more });
}
