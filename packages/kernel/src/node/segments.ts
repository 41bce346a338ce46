/** How a log lies in a directory: segment files, each named after the `busSeq` of its first line. */
import fs from 'node:fs';
import path from 'node:path';
import { OmniError } from '../errors/index.js';

const SUFFIX = '.jsonl';
const DIGITS = 16;

export interface Segment {
  readonly name: string;
  readonly path: string;
  readonly firstSeq: number;
}

export function segmentAt(directory: string, firstSeq: number): Segment {
  const name = String(firstSeq).padStart(DIGITS, '0') + SUFFIX;
  return { name, path: path.join(directory, name), firstSeq };
}

/**
 * The segments of a log in order; none if the directory holds no log, or is not there.
 *
 * Other files do not matter, but a `.jsonl` file that is not named as a segment may be a part of the log that somebody
 * renamed, so it is refused with `LOG_CORRUPT`.
 */
export async function listSegments(directory: string): Promise<Segment[]> {
  const names = await namesIn(directory);
  const segments = names.filter((name) => name.endsWith(SUFFIX)).map((name) => segmentNamed(directory, name));
  // All names have the same length, so that their order is that of the numbers.
  return segments.sort((one, other) => (one.name < other.name ? -1 : 1));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  }
}

function segmentNamed(directory: string, name: string): Segment {
  const segment = segmentAt(directory, Number.parseInt(name, 10));
  if (segment.name === name) return segment;
  throw new OmniError(
    'LOG_CORRUPT',
    `The log directory ${directory} holds ${name}, which is not named as a segment: ${DIGITS} digits and ${SUFFIX}. ` +
      'Give it its name back, or move it elsewhere.',
    { details: { segment: name } },
  );
}
