import fs from 'node:fs';
import { headSigner, type HeadSigner } from '@omnipaw/attest';
import { OmniError } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';

/** The text of a file that somebody named; throws a UsageError if it can't be read. */
export function readGiven(file: string, what: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`The ${what} can't be read: ${(thrown as Error).message}.`);
  }
}

/** Writes a file that somebody named; throws a UsageError rather than to overwrite one. */
export function writeNew(file: string, text: string, { mode = 0o644, option = '--out' }: { readonly mode?: number; readonly option?: string } = {}): void {
  try {
    fs.writeFileSync(file, text, { flag: 'wx', mode });
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    const what = code === 'EEXIST' ? `${file} is there already, and nothing is overwritten` : `${file} can't be made: ${message}`;
    throw new UsageError(`${what}. Name another file with ${option}.`);
  }
}

/** The signer with the private key in a file. */
export function signerIn(file: string): HeadSigner {
  try {
    return headSigner(readGiven(file, 'private key'));
  } catch (thrown) {
    throw ofKeyIn(file, thrown);
  }
}

/** Says which file it is that holds no key. */
export function ofKeyIn(file: string, thrown: unknown): unknown {
  if (!(thrown instanceof OmniError) || thrown.code !== 'KEY_INVALID') return thrown;
  return new OmniError('KEY_INVALID', `${file}: ${thrown.message}`, { cause: thrown });
}
