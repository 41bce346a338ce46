/** `omnipaw sign`: puts a name to a log as it is now. */
import path from 'node:path';
import { FileHeadStore, signHead, type SignedHead } from '@omnipaw/attest';
import { FileLogReader } from '@omnipaw/kernel';
import { describeFailure, EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import type { Session } from '../session.js';
import { count } from '../terminal/printable.js';
import { signerIn, writeNew } from './files.js';

export interface SignOptions {
  readonly log: string;
  /** The file of the private key. */
  readonly key: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function sign({ log, key, out: file, json }: SignOptions, session: Session): Promise<number> {
  const { out, people } = session;
  assertLogDirectory(log);
  const signer = signerIn(key);
  const beside = FileHeadStore.beside(log);
  const earlier = await beside.read();
  const onProblem = (problem: unknown): void => void people.line(`${people.ink('yellow', 'warning:')} ${describeFailure(problem)}`);
  const signed = await withProgress({ log, reader: new FileLogReader(log), doing: 'Signing' }, session, (reader) => signHead(reader, signer, { earlier, onProblem }));
  const kept = await keep(signed, beside, file);
  const { origin, entries, root, chain } = signed;
  if (json === true) {
    await out.json({ origin, entries, root, chain, file: path.resolve(kept) });
    return EXIT.ok;
  }
  await out.line(`${out.ink('green', '✓')} Signed ${count(entries, 'entry', 'entries')} of ${origin}: ${kept}`);
  await out.line(`  head ${chain}`);
  return EXIT.ok;
}

/** Resolves with where the head lies now. */
async function keep({ text }: SignedHead, beside: FileHeadStore, file: string | undefined): Promise<string> {
  if (file === undefined) {
    await beside.write(text);
    return beside.pathOf(text);
  }
  writeNew(file, text);
  return file;
}
