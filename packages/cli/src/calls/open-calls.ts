/** Tool calls of which the log has the beginning and not the end. */
import type { AgentSnapshot, Tool, UnknownCall } from '@omnipaw/kernel';
import { count, jsonLine } from '../terminal/printable.js';

export type OpenCall = UnknownCall;

/** The calls under way of these agents; of one between two attempts it is known what came of the last. */
export function openCallsOf(agents: readonly AgentSnapshot[]): OpenCall[] {
  return agents.flatMap(({ id, waitingFor }) => waitingFor.flatMap(({ tick, call, since, toolCall }) => {
    if (toolCall === undefined || toolCall.isBackingOff) return [];
    const { tool, args } = toolCall;
    return [{ agent: id, tick, call, tool, args, intentSeq: since }];
  }));
}

/** Those of some calls that may not be made again, so that nobody knows what came of them once they are cut off. */
export function unrepeatable(calls: readonly OpenCall[], tools: readonly Tool[]): OpenCall[] {
  const repeatable = new Set(tools.filter(({ idempotent }) => idempotent).map(({ name }) => name));
  return calls.filter(({ tool }) => !repeatable.has(tool));
}

/** How a call is named on the command line: `payer-1/3/0`. */
export function callName({ agent, tick, call }: Pick<OpenCall, 'agent' | 'tick' | 'call'>): string {
  return `${agent}/${tick}/${call}`;
}

const SHOWN = 5;

/** The first calls, and how many more there are. */
export function callTexts(calls: readonly OpenCall[]): string[] {
  const texts = calls.slice(0, SHOWN).map((call) => `${callName(call)} ${call.tool} ${jsonLine(call.args, 80)}, since entry ${call.intentSeq}`);
  return calls.length > SHOWN ? [...texts, `and ${count(calls.length - SHOWN, 'other')}`] : texts;
}

/** The same, a line each. */
export function callLines(calls: readonly OpenCall[]): string[] {
  return callTexts(calls).map((text) => `  ${text}`);
}

/** `2 calls that may not be repeated`. */
export function unrepeatableText(calls: readonly OpenCall[]): string {
  return `${count(calls.length, 'call')} that may not be repeated`;
}
