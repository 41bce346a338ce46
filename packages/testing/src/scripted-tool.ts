import { defineTool, unchecked, type Tool, type ToolContext, type ToolOptions } from '@omnipaw/kernel';
import type { VirtualTime } from './virtual-time.js';

/** What a call comes to: a value, an error, or nothing ever. */
export type ScriptedAnswer<Result = unknown> =
  | { readonly value: Result; readonly afterMs?: number }
  | { readonly error: unknown; readonly afterMs?: number }
  | { readonly hangs: true };

/** A call that reached the tool; the same call can come again, as a further attempt or after a crash. */
export interface ScriptedCall<Args = unknown> {
  readonly args: Args;
  readonly agent: string;
  readonly attempt: number;
  readonly idempotencyKey: string;
}

export interface ScriptedToolOptions<Args, Result>
  extends Pick<Partial<ToolOptions<never, Result, undefined>>, 'version' | 'description' | 'idempotent' | 'timeoutMs' | 'retry' | 'redact'> {
  readonly name: string;
  /** The answers, one a call, in the order of the calls; or what gives the answer to each. */
  readonly script: readonly ScriptedAnswer<Result>[] | ((call: ScriptedCall<Args>) => ScriptedAnswer<Result>);
  /** By which an answer takes its time (`afterMs`). */
  readonly time?: VirtualTime;
}

export interface ScriptedTool<Args, Result> extends Tool<Args, Result> {
  /** The calls so far, in the order in which they came. */
  readonly calls: readonly ScriptedCall<Args>[];
}

/** A tool that does nothing but answer by its script, and keeps what it was asked. A call beyond the script fails. */
export function scriptedTool<Args = object, Result = unknown>(options: ScriptedToolOptions<Args, Result>): ScriptedTool<Args, Result> {
  const { name, script, time, description = `${name}, by a script`, ...rest } = options;
  const calls: ScriptedCall<Args>[] = [];
  const run = (args: Args, { agent, attempt, idempotencyKey }: ToolContext): Result | Promise<Result> => {
    const call: ScriptedCall<Args> = { args, agent, attempt, idempotencyKey };
    calls.push(call);
    const answer = typeof script === 'function' ? script(call) : script[calls.length - 1];
    if (answer === undefined) throw new RangeError(`Call ${calls.length} of tool "${name}" is beyond its script.`);
    return perform(answer, time);
  };
  const tool = defineTool({ ...rest, name, description, input: unchecked<Args>(), run });
  return Object.freeze({ ...tool, calls });
}

function perform<Result>(answer: ScriptedAnswer<Result>, time: VirtualTime | undefined): Result | Promise<Result> {
  if ('hangs' in answer) return new Promise(() => undefined);
  const { afterMs = 0 } = answer;
  if (afterMs === 0) return give(answer);
  if (time === undefined) throw new TypeError(`An answer after ${afterMs} ms needs a time: scriptedTool({ time: new VirtualTime(), … }).`);
  return time.sleep(afterMs).then(() => give(answer));
}

function give<Result>(answer: Exclude<ScriptedAnswer<Result>, { readonly hangs: true }>): Result {
  if ('value' in answer) return answer.value;
  throw answer.error;
}
