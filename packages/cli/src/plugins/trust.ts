import { ofKeyIn, readGiven } from '../attest/files.js';
import type { PluginLibrary } from './library.js';

/** The public keys, in PEM, that are in some files; throws `KEY_INVALID`, with the name of the file, for what is none. */
export function trustedKeysIn(files: readonly string[] = [], { rawKeyOf }: Pick<PluginLibrary, 'rawKeyOf'>): readonly string[] {
  return files.map((file) => {
    const pem = readGiven(file, 'trusted key');
    try {
      rawKeyOf(pem);
    } catch (thrown) {
      throw ofKeyIn(file, thrown);
    }
    return pem;
  });
}
