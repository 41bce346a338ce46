import type { ErrorRecord, OmniError } from '../errors/index.js';
import type { PendingKind } from '../pending/index.js';

/** What came of an instruction: the kind of a wait, a result, or an end that the program does not see. */
export type Evaluated =
  | PendingKind
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: ErrorRecord; readonly fatal?: OmniError };
