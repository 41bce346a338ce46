import type { Json } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import type { Tally } from './tally.js';

/** What a chair asks for on the topic `vote`, and what it says in the end. */
export type ChairWord =
  | { readonly kind: 'propose'; readonly question: Json; readonly patienceMs: number }
  | ({ readonly kind: 'vote'; readonly patienceMs: number } & VoteAsked)
  | { readonly kind: 'close'; readonly decision: Decision };

/** What somebody is asked to vote about. */
export interface VoteAsked {
  readonly question: Json;
  readonly options: readonly Json[];
  /** 1 is the first. */
  readonly round: number;
  /** How the round before ended; null in the first. */
  readonly tally: Tally | null;
}

/** What came out, as members are told. */
export type Decision = { readonly isDecided: true; readonly value: Json } | { readonly isDecided: false };

/** What a member answers: a proposal, the number of an option, or nothing of either. */
export type VoterAnswer = { readonly kind: 'proposal'; readonly proposal: Json } | { readonly kind: 'vote'; readonly option: number } | { readonly kind: 'abstain' };

/** What a chair says with a body; undefined for what no chair says. */
export function toChairWord(body: unknown): ChairWord | undefined {
  const { kind, question, patienceMs, decision, options, round, tally } = fieldsOf(body);
  if (kind === 'close') return typeof fieldsOf(decision)['isDecided'] === 'boolean' ? (body as ChairWord) : undefined;
  if (question === undefined || !isCount(patienceMs)) return undefined;
  if (kind === 'propose') return body as ChairWord;
  const isVote = kind === 'vote' && Array.isArray(options) && options.length > 0 && isCount(round) && (tally === null || isTally(tally));
  return isVote ? (body as ChairWord) : undefined;
}

/** As far as a member looks into it: what each option had. */
function isTally(value: unknown): boolean {
  const { counts } = fieldsOf(value);
  return Array.isArray(counts) && counts.every((count: unknown) => isCount(fieldsOf(count)['weight']));
}

/** The proposal in what a member has answered, with its slot; nothing if there is none. */
export function proposalsOf({ slot, answer }: { readonly slot: string; readonly answer: unknown }): { readonly slot: string; readonly proposal: Json }[] {
  const { kind, proposal } = fieldsOf(answer);
  return kind === 'proposal' && proposal !== undefined ? [{ slot, proposal: proposal as Json }] : [];
}

export function isAbstention(answer: unknown): boolean {
  return fieldsOf(answer)['kind'] === 'abstain';
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}
