import fs from 'node:fs';
import { headSigner, type HeadSigner } from '@omnipaw/attest';
import { UsageError } from '../failure.js';

/** The text of a file that somebody named; throws a UsageError if it can't be read. */
export function readGiven(file: string, what: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`The ${what} can't be read: ${(thrown as Error).message}.`);
  }
}

/** The signer with the private key in a file. */
export function signerIn(file: string): HeadSigner {
  return headSigner(readGiven(file, 'private key'));
}
