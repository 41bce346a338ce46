import type { Instruction, Json } from '@omnipaw/kernel';
import type { Member } from '../names.js';
import type { Rule, Tally } from './tally.js';
import type { VoteAsked } from './wire.js';

export interface VoteOptions {
  /** Between what: yes and no (`true` and `false`) unless given. */
  readonly options?: readonly Json[];
  /** `majority` unless given. */
  readonly rule?: Rule;
  /** What votes count, by slot; 1 where it is not said. */
  readonly weights?: Readonly<Record<string, number>>;
  /** Who is asked: all others unless given. The rule is about all of them, whether they answer or not. */
  readonly voters?: readonly Member[];
  /** For how long answers are waited for, each time that something is asked. */
  readonly timeoutMs: number;
}

export interface ConsensusOptions extends Omit<VoteOptions, 'options'> {
  readonly question: Json;
  /** How many times it is voted at most, once everybody has proposed: 3 unless given. */
  readonly maxRounds?: number;
  /**
   * Says which proposals mean the same, by their numbers: `(input) => ctx.delegate(judge, input)`. Without it, the same is what is
   * equal as JSON. What it answers must have each number in one group, or there is no consensus.
   */
  readonly judge?: (input: JudgeInput) => Iterable<Instruction, unknown>;
}

/** What a judge is given. */
export interface JudgeInput {
  readonly question: Json;
  readonly proposals: readonly Json[];
}

export interface Consensus {
  readonly value: Json;
  /** How it came to it: the proposals, then each time that it was voted. */
  readonly rounds: readonly Tally[];
}

/** What a member does in a consensus. What it has to ask for meanwhile, it asks of its context. */
export interface Voice {
  /** Undefined if it has nothing to propose. */
  readonly propose?: (question: Json) => Iterable<Instruction, Json | undefined>;
  /** The number of an option, or undefined for none. {@link usualVote} unless given. */
  readonly vote?: (asked: VoteAsked) => Iterable<Instruction, number | undefined>;
}

export interface ServeOptions {
  /** Whose questions are answered, an agent's id; anybody's unless given. Who knows its chair gives no proposal away to others. */
  readonly chair?: string;
  /** After so long without a word of the chair, `RECEIVE_TIMEOUT` is thrown; never unless given. */
  readonly timeoutMs?: number;
}
