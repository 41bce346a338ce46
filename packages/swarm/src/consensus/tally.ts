import type { Json } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { isAbstention } from './wire.js';

/**
 * When an option is decided, by the weight of ALL who may vote, whether they do or not.
 *
 * - `majority`: more than half of it;
 * - `unanimous`: all of it;
 * - `{ atLeast }`: so much of it, and more than any other option has.
 */
export type Rule = 'majority' | 'unanimous' | { readonly atLeast: number };

export interface Voter {
  readonly slot: string;
  /** What its vote counts: a whole number, 0 for one that is asked and does not count. */
  readonly weight: number;
}

export interface Poll {
  readonly options: readonly Json[];
  readonly rule: Rule;
  readonly voters: readonly Voter[];
}

/** What a voter has answered, or why it has not. */
export type Ballot = { readonly slot: string; readonly answer: unknown } | { readonly slot: string; readonly error: string };

/** How a vote stands: JSON, to be told and recorded. Voters are named by their slots, in the order of the membership. */
export interface Tally {
  /** The number of the option that is decided; null if none is. */
  readonly decided: number | null;
  readonly counts: readonly { readonly option: Json; readonly weight: number; readonly voters: readonly string[] }[];
  /** The weight that an option needs, and that of all who may vote. */
  readonly needed: number;
  readonly total: number;
  readonly abstained: readonly string[];
  /** Who has answered something else than the number of an option. */
  readonly invalid: readonly string[];
  /** Who has not answered, with the code that says why. */
  readonly missing: readonly { readonly slot: string; readonly error: string }[];
}

/** Counts what each voter has answered first; whoever is no voter counts nothing. Throws a TypeError for a rule or weights that make no sense. */
export function tally({ options, rule, voters }: Poll, ballots: readonly Ballot[]): Tally {
  const total = totalOf(voters);
  const needed = neededOf(rule, total);
  const first = new Map<string, Ballot>();
  for (const ballot of ballots) if (!first.has(ballot.slot)) first.set(ballot.slot, ballot);
  const choices = voters.map((voter) => ({ ...voter, choice: choiceIn(first.get(voter.slot), options.length) }));
  const counts = options.map((option, index) => {
    const its = choices.filter(({ choice }) => choice === index);
    return { option, weight: its.reduce((sum, { weight }) => sum + weight, 0), voters: its.map(({ slot }) => slot) };
  });
  return {
    decided: decidedOf(counts.map(({ weight }) => weight), needed),
    counts,
    needed,
    total,
    abstained: choices.filter(({ choice }) => choice === 'abstains').map(({ slot }) => slot),
    invalid: choices.filter(({ choice }) => choice === 'invalid').map(({ slot }) => slot),
    missing: choices.flatMap(({ slot, choice }) => (typeof choice === 'object' ? [{ slot, error: choice.error }] : [])),
  };
}

/** The number of the one option with the most weight, if that is enough. */
function decidedOf(weights: readonly number[], needed: number): number | null {
  const most = weights.reduce((a, b) => Math.max(a, b), 0);
  const best = weights.indexOf(most);
  return most >= needed && weights.lastIndexOf(most) === best ? best : null;
}

type Choice = number | 'abstains' | 'invalid' | { readonly error: string };

function choiceIn(ballot: Ballot | undefined, optionCount: number): Choice {
  if (ballot === undefined) return { error: 'REQUEST_TIMEOUT' };
  if ('error' in ballot) return { error: ballot.error };
  if (isAbstention(ballot.answer)) return 'abstains';
  const { kind, option } = fieldsOf(ballot.answer);
  const isOption = kind === 'vote' && typeof option === 'number' && Number.isInteger(option) && option >= 0 && option < optionCount;
  return isOption ? option : 'invalid';
}

function totalOf(voters: readonly Voter[]): number {
  const wrong = voters.find(({ weight }) => !Number.isSafeInteger(weight) || weight < 0);
  if (wrong !== undefined) throw new TypeError(`A weight is a whole number, 0 or more; that of "${wrong.slot}" is ${String(wrong.weight)}.`);
  const total = voters.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) throw new TypeError('Nobody has a vote: there are no voters, or none with a weight.');
  return total;
}

function neededOf(rule: Rule, total: number): number {
  if (rule === 'majority') return Math.floor(total / 2) + 1;
  if (rule === 'unanimous') return total;
  const { atLeast } = rule;
  if (Number.isInteger(atLeast) && atLeast >= 1 && atLeast <= total) return atLeast;
  throw new TypeError(`A rule wants at least a whole number from 1 to ${String(total)}, the weight of all voters; found ${String(atLeast)}.`);
}
