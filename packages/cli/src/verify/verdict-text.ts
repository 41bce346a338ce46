/** Verdicts in words. */
import type { HeadVerdict } from '@omnipaw/attest';
import type { LogDamage, LogVerdict } from '@omnipaw/kernel';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { count } from '../terminal/printable.js';

/** The verdict on a log, with one on each head if a public key was given. */
export type HeldVerdict = LogVerdict & { readonly heads?: readonly HeadInFile[] };

/** What a head means, and where it lies. */
interface HeadInFile extends HeadVerdict {
  readonly file?: string;
}

interface Explained {
  readonly sign: string;
  readonly colour: Colour;
  readonly text: string;
}

export function verdictLines(verdict: HeldVerdict, ink: Ink): string[] {
  return alignColumns([...verdictRows(verdict, ink), [{ text: '' }, { text: 'head' }, { text: verdict.head }]]);
}

/** A row for each verdict: sign, name, word, and what it rests on. */
export function verdictRows(verdict: HeldVerdict, ink: Ink): Cell[][] {
  const verdicts = [
    { name: 'integrity', word: verdict.integrity, ...explainIntegrity(verdict) },
    { name: 'completeness', word: verdict.completeness, ...explainCompleteness(verdict) },
  ];
  return verdicts.map(({ name, word, sign, colour, text }) => [
    { text: sign, paint: (sign: string) => ink(colour, sign) },
    { text: name },
    { text: word, paint: (word: string) => ink(colour, word) },
    { text },
  ]);
}

/** What speaks against a log, in a sentence each. */
export function whatContradicts(
  { integrity, completeness, firstBad, entries, heads }: HeldVerdict,
  { pin = '', requirePin = false }: { readonly pin?: string; readonly requirePin?: boolean },
): string[] {
  const lines: string[] = [];
  if (integrity === 'BROKEN' && firstBad !== undefined) lines.push(`LOG_CORRUPT: The log is damaged ${placeText(firstBad)}.`);
  const byHeads = heads?.flatMap((head) => whatHeadContradicts(head)) ?? [];
  if (heads?.every(({ status }) => status === 'UNKNOWN_KEY') === true) {
    byHeads.push('LOG_INCOMPLETE: No head is signed by this key, so nobody can tell whether the log is all there.');
  }
  lines.push(...byHeads);
  if (completeness === 'INCOMPLETE' && byHeads.length === 0) {
    const good = count(entries, 'good entry', 'good entries');
    const reason = integrity === 'BROKEN' ? '' : ', so the log was cut off or written anew';
    lines.push(`LOG_INCOMPLETE: No entry with the hash ${pin} is among the ${good}${reason}.`);
  }
  if (completeness === 'UNPINNED' && requirePin) {
    lines.push('PIN_REQUIRED: Without --pin nobody can tell whether the end of the log was cut off.');
  }
  return lines;
}

/** What a signed head says against a log; nothing if it is confirmed, or another key's. */
function whatHeadContradicts({ status, origin, entries = 0, file = '' }: HeadInFile): string[] {
  const covered = count(entries, 'entry', 'entries');
  switch (status) {
    case 'CONFIRMED':
    case 'UNKNOWN_KEY':
      return [];
    case 'MALFORMED':
      return [`HEAD_INVALID: ${file} should be a signed head, and has not the form of one. Find out who put it there, and remove it.`];
    case 'BAD_SIGNATURE':
      return [`HEAD_INVALID: The signature of the head over ${covered} is not good (${file}).`];
    case 'OTHER_LOG':
      return [`HEAD_CONTRADICTED: A signed head is of another log, ${origin ?? ''}.`];
    case 'NOT_IN_LOG':
      return [`HEAD_CONTRADICTED: The log does not hold the ${covered} that were signed: it was cut off, written anew, or brought back from an older copy.`];
  }
}

function placeText({ segment, byteOffset, busSeq, reason }: LogDamage): string {
  const reasonText = reason.toLowerCase().replaceAll('_', ' ');
  return `in segment ${segment} at byte ${byteOffset}, where the entry with busSeq ${busSeq} should be (${reasonText})`;
}

function explainIntegrity({ integrity, entries, tornTail }: LogVerdict): Explained {
  const good = count(entries, 'entry', 'entries');
  if (integrity === 'INTACT') return { sign: '✓', colour: 'green', text: `${good}, the chain of hashes is unbroken` };
  if (integrity === 'TORN_TAIL') {
    const { segment, byteOffset, byteCount } = tornTail!;
    const tail = `${count(byteCount, 'byte')} of an unfinished one in ${segment} at byte ${byteOffset}, which was never acknowledged`;
    return { sign: '✓', colour: 'yellow', text: `${good}, then ${tail}` };
  }
  return { sign: '✗', colour: 'red', text: `damaged after ${good}` };
}

function whyIncomplete(heads: HeldVerdict['heads']): string {
  if (heads === undefined) return 'the pinned entry is missing';
  if (heads.length === 0) return 'nothing is signed: there is no head';
  if (heads.every(({ status }) => status === 'UNKNOWN_KEY')) return 'this key has signed none of the heads';
  if (heads.every(({ status }) => status === 'CONFIRMED' || status === 'UNKNOWN_KEY')) return 'the pinned entry is missing';
  return heads.some(({ status }) => status === 'NOT_IN_LOG') ? 'it is not what was signed' : 'a head is not one of this log';
}

function explainCompleteness({ completeness, pinnedAt, entries, integrity, heads }: HeldVerdict): Explained {
  if (completeness === 'UNPINNED') {
    const hint = integrity === 'BROKEN' ? '' : '; keep the head, and give it with --pin next time';
    return { sign: '–', colour: 'yellow', text: `nothing to compare with${hint}` };
  }
  if (completeness === 'INCOMPLETE') return { sign: '✗', colour: 'red', text: whyIncomplete(heads) };
  const later = entries - 1 - (pinnedAt ?? -1);
  const isSigned = heads?.some(({ status, entries = 0 }) => status === 'CONFIRMED' && entries - 1 === pinnedAt) === true;
  const place = pinnedAt === undefined ? 'the beginning' : `entry ${pinnedAt}`;
  return { sign: '✓', colour: 'green', text: `${isSigned ? 'signed up to' : 'the pin is'} ${place}${later === 0 ? ', the last one' : `; ${count(later, 'entry', 'entries')} since`}` };
}
