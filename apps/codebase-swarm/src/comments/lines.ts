import type { Comment } from './comments.js';

/** The part of a comment that stands on one line. */
export interface CommentLine {
  /** From 0. */
  readonly line: number;
  /** Where it starts within its line, from 0, in UTF-16 units. */
  readonly column: number;
  /** Its text without what closes the comment and without white space at its end. */
  readonly text: string;
  /** Whether nothing but white space stands before it on its line. */
  readonly isAlone: boolean;
}

/** Comments line by line, in order. */
export function commentLines(source: string, comments: readonly Comment[]): CommentLine[] {
  const result: CommentLine[] = [];
  let line = 0;
  let lineStart = 0;
  for (const { start, end, close } of comments) {
    for (let at = start; at <= end; ) {
      for (let newline = source.indexOf('\n', lineStart); newline >= 0 && newline < at; newline = source.indexOf('\n', lineStart)) {
        line++;
        lineStart = newline + 1;
      }
      const newline = source.indexOf('\n', at);
      const stop = newline < 0 || newline > end ? end : newline;
      const text = source.slice(at, stop);
      result.push({
        line,
        column: at - lineStart,
        text: (stop === end && close !== '' && text.endsWith(close) ? text.slice(0, -close.length) : text).trimEnd(),
        isAlone: source.slice(lineStart, at).trim() === '',
      });
      at = stop + 1;
    }
  }
  return result;
}
