import { defineTool, type Tool, type ToolContext } from '@omnipaw/kernel';
import * as v from 'valibot';
import type { HeldDirectory } from '../paths/held-directory.js';
import { readAtMost } from '../paths/read-at-most.js';
import { problemOf } from '../paths/relative-path.js';
import { itemsOf, type Workspace } from '../paths/workspace.js';
import { jsonBytes } from '../json-size.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path, within } from '../schemas/values.js';
import { MAX_RESULT_JSON_BYTES } from './limits.js';
import { lineMatcher, type LineMatcher } from './line-matcher.js';

export interface SearchArguments {
  /** Where to look: `.` is everywhere. */
  readonly path: string;
  /** What to look for in each line: text as it is, or with `regex` an ECMAScript pattern. */
  readonly query: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
  /** Only in files whose name ends so: `.ts`. */
  readonly nameEnds?: string;
  /** 200 unless given. */
  readonly maxMatches?: number;
}

export interface Match {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** The first 300 characters of the line. */
  readonly text: string;
}

export interface SearchResult {
  readonly matches: readonly Match[];
  /** Why the search ended before it was through, or null. */
  readonly endedBy: 'matches' | 'files' | 'size' | null;
  readonly filesSearched: number;
  /** Binary, too large, not readable, or not to be named in a path. */
  readonly filesSkipped: number;
}

const DEFAULT_MATCHES = 200;
const MAX_MATCHES = 1_000;
const MAX_FILES = 20_000;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_ITEMS = 20_000;
const MAX_DEPTH = 64;
const TIMEOUT_MS = 60_000;
/** Holds no text of anybody's. */
const SKIPPED = '.git';

/** Searches text files, in the order of their paths, without following links. Throws `PATH_REFUSED`, `SEARCH_INVALID`, `SEARCH_TOO_COSTLY`. */
export function searchTool(name: string, workspace: Workspace): Tool<SearchArguments, SearchResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Searches the lines of text files below the root.',
    input: argumentsOf(
      fields({
        path,
        query: v.pipe(v.string(), v.nonEmpty(), v.maxLength(1_000)),
        regex: v.exactOptional(v.boolean()),
        ignoreCase: v.exactOptional(v.boolean()),
        nameEnds: v.exactOptional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255))),
        maxMatches: v.exactOptional(within(1, MAX_MATCHES)),
      }),
    ),
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    run: (args, { signal }) => workspace.within(args.path, (directory) => new Search(args, signal).run(directory)),
  });
}

class Search {
  readonly #args: SearchArguments;
  readonly #signal: ToolContext['signal'];
  readonly #matcher: LineMatcher;
  readonly #matches: Match[] = [];
  #endedBy: SearchResult['endedBy'] = null;
  #room = MAX_RESULT_JSON_BYTES;
  #filesSearched = 0;
  #filesSkipped = 0;

  constructor(args: SearchArguments, signal: ToolContext['signal']) {
    this.#args = args;
    this.#signal = signal;
    this.#matcher = lineMatcher(args);
  }

  async run(directory: HeldDirectory): Promise<SearchResult> {
    await this.#directory(directory, this.#args.path === '.' ? '' : `${this.#args.path}/`, 0);
    return { matches: this.#matches, endedBy: this.#endedBy, filesSearched: this.#filesSearched, filesSkipped: this.#filesSkipped };
  }

  get #isOver(): boolean {
    return this.#endedBy !== null || this.#signal.aborted;
  }

  async #directory(directory: HeldDirectory, prefix: string, depth: number): Promise<void> {
    const { items, more } = await itemsOf(directory, MAX_ITEMS);
    if (more) this.#filesSkipped++;
    for (const { name, kind } of items) {
      if (this.#isOver) return;
      if (name === SKIPPED || kind === 'link' || kind === 'other') continue;
      if (problemOf(name) !== undefined || depth === MAX_DEPTH) this.#filesSkipped++;
      else if (kind === 'directory') await this.#inner(directory, { name, path: prefix + name, depth });
      else if (name.endsWith(this.#args.nameEnds ?? '')) await this.#file(directory, name, prefix + name);
    }
  }

  async #inner(outer: HeldDirectory, { name, path, depth }: { readonly name: string; readonly path: string; readonly depth: number }): Promise<void> {
    const inner = await outer.enter(name, path).catch(() => undefined);
    if (inner === undefined) this.#filesSkipped++;
    else await this.#directory(inner, `${path}/`, depth + 1).finally(() => inner.release());
  }

  async #file(directory: HeldDirectory, name: string, path: string): Promise<void> {
    const content = await readSmall(directory, name, path).catch(() => undefined);
    if (content === undefined || content.includes(0)) {
      this.#filesSkipped++;
      return;
    }
    this.#filesSearched++;
    const room = (this.#args.maxMatches ?? DEFAULT_MATCHES) - this.#matches.length;
    for (const match of this.#matcher(content.toString('utf8'), room)) this.#take({ path, ...match });
    if (this.#endedBy !== null) return;
    if (this.#matches.length >= (this.#args.maxMatches ?? DEFAULT_MATCHES)) this.#endedBy = 'matches';
    else if (this.#filesSearched >= MAX_FILES) this.#endedBy = 'files';
  }

  /** Unless the result would become larger than the log takes. */
  #take(match: Match): void {
    this.#room -= jsonBytes(match) + 1;
    if (this.#room < 0) this.#endedBy = 'size';
    else this.#matches.push(match);
  }
}

async function readSmall(directory: HeldDirectory, name: string, path: string): Promise<Buffer> {
  const file = await directory.open(name, path);
  return readAtMost(file, MAX_FILE_BYTES, path).finally(() => file.close());
}
