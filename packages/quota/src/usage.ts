/** What a call has used: pure. */
import type { EntryCatalogue, Usage } from '@omnipaw/kernel';
import type { RatedCall } from './rates.js';

export type Amounts = Required<Usage>;

/** A call that has reserved something, and what its attempts have said so far. */
export interface OpenCall extends RatedCall {
  readonly spent: Amounts;
  /** What an attempt left unsaid. */
  readonly unsaid: readonly (keyof Usage)[];
  readonly isSettled: boolean;
  readonly isUnderWay: boolean;
  /** Attempts that are over, and may still say something. */
  readonly lateCount: number;
}

const NAMES = ['tokens', 'cost'] as const;

export function openCall(rated: RatedCall): OpenCall {
  return { ...rated, spent: { tokens: 0, cost: 0 }, unsaid: [], isSettled: false, isUnderWay: false, lateCount: 0 };
}

/** What counts of a call: what its tool has said. While more may come, and of what was left unsaid, all that it reserved, or more. */
export function countOf({ spent, reserved = {}, unsaid, isSettled }: OpenCall): Amounts {
  return amounts((name) => (isSettled && !unsaid.includes(name) ? spent[name] : Math.max(spent[name], reserved[name] ?? 0)));
}

/** After what an attempt has said. */
export function withSaid(open: OpenCall, { usage }: { readonly usage?: Usage }): OpenCall {
  return { ...open, spent: amounts((name) => open.spent[name] + (usage?.[name] ?? 0)) };
}

/** After an attempt that is over: if its time was up, it may still be spending. */
export function afterAttempt(open: OpenCall, said: EntryCatalogue['TOOL_RETRIED'] | EntryCatalogue['TOOL_RESULT']): OpenCall {
  const error = 'error' in said ? said.error : said.result.ok ? undefined : said.result.error;
  const isLate = error?.code === 'TOOL_TIMEOUT';
  const unsaid = NAMES.filter((name) => isLate || open.unsaid.includes(name) || said.usage?.[name] === undefined);
  return { ...withSaid(open, said), unsaid, isUnderWay: false, lateCount: open.lateCount + (isLate ? 1 : 0) };
}

/** After all attempts were cut off: by the end of the agent, or of a kernel. */
export function afterCut(open: OpenCall): OpenCall {
  return { ...open, unsaid: open.isUnderWay ? NAMES : open.unsaid };
}

export function difference(after: Amounts, before: Amounts): Amounts {
  return amounts((name) => after[name] - before[name]);
}

function amounts(amountOf: (name: keyof Usage) => number): Amounts {
  return { tokens: amountOf('tokens'), cost: amountOf('cost') };
}
