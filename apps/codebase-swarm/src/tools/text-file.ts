import { refuse, type ConfinedDirectory } from './confined-directory.js';

/** Larger than this is no source that anybody wrote by hand. */
export const MAX_SOURCE_BYTES = 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a source file, byte order mark and line ends as they are; refuses what is large, binary or not UTF-8. */
export async function readText(directory: ConfinedDirectory, path: string, maxBytes = MAX_SOURCE_BYTES): Promise<string> {
  const bytes = await directory.read(path, maxBytes);
  if (bytes.includes(0)) return refuse(path, 'binary');
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse(path, 'not UTF-8');
  }
}
