import { createContext, Script } from 'node:vm';
import { hostError } from '../errors.js';

export interface LineMatch {
  readonly line: number;
  readonly text: string;
}

/** Finds the lines of a text that match, `maxMatches` at the most. */
export type LineMatcher = (text: string, maxMatches: number) => LineMatch[];

export interface LineQuery {
  readonly query: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
}

const MAX_TEXT_CHARS = 300;
/** What the patterns of one search may take, together: the process does nothing else meanwhile. */
const BUDGET_MS = 1_000;

/** Throws `SEARCH_INVALID` for what is no pattern; the matcher throws `SEARCH_TOO_COSTLY`. */
export function lineMatcher(search: LineQuery): LineMatcher {
  const pattern = patternOf(search);
  if (search.regex !== true) return (text, maxMatches) => find(text, pattern, maxMatches);
  const run = withinTime(search.query);
  return (text, maxMatches) => run(() => find(text, pattern, maxMatches));
}

function patternOf({ query, regex = false, ignoreCase = false }: LineQuery): RegExp {
  try {
    return new RegExp(regex ? query : query.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), ignoreCase ? 'i' : '');
  } catch (cause) {
    throw hostError('SEARCH_INVALID', `${JSON.stringify(query)} is no pattern: ${(cause as Error).message}. Mend it, or search for it as text (regex: false).`, { cause });
  }
}

function find(text: string, pattern: RegExp, maxMatches: number): LineMatch[] {
  const matches: LineMatch[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (matches.length >= maxMatches) break;
    // No half of a surrogate pair at the end: it would be no JSON.
    if (pattern.test(line)) matches.push({ line: index + 1, text: line.slice(0, MAX_TEXT_CHARS).replace(/[\uD800-\uDBFF]$/, '') });
  }
  return matches;
}

const script = new Script('task()');

/** A pattern may take for ever (`(a+)+$`), and only the engine's own limit stops it. */
function withinTime(query: string): <Result>(task: () => Result) => Result {
  const scope = createContext({}) as { task?: () => unknown };
  let leftMs = BUDGET_MS;
  return <Result>(task: () => Result) => {
    const began = performance.now();
    scope.task = task;
    try {
      return script.runInContext(scope, { timeout: leftMs }) as Result;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
      throw hostError('SEARCH_TOO_COSTLY', `The pattern ${JSON.stringify(query)} takes more than ${BUDGET_MS} ms. Write one that backtracks less, or search fewer files.`);
    } finally {
      // Never down to 0, which would be no limit.
      leftMs = Math.max(1, Math.floor(leftMs - (performance.now() - began)));
    }
  };
}
