import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';

const CONTEXT_LINES = 3;

/**
 * The change of one file in the form that `git apply` and `patch -p1` take, however the file is named.
 *
 * Without git's own header, since with one `git apply` would take the path as seen from the top of the repository, and in
 * any other directory skip the file without a word.
 */
export function filePatch(path: string, before: string, after: string): { readonly text: string; readonly hunks: number } {
  const patch = structuredPatch(`a/${path}`, `b/${path}`, before, after, '', '', { context: CONTEXT_LINES });
  if (patch.hunks.length === 0) return { text: '', hunks: 0 };
  return { text: withNameEnds(formatPatch(patch, FILE_HEADERS_ONLY)), hunks: patch.hunks.length };
}

/** A tab says where a name with spaces ends. */
function withNameEnds(patch: string): string {
  return patch.replace(/^--- (?!")(.* .*)\n\+\+\+ (.*)\n/, '--- $1\t\n+++ $2\t\n');
}
