/** `omnipaw keygen`: a key to sign logs with. */
import fs from 'node:fs';
import path from 'node:path';
import { generateKeyPair } from '@omnipaw/attest';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { alignColumns } from '../terminal/columns.js';
import { writeNew } from './files.js';

export interface KeygenOptions {
  /** The file of the private key. */
  readonly out: string;
  readonly json?: boolean;
}

/** Only for its owner, from the moment at which it is made. */
const PRIVATE_MODE = 0o600;

export async function keygen({ out: privateFile, json }: KeygenOptions, { out }: Session): Promise<number> {
  const publicFile = `${privateFile}.pub`;
  const { privateKey, publicKey } = generateKeyPair();
  // A key that is overwritten is lost, and with it the proof of all that it has signed.
  writeNew(privateFile, privateKey, { mode: PRIVATE_MODE });
  try {
    writeNew(publicFile, publicKey);
  } catch (thrown) {
    fs.rmSync(privateFile);
    throw thrown;
  }
  if (json === true) {
    await out.json({ privateKey: path.resolve(privateFile), publicKey: path.resolve(publicFile) });
    return EXIT.ok;
  }
  const rows = [
    [{ text: privateFile }, { text: 'the private key, which signs: keep it secret, and away from the logs' }],
    [{ text: publicFile }, { text: 'the public key, which verifies: give it to everybody who should be able to' }],
  ];
  for (const line of alignColumns(rows)) await out.line(line);
  return EXIT.ok;
}
