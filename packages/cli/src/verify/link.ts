/** The link of a fork to its parent, as `verify` tells of it. */
import { FileLogReader, OmniError, verifyLink, type LinkReason, type LinkVerdict } from '@omnipaw/kernel';
import { assertLogDirectory } from '../log-directory.js';
import { UsageError } from '../failure.js';
import type { Ink } from '../terminal/ink.js';

/** Follows the link, if the log is a fork; throws a UsageError for a parent of a log that is none. */
export async function linkOf(log: string, parent: string | undefined): Promise<LinkVerdict | undefined> {
  if (parent !== undefined) assertLogDirectory(parent);
  const verdict = await verifyLink(new FileLogReader(log), parent === undefined ? {} : { parent: new FileLogReader(parent) }).catch(withoutHeader);
  if (verdict === undefined && parent !== undefined) throw new UsageError(`${log} is no fork, so it has no parent. Leave --parent out.`);
  return verdict;
}

/** What is wrong with a header, the verdict on the log itself says. */
function withoutHeader(thrown: unknown): undefined {
  if (thrown instanceof OmniError && (thrown.code === 'LOG_CORRUPT' || thrown.code === 'LOG_FORMAT_UNSUPPORTED')) return undefined;
  throw thrown;
}

/** As scripts get it, beside the other verdicts. */
export function linkRecord(verdict: LinkVerdict | undefined): object {
  if (verdict === undefined) return {};
  const { link, parent, reason, busSeq } = verdict;
  return { link, ...(parent === undefined ? {} : { parent }), ...(reason === undefined ? {} : { brokenLink: { reason, busSeq } }) };
}

/** As the rows of the other verdicts. */
export function linkLine(verdict: LinkVerdict, ink: Ink): string {
  const { link } = verdict;
  const [sign, colour] = ({ LINKED: ['✓', 'green'], BROKEN: ['✗', 'red'], UNCHECKED: ['–', 'yellow'] } as const)[link];
  return `${ink(colour, sign)}  link          ${ink(colour, link)}  ${linkText(verdict)}`;
}

function linkText({ link, parent, reason, busSeq = 0 }: LinkVerdict): string {
  if (parent === undefined) return 'the header names no parent that there could be';
  const { logId, patch } = parent;
  if (link === 'LINKED') return `entries 1 to ${parent.busSeq} are those of ${logId}${patch === undefined ? '' : ', the last one patched'}`;
  if (link === 'UNCHECKED') return `a fork of ${logId} at entry ${parent.busSeq}; give the parent with --parent`;
  return reason === 'INCOMPLETE' ? `the fork of ${logId} at entry ${parent.busSeq} is not whole` : `entry ${busSeq} is not as the header says`;
}

const REASONS: Readonly<Record<LinkReason, string>> = {
  MALFORMED: 'the header names a parent in a way that no kernel does',
  INCOMPLETE: 'the fork ends before the entry at which it was made: making it was interrupted, or it was cut off',
  OTHER_PARENT: 'the parent that was given is another log than the one that the header names',
  HASH_MISMATCH: 'the parent has no entry with the hash that the header names: it was cut off or written anew',
  ENTRY_DIFFERS: 'the fork says something else there than its parent',
  DAMAGED: 'one of the two logs is damaged there',
};

/** What speaks against the fork, in one line. */
export function linkContradiction({ link, reason, busSeq }: LinkVerdict): string | undefined {
  if (link !== 'BROKEN' || reason === undefined) return undefined;
  return `LINK_BROKEN: At entry ${busSeq ?? 0}, ${REASONS[reason]} (${reason}).`;
}
