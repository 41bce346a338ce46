/** From what the runner of Node tells of tests to one message for each of them. */
import { inspect } from 'node:util';

/** What of an event is looked at, on every Node from 18 on. */
export interface RunnerEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly nesting?: number;
    readonly skip?: unknown;
    readonly todo?: unknown;
    readonly details?: { readonly duration_ms?: number; readonly error?: RunnerError };
  };
}

interface RunnerError {
  readonly message: string;
  readonly failureType?: string;
  readonly cause?: unknown;
}

/** How a test ended. */
export interface TestMessage {
  /** With those of the suites that it is in: `forecast > of a city`. Empty for a file that could not be run. */
  readonly name: string;
  readonly ok: boolean;
  /** Or still to be written. */
  readonly isSkipped: boolean;
  readonly durationMs: number;
  readonly error?: string;
}

export class TestTally {
  /** The names of those that are under way, from the outermost on, and whether something is inside of them. */
  #open: { readonly name: string; hasChildren: boolean }[] = [];

  /** A message for the end of a test; none for that of a suite, which has told all by its tests, unless it failed by itself. */
  take({ type, data }: RunnerEvent): TestMessage | undefined {
    if (type === 'test:start') this.#begin(data);
    return type === 'test:pass' || type === 'test:fail' ? this.#end(type === 'test:pass', data) : undefined;
  }

  #begin({ name = '', nesting = 0 }: RunnerEvent['data']): void {
    const around = this.#open[nesting - 1];
    if (around !== undefined) around.hasChildren = true;
    this.#open = [...this.#open.slice(0, nesting), { name, hasChildren: false }];
  }

  #end(hasPassed: boolean, { name = '', nesting = 0, skip, todo, details = {} }: RunnerEvent['data']): TestMessage | undefined {
    const { duration_ms: durationMs = 0, error } = details;
    const isTold = this.#open[nesting]?.hasChildren === true && (hasPassed || error?.failureType === 'subtestsFailed');
    if (isTold) return undefined;
    const names = [...this.#open.slice(0, nesting).map((one) => one.name), name];
    // What is still to be done may fail.
    const ok = hasPassed || isMarked(todo);
    return { name: names.join(' > '), ok, isSkipped: isMarked(skip) || isMarked(todo), durationMs, ...(ok ? {} : { error: failureText(error?.cause ?? error) }) };
  }
}

/** A mark is true, or the reason. */
function isMarked(mark: unknown): boolean {
  return mark !== undefined && mark !== false;
}

/** What was thrown, with the first place in a stack that is a file of the author's. */
export function failureText(thrown: unknown): string {
  if (!(thrown instanceof Error)) return inspect(thrown);
  const { code } = thrown as { readonly code?: unknown };
  const text = typeof code === 'string' && code !== 'ERR_ASSERTION' ? `${code}: ${thrown.message}` : thrown.message;
  const frame = (thrown.stack ?? '').split('\n').find((line) => /^\s+at .*:\d+:\d+\)?$/.test(line) && !/node:|[/\\]node_modules[/\\]/.test(line));
  return frame === undefined ? text : `${text.trimEnd()}\n${frame.trim()}`;
}
