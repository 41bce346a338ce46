import type { AgentContext, Instruction, Json } from '@omnipaw/kernel';
import { announce } from '../announce.js';
import type { ConsensusOptions, JudgeInput, VoteAsked } from '../consensus/index.js';
import { Staff } from '../crew/index.js';
import type { Member } from '../names.js';
import { SwarmProtocol } from '../protocol/index.js';
import { assertCount } from '../require.js';
import { sourceOf, type Job, type Post, type Steps, type Strategy } from '../strategy.js';

/** What a swarm decides by; the goal is the question. */
export interface ConsensusParts<Question> extends Pick<ConsensusOptions, 'rule' | 'weights' | 'maxRounds'> {
  /** What a member proposes, before it has seen what others do; nothing if undefined. */
  readonly propose: (ctx: AgentContext, question: Question) => Generator<Instruction, Json | undefined>;
  /** The number of the option that it votes for, or undefined for none; for its own proposal, and later for what had the most votes, unless given. */
  readonly vote?: (ctx: AgentContext, asked: VoteAsked) => Generator<Instruction, number | undefined>;
  /** Which proposals mean the same, by their numbers from 0, each in one group; part of the coordinator's program. Those that are equal as JSON unless given. */
  readonly judge?: (ctx: AgentContext, input: JudgeInput) => Generator<Instruction, unknown>;
  /** How long members may take for each answer: a minute unless given. */
  readonly timeoutMs?: number;
}

/**
 * All propose, each for itself, then vote until the rule is met. The result has the value that was decided, and the rounds in which it was.
 *
 * Ends with `NO_CONSENSUS` if it is not met. Throws a TypeError for a number that is none.
 */
export function consensus<Question>({ propose, vote, judge, timeoutMs = 60_000, ...rule }: ConsensusParts<Question>): Strategy {
  assertCount('timeoutMs', timeoutMs, 1);
  if (rule.maxRounds !== undefined) assertCount('maxRounds', rule.maxRounds, 1);
  function* decide(ctx: AgentContext, { job, staff }: { readonly job: Job; readonly staff: Staff }): Steps<Json> {
    const members: Member[] = [];
    for (const seat of job.seats) members.push({ id: yield* staff.start(seat), slot: seat.slot });
    const protocol = new SwarmProtocol(ctx, { swarm: job.swarm, members });
    const leftMs = Math.max(1, (job.deadline ?? Infinity) - ctx.now());
    const judged = judge === undefined ? {} : { judge: (input: JudgeInput) => judge(ctx, input) };
    const { value, rounds } = yield* protocol.reachConsensus({ question: job.goal, timeoutMs: Math.min(timeoutMs, leftMs), ...rule, ...judged });
    return { value, rounds: rounds as unknown as Json };
  }

  return Object.freeze({
    roles: [],
    source: sourceOf([propose, vote, judge], { timeoutMs, ...rule }),
    *coordinate(ctx: AgentContext, job: Job): Steps<Json> {
      yield* announce(ctx, job, null);
      const staff = new Staff(ctx, job);
      try {
        return yield* decide(ctx, { job, staff });
      } finally {
        yield* staff.dismissAll();
      }
    },
    *serve(ctx: AgentContext, { swarm, hub }: Post): Steps<Json> {
      const protocol = new SwarmProtocol(ctx, { swarm, members: [] });
      const voice = { propose: (question: Json) => propose(ctx, question as Question), ...(vote === undefined ? {} : { vote: (asked: VoteAsked) => vote(ctx, asked) }) };
      return yield* protocol.serveConsensus(voice, { chair: hub });
    },
  });
}
