/** Verdicts in words. */
import type { LogDamage, LogVerdict } from '@omnipaw/kernel';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { count } from '../terminal/printable.js';

interface Explained {
  readonly sign: string;
  readonly colour: Colour;
  readonly text: string;
}

export function verdictLines(verdict: LogVerdict, ink: Ink): string[] {
  return alignColumns([...verdictRows(verdict, ink), [{ text: '' }, { text: 'head' }, { text: verdict.head }]]);
}

/** A row for each verdict: sign, name, word, and what it rests on. */
export function verdictRows(verdict: LogVerdict, ink: Ink): Cell[][] {
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
  { integrity, completeness, firstBad, entries }: LogVerdict,
  { pin = '', requirePin = false }: { readonly pin?: string; readonly requirePin?: boolean },
): string[] {
  const lines: string[] = [];
  if (integrity === 'BROKEN' && firstBad !== undefined) lines.push(`LOG_CORRUPT: The log is damaged ${placeText(firstBad)}.`);
  if (completeness === 'INCOMPLETE') {
    const good = count(entries, 'good entry', 'good entries');
    const reason = integrity === 'BROKEN' ? '' : ', so the log was cut off or written anew';
    lines.push(`LOG_INCOMPLETE: No entry with the hash ${pin} is among the ${good}${reason}.`);
  }
  if (completeness === 'UNPINNED' && requirePin) {
    lines.push('PIN_REQUIRED: Without --pin nobody can tell whether the end of the log was cut off.');
  }
  return lines;
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

function explainCompleteness({ completeness, pinnedAt, entries, integrity }: LogVerdict): Explained {
  if (completeness === 'UNPINNED') {
    const hint = integrity === 'BROKEN' ? '' : '; keep the head, and give it with --pin next time';
    return { sign: '–', colour: 'yellow', text: `nothing to compare with${hint}` };
  }
  if (completeness === 'INCOMPLETE') return { sign: '✗', colour: 'red', text: 'the pinned entry is missing' };
  const later = entries - 1 - (pinnedAt ?? -1);
  const place = pinnedAt === undefined ? 'the beginning' : `entry ${pinnedAt}`;
  return { sign: '✓', colour: 'green', text: `the pin is ${place}${later === 0 ? ', the last one' : `; ${count(later, 'entry', 'entries')} since`}` };
}
