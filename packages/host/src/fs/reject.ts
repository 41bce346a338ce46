import { hostError } from '../errors.js';

/** Throws `PATCH_REJECTED`. */
export function reject(reason: string): never {
  throw hostError('PATCH_REJECTED', `The patch is not applied, in no part: ${reason}.`, { details: { reason } });
}
