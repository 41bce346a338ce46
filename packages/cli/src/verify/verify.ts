/** `omnipaw verify`: what a log proves, and where it is contradicted. */
import { FileHeadStore, FileLogReader, isContradicted, verify as verifyLog, type AttestedVerdict, type LinkVerdict, type LogReader, type LogVerifyOptions } from '@omnipaw/kernel';
import { readGiven } from '../attest/files.js';
import { EXIT, UsageError } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import { withProgress } from '../log-progress.js';
import type { Session } from '../session.js';
import { linkContradiction, linkLine, linkOf, linkRecord } from './link.js';
import { verdictLines, whatContradicts } from './verdict-text.js';

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
  const perform = async (reader: LogReader): Promise<AttestedVerdict> => verifyLog(reader, await heldAgainst(options));
  const verdict = await withProgress({ log: options.log, reader: new FileLogReader(options.log), doing: 'Verifying' }, session, perform);
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

function linesOf(verdict: AttestedVerdict, link: LinkVerdict | undefined, { out: { ink } }: Session): string[] {
  return [...verdictLines(verdict, ink), ...(link === undefined ? [] : [linkLine(link, ink)])];
}

/** The pin, the key, and the signed head that was named or those beside the log. */
async function heldAgainst({ log, pin, publicKey, head }: VerifyOptions): Promise<LogVerifyOptions> {
  const pinned = pin === undefined ? {} : { pin };
  if (publicKey === undefined) {
    if (head !== undefined) throw new UsageError('A signed head proves nothing without the key of whoever signed it: give it with --public-key.');
    return pinned;
  }
  const heads = head === undefined ? await FileHeadStore.beside(log).read() : [readGiven(head, 'signed head')];
  return { ...pinned, publicKey: readGiven(publicKey, 'public key'), heads };
}
