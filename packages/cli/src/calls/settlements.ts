/** What somebody says on the command line about calls whose outcome nobody knows. */
import { OmniError, toJson, type OmniKernel, type SettledOutcome } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';
import { shellWord } from '../terminal/printable.js';
import { callName, callTexts, unrepeatableText, type OpenCall } from './open-calls.js';

export interface UnknownOutcomeOptions {
  /** `AGENT/TICK/CALL=JSON`. */
  readonly settle?: readonly string[];
  /** Who says so. */
  readonly by?: string;
  /** What becomes of calls that nobody settles. */
  readonly unknownOutcomes?: 'throw' | 'refuse';
}

/** By the name of the call, how it ended. */
export type Settlements = ReadonlyMap<string, SettledOutcome>;

/** Throws a UsageError for what does not say how a call ended. */
export function settlementsIn({ settle = [], by }: UnknownOutcomeOptions): Settlements {
  if (by !== undefined && settle.length === 0) throw new UsageError('--by says who settles calls, and none is settled: give --settle.');
  if (by?.trim() === '') throw new UsageError('--by names nobody. Say who settles the calls, or leave it out.');
  const settlements = settle.map(settlementIn);
  const twice = settlements.find(([name], index) => settlements.findIndex(([other]) => other === name) !== index);
  if (twice !== undefined) throw new UsageError(`--settle says twice what came of ${twice[0]}. Say it once.`);
  return new Map(settlements);
}

function settlementIn(text: string): readonly [string, SettledOutcome] {
  const [, name, json] = /^(.+?\/\d+\/\d+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || json === undefined) throw new UsageError(`--settle ${text} names no call. It is AGENT/TICK/CALL=JSON, e.g. payer-1/3/0='{"value":"paid"}'.`);
  const said = parsed(name, json);
  const outcome = outcomeIn(said);
  if (outcome === undefined) throw new UsageError(`--settle ${name}=${json} does not say how the call ended. Say {"value": …}, or {"error": "what went wrong"}.`);
  assertRecordable(name, said);
  return [name, outcome];
}

function parsed(name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw new UsageError(`What --settle says of ${name} is not JSON: ${(thrown as SyntaxError).message}.`);
  }
}

/** Not all that JSON can say can be recorded (-0, for one); before the log is touched. */
function assertRecordable(name: string, said: unknown): void {
  try {
    toJson(said);
  } catch (thrown) {
    throw new UsageError(`What --settle says of ${name} can't be recorded: ${(thrown as Error).message}`);
  }
}

function outcomeIn(said: unknown): SettledOutcome | undefined {
  if (typeof said !== 'object' || said === null || Object.keys(said).length !== 1) return undefined;
  if ('value' in said) return { value: said.value };
  if (!('error' in said)) return undefined;
  const { code = 'TOOL_FAILED', message } = (typeof said.error === 'string' ? { message: said.error } : said.error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && typeof message === 'string' && message !== '' ? { error: new OmniError(code, message) } : undefined;
}

/** Whether any of these calls may be left to its program, and each that was settled is one of them; throws otherwise. */
export function assertDecided(unknown: readonly OpenCall[], settlements: Settlements, { unknownOutcomes = 'throw' }: UnknownOutcomeOptions): void {
  const names = unknown.map(callName);
  const stray = [...settlements.keys()].find((name) => !names.includes(name));
  if (stray !== undefined) throw new UsageError(`There is no call ${stray} whose outcome is unknown. Such calls: ${names.length === 0 ? 'none' : names.join(', ')}.`);
  const undecided = unknown.filter((call) => !settlements.has(callName(call)));
  if (undecided.length === 0 || (unknownOutcomes === 'throw' && settlements.size === 0)) return;
  const [first] = undecided as [OpenCall];
  throw new OmniError(
    'TOOL_OUTCOME_UNKNOWN',
    `Nobody has said what came of ${unrepeatableText(undecided)}: ${callTexts(undecided).join('; ')}. Find out outside, then say it of each: --settle ${shellWord(`${callName(first)}={"value":null}`)}, or with {"error":"what went wrong"}.`,
    { details: { calls: undecided } },
  );
}

/** Puts on record what was said. One at a time: what one agent is told may end another, whose call nobody waits for any more. */
export function settleCalls(kernel: OmniKernel, settlements: Settlements, { by }: UnknownOutcomeOptions): void {
  for (const [name, outcome] of settlements) {
    const call = kernel.unknownCalls().find((one) => callName(one) === name);
    if (call !== undefined) kernel.settle(call, outcome, by);
  }
}
