/** `omnipaw verify`: what a log proves, and where it is contradicted. */
import { FileHeadStore, verifyAttested } from '@omnipaw/attest';
import { FileLogReader, isContradicted, verify as verifyLog, type LinkVerdict, type LogReader } from '@omnipaw/kernel';
import { ofKeyIn, readGiven } from '../attest/files.js';
import { EXIT, UsageError } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import type { Session } from '../session.js';
import { linkContradiction, linkLine, linkOf, linkRecord } from './link.js';
import { verdictLines, whatContradicts, type HeldVerdict } from './verdict-text.js';

export interface VerifyOptions {
  readonly log: string;
  readonly pin?: string;
  readonly requirePin?: boolean;
  readonly publicKey?: string;
  readonly head?: string;
  /** The log that this one was forked from. */
  readonly parent?: string;
  readonly json?: boolean;
}

export async function verify(options: VerifyOptions, session: Session): Promise<number> {
  assertLogDirectory(options.log);
  const verdict = await withProgress({ log: options.log, reader: new FileLogReader(options.log), doing: 'Verifying' }, session, (reader) => held(reader, options));
  const link = await linkOf(options.log, options.parent);
  if (options.json === true) await session.out.json({ ...verdict, ...linkRecord(link) });
  else for (const line of linesOf(verdict, link, session)) await session.out.line(line);
  const linkBroken = link === undefined ? undefined : linkContradiction(link);
  const isBad = isContradicted(verdict, { requirePin: options.requirePin === true });
  if (!isBad && linkBroken === undefined) return EXIT.ok;
  const { ink } = session.people;
  const contradictions = [...(isBad ? whatContradicts(verdict, options) : []), ...(linkBroken === undefined ? [] : [linkBroken])];
  for (const line of contradictions) await session.people.line(`${ink('red', 'error:')} ${line}`);
  return EXIT.failed;
}

function linesOf(verdict: HeldVerdict, link: LinkVerdict | undefined, { out: { ink } }: Session): string[] {
  return [...verdictLines(verdict, ink), ...(link === undefined ? [] : [linkLine(link, ink)])];
}

/** Held against the pin, and with a key against the signed head that was named or those beside the log. */
async function held(reader: LogReader, { log, pin, publicKey, head }: VerifyOptions): Promise<HeldVerdict> {
  const pinned = pin === undefined ? {} : { pin };
  if (publicKey === undefined) {
    if (head !== undefined) throw new UsageError('A signed head proves nothing without the key of whoever signed it: give it with --public-key.');
    return verifyLog(reader, pinned);
  }
  const beside = FileHeadStore.beside(log);
  const [files, heads] = head === undefined ? [await beside.files(), await beside.read()] : [[head], [readGiven(head, 'signed head')]];
  const verdict = await verifyAttested(reader, { ...pinned, publicKey: readGiven(publicKey, 'public key'), heads }).catch((thrown: unknown) => { throw ofKeyIn(publicKey, thrown); });
  return { ...verdict, heads: verdict.heads.map((each, index) => ({ ...each, ...(files[index] === undefined ? {} : { file: files[index] }) })) };
}
