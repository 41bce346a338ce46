import type { Guest } from './guest.js';

/**
 * Takes away what would tell time, let threads wait for each other or show when memory is collected.
 *
 * The engine is built without weak references and without `performance`; they stand here in case another one is not.
 */
export function removeGlobals({ global }: Guest): void {
  for (const name of ['SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'performance', 'InternalError']) Reflect.deleteProperty(global, name);
}
