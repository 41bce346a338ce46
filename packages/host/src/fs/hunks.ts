/**
 * Where the hunks of a diff fit a text, and what they make of it, pure.
 *
 * The numbers in a hunk are a model's guess: they say where to begin looking, and never how long. Looking costs a budget that
 * all files of a patch share, since the process does nothing else meanwhile.
 */
import type { StructuredPatchHunk } from 'diff';
import { reject } from './reject.js';

/** How many comparisons of lines, and of characters in lines of the same length, a patch may take: about half a second. */
const MAX_EFFORT = 50_000_000;

export interface Budget {
  left: number;
}

export const newBudget = (): Budget => ({ left: MAX_EFFORT });

/** What the hunks say is there, and what is there afterwards, without the context that follows the last change. */
interface Piece {
  /** The line at which it says that it is, from 0. */
  readonly start: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** How many lines at the end of both are the same. */
  readonly trailing: number;
}

/** A place where hunks can still go: from a line on, and so much further than they say. */
interface Position {
  line: number;
  shift: number;
}

/** The text with all hunks applied, one after the other; throws `PATCH_REJECTED`. `path` is for messages. */
export function applyHunks(text: string, hunks: readonly StructuredPatchHunk[], { path, budget }: { readonly path: string; readonly budget: Budget }): string {
  const misfit = (): never => reject(`its hunks do not fit ${JSON.stringify(path)}; read the file again`);
  const pieces = hunks.map(pieceOf);
  if (!areInOrder(pieces)) return reject(`its hunks for ${JSON.stringify(path)} overlap, or are not in the order of the file`);
  const lines = text.split('\n');
  if (!setLastLine(lines, hunks.at(-1))) return misfit();
  const made: string[][] = [];
  const from: Position = { line: 0, shift: 0 };
  for (const { start, before, after, trailing } of pieces) {
    const at = find(before, { lines, start, from, budget }) ?? misfit();
    made.push(lines.slice(from.line, at), after.slice(0, after.length - trailing));
    from.line = at + before.length - trailing;
    from.shift = at - start;
  }
  return [...made, lines.slice(from.line)].flat().join('\n');
}

function pieceOf({ oldStart, oldLines, newStart, newLines, lines }: StructuredPatchHunk): Piece {
  if (![oldStart, oldLines, newStart, newLines].every(Number.isSafeInteger)) return reject('a hunk of it has numbers that are none');
  // An empty line is one of context whose space was lost; a backslash tells of the end of the file.
  const body = lines.map((line) => line || ' ').filter((line) => !line.startsWith('\\'));
  const contentOf = (without: string): string[] => body.filter((line) => !line.startsWith(without)).map((line) => line.slice(1));
  const lastChange = body.reduce((last, line, index) => (line.startsWith(' ') ? last : index), -1);
  return { start: oldStart - 1, before: contentOf('+'), after: contentOf('-'), trailing: body.length - 1 - lastChange };
}

/** As they say themselves; one may begin in the context with which another one ends. */
function areInOrder(pieces: readonly Piece[]): boolean {
  return pieces.every(({ start }, index) => {
    const previous = pieces[index - 1];
    return previous === undefined || start >= previous.start + previous.before.length - previous.trailing;
  });
}

/** The last hunk says whether a line end is to come or to go at the end of the file. False if that can't be. */
function setLastLine(lines: string[], last: StructuredPatchHunk | undefined): boolean {
  const isWithout = (sign: string): boolean => last?.lines.some((line, index) => line.startsWith('\\') && last.lines[index - 1]?.startsWith(sign) === true) === true;
  const [before, after] = [isWithout('-'), isWithout('+')];
  if (!before && !after) return true;
  const endsLine = lines.at(-1) === '';
  if (endsLine === before) return false;
  if (!before) lines.pop();
  else if (!after) lines.push('');
  return true;
}

interface Search {
  readonly lines: readonly string[];
  readonly start: number;
  readonly from: Position;
  readonly budget: Budget;
}

/** The nearest place where some lines are; what has no lines can only be where it says. */
function find(wanted: readonly string[], { lines, start, from, budget }: Search): number | undefined {
  const said = start + from.shift;
  if (wanted.length === 0) return said >= from.line && said <= countOf(lines) ? said : undefined;
  const last = lines.length - wanted.length;
  if (last < from.line) return undefined;
  const middle = Math.min(Math.max(said, from.line), last);
  for (let distance = 0; middle - distance >= from.line || middle + distance <= last; distance++) {
    for (const at of distance === 0 ? [middle] : [middle + distance, middle - distance]) {
      if (at >= from.line && at <= last && isAt(wanted, { lines, at, budget })) return at;
    }
  }
  return undefined;
}

/** After the last line end there is no line. */
function countOf(lines: readonly string[]): number {
  return lines.at(-1) === '' ? lines.length - 1 : lines.length;
}

function isAt(wanted: readonly string[], { lines, at, budget }: { readonly lines: readonly string[]; readonly at: number; readonly budget: Budget }): boolean {
  for (const [index, line] of wanted.entries()) {
    const found = lines[at + index]!;
    budget.left -= found.length === line.length ? 1 + line.length : 1;
    if (budget.left < 0) return reject('it takes too long to find where its hunks fit; name the lines where they are, and patch fewer of them at once');
    if (found !== line) return false;
  }
  return true;
}
