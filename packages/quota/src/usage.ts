/** What a call has used: pure. */
import type { EntryCatalogue, Usage } from '@omnipaw/kernel';
import type { Account } from './account.js';
import type { RatedCall } from './rates.js';

/** A call that has not ended, and what its attempts have said so far. */
export interface OpenCall extends RatedCall {
  spent: Usage;
}

export function sumOf(one: Usage, other: Usage): Usage {
  return amounts((name) => (one[name] === undefined && other[name] === undefined ? undefined : (one[name] ?? 0) + (other[name] ?? 0)));
}

/** Counts tokens and cost, or gives them back if they are negative. */
export function chargeUsage(account: Account, { tokens = 0, cost = 0 }: Usage): void {
  account.use('tokens', tokens);
  account.use('cost', cost);
}

/**
 * What a call that has ended has used: what its tool has said. Of what it did not say, all that it reserved; and so of a call that was
 * over before its tool, which may still be spending.
 */
export function usedBy({ spent, reserved = {} }: OpenCall, { result }: Pick<EntryCatalogue['TOOL_RESULT'], 'result'>): Usage {
  const isKnown = result.ok || result.error.code !== 'TOOL_TIMEOUT';
  return amounts((name) => (isKnown ? (spent[name] ?? reserved[name]) : Math.max(spent[name] ?? 0, reserved[name] ?? 0)));
}

/** What is left of a reservation: less than nothing if more was used. */
export function leftOf(reserved: Usage, used: Usage): Required<Usage> {
  return { tokens: (reserved.tokens ?? 0) - (used.tokens ?? 0), cost: (reserved.cost ?? 0) - (used.cost ?? 0) };
}

function amounts(amountOf: (name: keyof Usage) => number | undefined): Usage {
  const [tokens, cost] = [amountOf('tokens'), amountOf('cost')];
  return { ...(tokens === undefined ? {} : { tokens }), ...(cost === undefined ? {} : { cost }) };
}
