/** What somebody says on the command line about calls whose outcome nobody knows. */
import { OmniError, type OmniKernel, type SettledOutcome } from '@omnipaw/kernel';
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
  return new Map(settle.map(settlementIn));
}

function settlementIn(text: string): readonly [string, SettledOutcome] {
  const [, name, json] = /^(.+?\/\d+\/\d+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || json === undefined) throw new UsageError(`--settle ${text} names no call. It is AGENT/TICK/CALL=JSON, e.g. payer-1/3/0='{"value":"paid"}'.`);
  const outcome = outcomeIn(parsed(name, json));
  if (outcome !== undefined) return [name, outcome];
  throw new UsageError(`--settle ${name}=${json} does not say how the call ended. Say {"value": …}, or {"error": "what went wrong"}.`);
}

function parsed(name: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw new UsageError(`What --settle says of ${name} is not JSON: ${(thrown as SyntaxError).message}.`);
  }
}

function outcomeIn(said: unknown): SettledOutcome | undefined {
  if (typeof said !== 'object' || said === null || Object.keys(said).length !== 1) return undefined;
  if ('value' in said) return { value: said.value };
  return 'error' in said && typeof said.error === 'string' ? { error: new OmniError('TOOL_FAILED', said.error) } : undefined;
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

/** Puts on record what was said. */
export function settleCalls(kernel: OmniKernel, settlements: Settlements, { by }: UnknownOutcomeOptions): void {
  for (const call of kernel.unknownCalls()) {
    const outcome = settlements.get(callName(call));
    if (outcome !== undefined) kernel.settle(call, outcome, by);
  }
}
