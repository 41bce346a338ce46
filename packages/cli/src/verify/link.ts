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
  return { link, parent, ...(reason === undefined ? {} : { brokenLink: { reason, busSeq } }) };
}

/** As the rows of the other verdicts. */
export function linkLine({ link, parent, busSeq = 0 }: LinkVerdict, ink: Ink): string {
  const texts = {
    LINKED: `entries 1 to ${parent.busSeq} are those of ${parent.logId}${parent.patch === undefined ? '' : ', the last one patched'}`,
    BROKEN: `entry ${busSeq} is not as the header says`,
    UNCHECKED: `a fork of ${parent.logId} at entry ${parent.busSeq}; give the parent with --parent`,
  } as const;
  const [sign, colour] = ({ LINKED: ['✓', 'green'], BROKEN: ['✗', 'red'], UNCHECKED: ['–', 'yellow'] } as const)[link];
  return `${ink(colour, sign)}  link          ${ink(colour, link)}  ${texts[link]}`;
}

const REASONS: Readonly<Record<LinkReason, string>> = {
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
