/** Tells markers, which ask for work, from comments that merely talk about them. */
import { commentsOf } from './comments.js';
import { commentLines, type CommentLine } from './lines.js';
import { shorten } from './shorten.js';
import type { Syntax } from './syntax.js';

export const MARKER_KINDS = ['FIXME', 'HACK', 'XXX', 'TODO'] as const;
export type MarkerKind = (typeof MARKER_KINDS)[number];

/** A comment that asks for work. */
export interface Marker {
  /** From 1, as editors count. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  readonly kind: MarkerKind;
  /** The marker as it is written: `TODO`, `FIXME(perf)`. */
  readonly written: string;
  /** What stands in its parentheses. */
  readonly label: string | null;
  /** Whether its text follows without a colon or a dash. */
  readonly isBare: boolean;
  /** What there is to do: the rest of its line and the lines that go on with it, cut at 240 characters. */
  readonly text: string;
}

export interface MarkerReport {
  readonly markers: readonly Marker[];
  /** How many more there are than were asked for. */
  readonly omitted: number;
}

const KINDS = MARKER_KINDS.join('|');
const MAX_TEXT_LENGTH = 240;

/** Whether reading the source closely is worth the time. */
const MAY_HOLD_MARKERS = new RegExp(`\\b(?:${KINDS})\\b`);
/** At the beginning of a comment's line, after whatever decorates it; "TODO.md" and "TODO-list" are names. */
const AT_START = new RegExp(`^[\\s/*#;%!<>={}|(\\-@[\\].•+~]*?(?<kind>${KINDS})(?![\\w$]|[-.'’]\\w)`);
/** Anywhere else it needs a colon or an owner to be one: "see the TODO below" is none, "works. TODO: faster" is. */
const INSIDE = new RegExp(`(?<![\\w$.\\-/#"'\`])(?<kind>${KINDS})(?=:|\\([^()]*\\)?:)`, 'g');
/** "TODO, FIXME and HACK comments" talks about them. */
const IN_A_LIST = new RegExp(`^\\s*(?:[,/|&]|and\\b|or\\b)\\s*(?:and|or)?\\s*(?:${KINDS})\\b`);
const LABEL = /^(?:\((?<tight>[^()\n]{0,100})\)|[ \t]\((?<loose>[^()\n]{1,100})\)(?=:))/;
const DECORATION = /^[\s/*#;%!<>|\-•+]+/;
const SENTENCE_END = /[.!?]$/;
/** Code that was commented out goes on with no sentence. */
const LOOKS_LIKE_CODE = /[;{}]$|=>|\w\(["'`]/;

/** The markers of a source, at most `limit` of them. */
export function findMarkers(source: string, syntax: Syntax, limit: number): MarkerReport {
  if (!MAY_HOLD_MARKERS.test(source)) return { markers: [], omitted: 0 };
  const lines = commentLines(source, commentsOf(source, syntax));
  const places = lines.flatMap((line, index) => placesIn(line.text).map((place) => ({ ...place, index })));
  const markers = places.slice(0, limit).map(({ at, kind, index }, position) => {
    const next = places[position + 1];
    const end = next?.index === index ? next.at : lines[index]!.text.length;
    return markerAt(lines, index, { at, kind, end });
  });
  return { markers, omitted: places.length - markers.length };
}

interface Place {
  readonly at: number;
  readonly kind: MarkerKind;
}

function placesIn(text: string): Place[] {
  const first = AT_START.exec(text);
  const matches = [...(first === null ? [] : [first]), ...text.matchAll(INSIDE)];
  const places = matches.map((match) => {
    const kind = match.groups!['kind'] as MarkerKind;
    // The first one matched its decoration, too.
    return { kind, at: match === first ? first[0].length - kind.length : match.index };
  });
  return places.filter(
    ({ at, kind }, index) => at !== places[index - 1]?.at && !IN_A_LIST.test(text.slice(at + kind.length)) && !isQuoted(text.slice(0, at)),
  );
}

/** Whether a quotation is open after a text: what stands in it is said of others. */
function isQuoted(before: string): boolean {
  return before.split('"').length % 2 === 0 || before.split('`').length % 2 === 0;
}

function markerAt(lines: readonly CommentLine[], index: number, { at, kind, end }: Place & { readonly end: number }): Marker {
  const { line, column, text } = lines[index]!;
  const rest = text.slice(at + kind.length, end);
  const parentheses = LABEL.exec(rest);
  const written = kind + (parentheses?.[0] ?? '');
  const label = (parentheses?.groups?.['tight'] ?? parentheses?.groups?.['loose'])?.trim() ?? '';
  const after = rest.slice(written.length - kind.length);
  const firstLine = after.replace(/^[\s:\-–—.,]+/, '').trim();
  const isLast = end === text.length;
  return {
    line: line + 1,
    column: column + at + 1,
    kind,
    written,
    label: label === '' ? null : label,
    isBare: /^\s+[^\s:\-–—.,]/.test(after),
    text: shorten((isLast ? continued(lines, index, firstLine) : firstLine).replace(/\s+/g, ' '), MAX_TEXT_LENGTH),
  };
}

/** Adds the lines below that go on with a text: up to the end of a sentence, an empty line or the next marker. */
function continued(lines: readonly CommentLine[], index: number, firstLine: string): string {
  let text = firstLine;
  for (let next = index + 1; next < lines.length && text.length < MAX_TEXT_LENGTH && !SENTENCE_END.test(text); next++) {
    const { line, isAlone, text: more } = lines[next]!;
    const isNextLine = line === lines[next - 1]!.line + 1 && isAlone && lines[index]!.isAlone;
    const words = more.replace(DECORATION, '');
    if (!isNextLine || words === '' || words.startsWith('@') || LOOKS_LIKE_CODE.test(words) || placesIn(more).length > 0) break;
    text = `${text} ${words}`.trim();
  }
  return text;
}
