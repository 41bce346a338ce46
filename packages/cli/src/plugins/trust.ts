import { readGiven } from '../attest/files.js';

/** The public keys, in PEM, that are in some files. */
export function trustedKeysIn(files: readonly string[] = []): readonly string[] {
  return files.map((file) => readGiven(file, 'trusted key'));
}
