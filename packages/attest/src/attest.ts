import { FileLogStore, type FollowedLog, type KernelConfig } from '@omnipaw/kernel';
import { Attestor, type AttestOptions } from './attestor.js';
import { FileHeadStore } from './file-head-store.js';

/**
 * Signs the heads of a log as it grows: `createKernel({ log, agents, follow: attest({ signer }) })`. It is proof, for whoever has the public
 * key, that nothing was cut off or written anew.
 *
 * What goes wrong is told to the kernel's `onProblem`: `ATTESTATION_FAILED`, `HEAD_CONTRADICTED`, `HEAD_INVALID`.
 */
export function attest(options: AttestOptions): NonNullable<KernelConfig['follow']> {
  const { everyEntries = 1 } = options;
  if (!Number.isSafeInteger(everyEntries) || everyEntries < 1) {
    throw new TypeError(`everyEntries is ${String(everyEntries)}; it must be a whole number from 1.`);
  }
  return (log) => new Attestor(log, { ...options, heads: options.heads ?? headsBeside(log) });
}

function headsBeside({ reader }: FollowedLog): FileHeadStore {
  if (reader instanceof FileLogStore) return FileHeadStore.beside(reader.directory);
  throw new TypeError('This log has no place beside it for signed heads. Pass a HeadStore, as heads.');
}
