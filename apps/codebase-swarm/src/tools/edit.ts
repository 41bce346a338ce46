/** Edits of a text, pure. */

/** Replaces `from` by `to` where it stands: line and column from 1, in UTF-16 units. */
export interface Edit {
  readonly line: number;
  readonly column: number;
  readonly from: string;
  readonly to: string;
}

/** Applies what still fits; `stale` has the lines of edits whose `from` is not where it was. */
export function applyEdits(text: string, edits: readonly Edit[]): { readonly edited: string; readonly stale: readonly number[] } {
  const lines = text.split('\n');
  const stale: number[] = [];
  // From the right, so that what is replaced moves nothing that is still to be found.
  for (const { line, column, from, to } of [...edits].sort((one, other) => other.column - one.column)) {
    const content = lines[line - 1];
    const start = column - 1;
    if (content?.startsWith(from, start) === true) lines[line - 1] = content.slice(0, start) + to + content.slice(start + from.length);
    else stale.push(line);
  }
  return { edited: lines.join('\n'), stale: stale.sort((one, other) => one - other) };
}
