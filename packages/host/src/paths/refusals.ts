/** How the file tools say no. The absolute path stays out of every message: it is nobody's business but the operator's. */
import type { StatsBase } from 'node:fs';
import { OmniError } from '@omnipaw/kernel';
import { hostError, type HostErrorCode } from '../errors.js';

/** Throws `PATH_REFUSED`; `asked` is the path as it was given. */
export function refuse(asked: string, reason: string): never {
  return fail('PATH_REFUSED', asked, `is refused: ${reason}`);
}

/** Throws an error about a path. `details.reason` is what comes after "is refused: ", or the whole sentence. */
export function fail(code: HostErrorCode, asked: string, what: string | { readonly says: string; readonly cause: unknown }): never {
  const { says, cause } = typeof what === 'string' ? { says: what, cause: undefined } : what;
  const details = { path: asked.slice(0, 1_024), reason: says.replace(/^is refused: /, '') };
  throw hostError(code, `${JSON.stringify(details.path)} ${says}.`, { details, ...(cause === undefined ? {} : { cause: withoutPath(cause) }) });
}

/** Turns what the system said about a path into an error with a code. */
export function failBySystem(asked: string, thrown: unknown): never {
  const { code } = thrown as NodeJS.ErrnoException;
  if (thrown instanceof OmniError || code === undefined) throw thrown;
  if (code === 'ENOENT' || code === 'ENOTDIR') return fail('FILE_NOT_FOUND', asked, 'nothing there');
  if (code === 'ELOOP') return refuse(asked, 'a symbolic link is in the way');
  if (code === 'EACCES' || code === 'EPERM') return fail('FILE_SYSTEM_FAILED', asked, { says: 'not accessible', cause: thrown });
  return fail('FILE_SYSTEM_FAILED', asked, { says: `could not be used (${code})`, cause: thrown });
}

export function kindOf(stats: Pick<StatsBase<unknown>, 'isSymbolicLink' | 'isDirectory' | 'isFile' | 'isFIFO'>): string {
  if (stats.isSymbolicLink()) return 'a symbolic link';
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFile()) return 'a file';
  return stats.isFIFO() ? 'a pipe' : 'a device or a socket';
}

/** System errors quote the absolute path. */
function withoutPath(thrown: unknown): Error {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  return new Error(`${syscall ?? 'system call'} failed with ${code ?? 'an unknown error'}`);
}
