/**
 * Finds the comments of a source, and only these.
 *
 * One pattern a language finds whatever comes next of: a comment's beginning, a string, a piece of a script. What is in
 * between is code, and is never looked at.
 */
import { EMBEDDED } from './languages.js';
import { ScriptPosition } from './script.js';
import type { BlockComment, Syntax } from './syntax.js';

/** A comment by its place in the source, its marks included. */
export interface Comment {
  readonly start: number;
  readonly end: number;
  /** What closes it: nothing for a comment that ends with its line. */
  readonly close: string;
}

export function commentsOf(source: string, syntax: Syntax): Comment[] {
  return syntax.embeds === true ? embeddedComments(source, syntax) : plainComments(source, syntax);
}

function plainComments(source: string, syntax: Syntax): Comment[] {
  const pattern = new RegExp(patternOf(syntax));
  const script = new ScriptPosition(source);
  const found: Comment[] = [];
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    const [text] = match;
    const start = match.index;
    const block = match.groups?.['block'] === undefined ? undefined : syntax.blocks?.find(({ open }) => open === text);
    if (block !== undefined) pattern.lastIndex = endOfBlock(source, start, block);
    else if (match.groups?.['line'] !== undefined) pattern.lastIndex = endOfLine(source, start, syntax.lineEnd);
    else {
      if (match.groups?.['script'] !== undefined) pattern.lastIndex = script.after(text, start);
      continue;
    }
    found.push({ start, end: pattern.lastIndex, close: block?.close ?? '' });
  }
  return found;
}

const compiled = new WeakMap<Syntax, RegExp>();

function patternOf(syntax: Syntax): RegExp {
  const known = compiled.get(syntax);
  if (known !== undefined) return known;
  const { blocks = [], lines = [], strings = [], isScript = false } = syntax;
  const kinds = [
    group('block', blocks.map(({ open }) => open.replace(/[\\^$.|?+*()[\]{}]/g, '\\$&'))),
    group('line', lines),
    group('string', strings),
    group('script', isScript ? ['/', '`', '[{}]'] : []),
  ];
  const pattern = new RegExp(kinds.filter((kind) => kind !== '').join('|'), 'g');
  compiled.set(syntax, pattern);
  return pattern;
}

function group(name: string, alternatives: readonly string[]): string {
  return alternatives.length === 0 ? '' : `(?<${name}>${alternatives.join('|')})`;
}

function endOfLine(source: string, from: number, lineEnd?: string): number {
  const newline = source.indexOf('\n', from);
  const end = newline < 0 ? source.length : newline;
  // Looked for in this line only, so that a long source without one is not searched once for each comment.
  const at = lineEnd === undefined ? -1 : source.slice(from, end).indexOf(lineEnd);
  return at < 0 ? end : from + at;
}

function endOfBlock(source: string, start: number, { open, close, nests = false }: BlockComment): number {
  let at = start + open.length;
  for (let depth = 1; depth > 0; depth--) {
    const closing = source.indexOf(close, at);
    if (closing < 0) return source.length;
    if (nests) depth += source.slice(at, closing).split(open).length - 1;
    at = closing + close.length;
  }
  return at;
}

const EMBEDDING = /(?<opening><(?<kind>script|style)\b[^>]*>)(?<inner>[^]*?)<\/\k<kind>\s*>/gi;

/** Those of the markup, and those of the scripts and styles in it. */
function embeddedComments(source: string, syntax: Syntax): Comment[] {
  const found: Comment[] = [];
  let markup = source;
  for (const { index, groups } of source.matchAll(EMBEDDING)) {
    const { opening, kind, inner } = groups as { opening: string; kind: string; inner: string };
    const from = index + opening.length;
    const syntaxInside = EMBEDDED[kind.toLowerCase() as 'script' | 'style'];
    for (const { start, end, close } of plainComments(inner, syntaxInside)) found.push({ start: from + start, end: from + end, close });
    // Blotted out, so that nothing in it is taken for markup, and everything after it stays where it is.
    markup = markup.slice(0, from) + ' '.repeat(inner.length) + markup.slice(from + inner.length);
  }
  return [...found, ...plainComments(markup, syntax)].sort((one, other) => one.start - other.start);
}
