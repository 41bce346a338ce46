/** What is to be seen of a change, from three sides: each a tool of its own, so that each juror sees for itself. */
import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { languageByFirstLine, languageByName } from '../comments/languages.js';
import { findMarkers } from '../comments/markers.js';
import { shorten } from '../comments/shorten.js';
import { differenceOf } from '../fixes/same-program.js';
import { count, MAX_SOURCE_BYTES, text } from './schemas.js';
import { unplannedChange, type Range } from './unplanned-change.js';
import { digest, MAX_COPY_BYTES, WORKSPACE_FOLDER, type Directories } from './workspace.js';

/** A changed file, as the one who changed it says. */
export interface Changed {
  readonly path: string;
  readonly sha256: string;
  /** The lines of the source that were to be changed, from and to. */
  readonly lines: readonly Range[];
}

export interface ReviewArguments {
  readonly files: readonly Changed[];
}

export interface ReviewResult {
  /** Of the files that are not as they should be. */
  readonly problems: readonly { readonly path: string; readonly problem: string }[];
}

interface Seen extends Changed {
  readonly before: string;
  readonly after: string;
}

export const MAX_FILES_PER_REVIEW = 50;
const MAX_MARKERS = 2_000;
const MAX_WORDS_CHARS = 80;

/** Whether the comments say what they said. */
export function commentsTool(directories: Directories): Tool<ReviewArguments, ReviewResult> {
  return reviewTool('review.comments', 'Tells which changed files have comments that ask for something else than before.', directories, ({ path, before, after }) => {
    const [one, other] = [markersOf(path, before), markersOf(path, after)];
    const at = one.findIndex((marker, index) => marker !== other[index]);
    if (at >= 0) return `a comment that says ${quoted(one[at])} now says ${quoted(other[at])}`;
    return other.length > one.length ? `a comment was added: ${quoted(other[one.length])}` : undefined;
  });
}

/** Whether nothing was changed but the lines that were to be. */
export function linesTool(directories: Directories): Tool<ReviewArguments, ReviewResult> {
  return reviewTool('review.lines', 'Tells which changed files have changes on other lines than planned.', directories, ({ before, after, lines }) => unplannedChange(before, after, lines));
}

/** Whether the program is the same. */
export function programTool(directories: Directories): Tool<ReviewArguments, ReviewResult> {
  return reviewTool('review.program', 'Tells which changed files are not the program that they were.', directories, ({ path, before, after }) => differenceOf(path, before, after));
}

// eslint-disable-next-line @typescript-eslint/max-params -- what a tool is called and says of itself, where, and what it does
function reviewTool(name: string, description: string, { source, output }: Directories, problemOf: (seen: Seen) => string | undefined): Tool<ReviewArguments, ReviewResult> {
  const line = v.pipe(count, v.minValue(1));
  const look = async (file: Changed): Promise<string | undefined> => {
    const before = await source.readText(file.path, MAX_SOURCE_BYTES).catch(() => undefined);
    if (before === undefined || digest(before) !== file.sha256) return 'the source was changed meanwhile';
    const after = await output.readText(`${WORKSPACE_FOLDER}/${file.path}`, MAX_COPY_BYTES);
    try {
      return problemOf({ ...file, before, after });
    } catch (thrown) {
      // Somebody's source can be deeper than the stack.
      return `nobody can tell: ${shorten(String(thrown), MAX_WORDS_CHARS)}`;
    }
  };
  return defineTool({
    name, description,
    input: v.strictObject({
      files: v.pipe(v.array(v.strictObject({ path: text, sha256: text, lines: v.array(v.tuple([line, line])) })), v.maxLength(MAX_FILES_PER_REVIEW)),
    }),
    idempotent: true,
    run: async ({ files }): Promise<ReviewResult> => {
      const problems: { path: string; problem: string }[] = [];
      for (const file of files) {
        const problem = await look(file);
        if (problem !== undefined) problems.push({ path: file.path, problem });
      }
      return { problems };
    },
  });
}

function quoted(words = 'nothing'): string {
  return JSON.stringify(shorten(words, MAX_WORDS_CHARS));
}

/** What each of them asks for, without what is in parentheses: there the id goes. */
function markersOf(path: string, content: string): string[] {
  const language = languageByName(path) ?? languageByFirstLine(content.slice(0, content.indexOf('\n') + 1));
  if (language === undefined) return [];
  return findMarkers(content, language.syntax, MAX_MARKERS).markers.map(({ kind, text: words }) => `${kind} ${words}`);
}
