import { fail } from './refusals.js';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Throws `FILE_NOT_TEXT`. */
export function textOf(bytes: Uint8Array, asked: string): string {
  if (bytes.includes(0)) return fail('FILE_NOT_TEXT', asked, 'binary');
  try {
    return decoder.decode(bytes);
  } catch {
    return fail('FILE_NOT_TEXT', asked, 'not UTF-8');
  }
}
