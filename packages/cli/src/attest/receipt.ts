/** `omnipaw receipt`: proof of one entry, for those who do not have the log; and `omnipaw receipt verify`, which checks one. */
import path from 'node:path';
import { FileHeadStore, makeReceipt, verifyReceipt as verifyText } from '@omnipaw/attest';
import { FileLogReader } from '@omnipaw/kernel';
import { EXIT, UsageError } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import type { Session } from '../session.js';
import { count, shellWord } from '../terminal/printable.js';
import { ofKeyIn, readGiven, writeNew } from './files.js';

export interface ReceiptOptions {
  readonly log?: string;
  readonly at?: number;
  readonly head?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function receipt({ log, at, head: headFile, out: file, json }: ReceiptOptions, session: Session): Promise<number> {
  const { out } = session;
  // Not left to the parser: it would ask the same of "receipt verify".
  if (log === undefined) throw missing('--log <dir>');
  if (at === undefined) throw missing('--at <seq>');
  assertLogDirectory(log);
  const head = headFile === undefined ? await newestHead(log) : readGiven(headFile, 'signed head');
  const text = await withProgress({ log, reader: new FileLogReader(log), doing: 'Reading' }, session, (reader) => makeReceipt(reader, { at, head }));
  if (file !== undefined) writeNew(file, text);
  if (json === true) await out.json({ at, ...(file === undefined ? { receipt: text } : { file: path.resolve(file) }) });
  else if (file === undefined) await out.write(text);
  else await out.line(`${out.ink('green', '✓')} ${file} proves entry ${at}, to whoever has the public key.`);
  return EXIT.ok;
}

function missing(option: string): UsageError {
  return new UsageError(`required option '${option}' not specified. See "omnipaw receipt --help".`);
}

async function newestHead(log: string): Promise<string> {
  // A log that is not there is not one that nobody has signed.
  for await (const chunk of new FileLogReader(log).read()) if (chunk.bytes.length > 0) break;
  const heads = FileHeadStore.beside(log);
  const head = (await heads.read()).filter((text) => isHead(text, heads)).at(-1);
  if (head !== undefined) return head;
  throw new UsageError(`There is no signed head beside the log. Sign it first: omnipaw sign --log ${shellWord(log)} --key FILE. Or name a head with --head.`);
}

/** What somebody has put beside the heads is in nobody's way; `verify` names it. */
function isHead(text: string, heads: FileHeadStore): boolean {
  try {
    return heads.pathOf(text) !== '';
  } catch {
    return false;
  }
}

export interface VerifyReceiptOptions {
  readonly publicKey: string;
  readonly json?: boolean;
}

export async function verifyReceipt(file: string, { publicKey, json }: VerifyReceiptOptions, { out }: Session): Promise<number> {
  const { entry, line, head } = await verifyText(readGiven(file, 'receipt'), readGiven(publicKey, 'public key')).catch((thrown: unknown) => { throw ofKeyIn(publicKey, thrown); });
  if (json === true) {
    await out.json({ ...head, entry });
    return EXIT.ok;
  }
  const log = `${head.origin}, signed with ${count(head.entries, 'entry', 'entries')}`;
  await out.line(`${out.ink('green', '✓')} This is entry ${entry.busSeq} of the log ${log}:`);
  await out.line(line);
  return EXIT.ok;
}
