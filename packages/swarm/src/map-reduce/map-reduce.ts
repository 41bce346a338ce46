import type { AgentContext, Instruction, Json } from '@omnipaw/kernel';
import { Crew, crewOptions, workLoop, type Acts, type WorkInfo } from '../crew/index.js';
import { announce } from '../announce.js';
import { assertCount } from '../require.js';
import { sourceOf, type Job, type Post, type Steps, type Strategy } from '../strategy.js';
import { MapReducePlan, type MapReduceOptions } from './plan.js';

/** What a map-reduce is made of: parts of programs, or plain functions of what they are given. */
export interface MapReduce<Goal, Piece, Result> extends MapReduceOptions {
  /** The goal in pieces; done by the coordinator. */
  readonly split: (goal: Goal, ctx: AgentContext) => readonly Piece[] | Generator<Instruction, readonly Piece[]>;
  /** What a member makes of a piece. */
  readonly work: (ctx: AgentContext, piece: Piece, info: WorkInfo) => Generator<Instruction, Result>;
  /**
   * One result of several neighbours, in order: results of `work`, or of earlier merges. Called for the last one in any case, with
   * whatever there is.
   */
  readonly merge: (results: readonly Result[], ctx: AgentContext, info: WorkInfo) => Result | Generator<Instruction, Result>;
  /** Whether members that have nothing to do try what others are slow with; not unless given. */
  readonly race?: boolean;
}

/**
 * A goal in pieces, worked on by all members, and merged again like a tree.
 *
 * The result is what one agent would get that does the same in order. Throws a TypeError for a number that is none.
 */
export function mapReduce<Goal, Piece, Result>(parts: MapReduce<Goal, Piece, Result>): Strategy {
  const { split, work, merge, race = false, ...options } = parts;
  const ofCrew = crewOptions(options);
  if (options.fanIn !== undefined) assertCount('fanIn', options.fanIn, 2);
  const acts: Acts = {
    work: (ctx, piece, info) => work(ctx, piece as Piece, info),
    merge: (ctx, results, info) => steps(merge(results as readonly Result[], ctx, info)),
  };
  return Object.freeze({
    roles: [],
    source: sourceOf([split, work, merge], { race, ...options }),
    *coordinate(ctx: AgentContext, job: Job): Steps<Json> {
      const pieces = yield* steps(split(job.goal as Goal, ctx));
      const plan = new MapReducePlan(pieces as readonly Json[], options);
      yield* announce(ctx, job, plan.taskCount);
      return yield* new Crew(ctx, job, { ...ofCrew, plan, race }).run();
    },
    serve: (ctx: AgentContext, post: Post) => workLoop(ctx, post, acts),
  });
}

/** Of a plain value as of a part of a program. */
function* steps<Value>(given: Value | Generator<Instruction, Value>): Steps<Value> {
  return isGenerator(given) ? yield* given : given;
}

function isGenerator<Value>(given: Value | Generator<Instruction, Value>): given is Generator<Instruction, Value> {
  return typeof given === 'object' && given !== null && typeof (given as Partial<Generator>).next === 'function' && Symbol.iterator in given;
}
