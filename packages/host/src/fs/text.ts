import { fail } from '../paths/refusals.js';

/** The most that any tool here reads of one file, or writes. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** The most text that a result has, so that it fits the log's limit for one value. */
export const MAX_RESULT_BYTES = 256 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a file, byte order mark and line ends as they are; throws `FILE_NOT_TEXT` for what is binary or not UTF-8. */
export function textOf(bytes: Uint8Array, asked: string): string {
  if (bytes.includes(0)) return fail('FILE_NOT_TEXT', asked, 'binary');
  try {
    return decoder.decode(bytes);
  } catch {
    return fail('FILE_NOT_TEXT', asked, 'not UTF-8');
  }
}
