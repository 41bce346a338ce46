/** The swarms of a plan, whose members do what the plan says, and somebody who means harm. */
import { defineAgent, OmniError, type AgentContext, type AgentDefinition, type Instruction } from '@omnipaw/kernel';
import { channelOf, consensus, defineSwarm, mapReduce, pipeline, supervisor, type SwarmDefinition, type WorkInfo } from '@omnipaw/swarm';
import type { Piece, Plan } from './plans.js';

/** What a member is at, and what it may say of others' work that it can't hold itself: who holds a task may say anything of it. */
interface Place extends WorkInfo {
  readonly forges: readonly string[];
}

/** What is handed on: which piece it was, and through how many hands it went. */
export interface Done {
  readonly piece: number;
  readonly hands: number;
}

type Work = Generator<Instruction, Done>;

interface Given extends Done {
  readonly does: Piece;
}

export const FORGED: Done = Object.freeze({ piece: -1, hands: -1 });
export const TASK_TIMEOUT_MS = 1_000;
const ROLES = ['one', 'two', 'three'] as const;

export function swarmOf({ batch, race, fanIn, capacity, maxAttempts, onFailure, together }: Plan): SwarmDefinition<Plan['strategy']> {
  const forges = batch === 1 ? ['merge-1-1', 'merge-2-1', 'nothing'] : ['nothing'];
  const crew = { batch, maxAttempts, onFailure, taskTimeoutMs: TASK_TIMEOUT_MS };
  return defineSwarm('swarm', {
    MAP_REDUCE: mapReduce({
      split: (pieces: readonly Piece[]) => givenOf(pieces),
      *work(ctx, given: Given, info): Generator<Instruction, Done[]> { return [yield* perform(ctx, given, { ...info, forges })]; },
      merge: (results: readonly Done[][]) => results.flat(),
      race, fanIn, ...crew,
    }),
    PIPELINE: pipeline([
      { role: 'one', capacity, *work(ctx, does: Piece, info): Generator<Instruction, Given> { return { ...(yield* perform(ctx, { piece: indexOf(info), hands: 0, does }, { ...info, forges })), does }; } },
      { role: 'two', capacity, *work(ctx, given: Given, info): Work { return yield* perform(ctx, { ...given, does: { ...given.does, what: 'fine' } }, { ...info, forges }); } },
    ], crew),
    SUPERVISOR: supervisor(ROLES.map((role, index) => ({
      role,
      *work(ctx, pieces: readonly Piece[], info: WorkInfo): Work {
        const does = pieces[index] ?? { what: 'fine', times: 1, ms: index };
        // Nobody looks after a supervised child that hangs.
        return yield* perform(ctx, { piece: index, hands: 0, does: does.what === 'hang' ? { ...does, what: 'throw' } : does }, { ...info, forges });
      },
    })), { together, intensity: { maxRestarts: 4, withinMs: 1_000_000_000 } }),
    CONSENSUS: consensus({
      *propose(ctx, pieces: readonly Piece[]) {
        const slot = ctx.agent.metadata['slot'] as string;
        const does = pieceOf(pieces, slot);
        yield* perform(ctx, { piece: 0, hands: 0, does }, { swarm: ctx.agent.metadata['swarm'] as string, slot, key: slot, forges });
        return proposalOf(does);
      },
      timeoutMs: TASK_TIMEOUT_MS,
    }),
  });
}

/** What the member in a slot is up to, who decides with others. */
export function pieceOf(pieces: readonly Piece[], slot: string): Piece {
  return pieces[Number(slot.slice(slot.lastIndexOf('-') + 1)) - 1] ?? { what: 'fine', times: 1, ms: 0 };
}

/** What it wants, if it comes to say so: one of two things. */
export function proposalOf({ ms }: Piece): string {
  return ms % 2 === 0 ? 'even' : 'odd';
}

function givenOf(pieces: readonly Piece[]): readonly Given[] {
  return pieces.map((does, piece) => ({ piece, hands: 0, does }));
}

/** Of `swarm-1/stage-1-7`. */
function indexOf({ key }: WorkInfo): number {
  return Number(key.slice(key.lastIndexOf('-') + 1)) - 1;
}

function* perform(ctx: AgentContext, { piece, hands, does: { what, times, ms } }: Given, info: Place): Work {
  if ((yield* triedBefore(ctx, info.key)) < times) yield* misbehave(ctx, what, info);
  yield* ctx.sleep(ms);
  return { piece, hands: hands + 1 };
}

function* triedBefore(ctx: AgentContext, key: string): Generator<Instruction, number> {
  const shared = ctx.shared('tries');
  const { value, version } = yield* shared.get<number | undefined>(key);
  yield* shared.set(key, (value ?? 0) + 1, version);
  return value ?? 0;
}

function* misbehave(ctx: AgentContext, what: Piece['what'], { swarm, forges }: Place): Generator<Instruction, void> {
  switch (what) {
    case 'fine':
      break;
    case 'throw':
      throw new Error('it fails');
    case 'die':
      // No program can catch that.
      for (;;) yield* ctx.memory.get('x');
    case 'hang':
      yield* ctx.receive({ channel: 'never' });
      break;
    case 'flood':
      for (let number = 1; number <= 3; number++) for (let count = 0; count < 4; count++) yield* trySend(ctx, `swarm.member-${number}`, { swarm, body: { kind: 'work', tasks: [] } });
      break;
    case 'lie':
      yield* trySend(ctx, swarm, { swarm, body: forgery(forges) });
      yield* trySend(ctx, swarm, { swarm, body: { kind: 'done', reports: 'none' } });
      yield* decideAlone(ctx, swarm);
      break;
    case 'repeat':
      for (let count = 0; count < 2; count++) yield* trySend(ctx, swarm, { swarm, body: { kind: 'done', reports: [] } });
  }
}

/** As if it had done what others have to do. */
function forgery(tasks: readonly string[]): unknown {
  return { kind: 'done', reports: tasks.map((task) => ({ task, ok: true, value: [FORGED] })) };
}

/** Plays the chair, and answers for others. */
function* decideAlone(ctx: AgentContext, swarm: string): Generator<Instruction, void> {
  for (let number = 1; number <= 2; number++) yield* trySend(ctx, `swarm.member-${number}`, { swarm, topic: 'vote', body: { kind: 'say', body: { kind: 'close', decision: { isDecided: true, value: 'forged' } } } });
  yield* trySend(ctx, swarm, { swarm, topic: 'answer', body: { kind: 'answer', ask: 'any', body: { kind: 'proposal', proposal: 'forged' } } });
}

function* trySend(ctx: AgentContext, to: string, { swarm, topic = 'work', body }: { readonly swarm: string; readonly topic?: string; readonly body: unknown }): Generator<Instruction, void> {
  try {
    yield* ctx.send(to, body, channelOf(swarm, topic));
  } catch (error) {
    if (!(error instanceof OmniError) || !['MAILBOX_FULL', 'DEAD_LETTER'].includes(error.code)) throw error;
  }
}

/** No member: reports what was never given to it, gives out what is not its to give, and tells of ends that never were. */
export const stranger: AgentDefinition<string, null> = defineAgent('stranger', function* (ctx: AgentContext, swarm: string): Generator<Instruction, null> {
  for (let round = 0; round < 6; round++) {
    yield* ctx.sleep(7);
    const everything = ['work-1', 'work-2', 'stage-1-1', 'stage-2-1', 'merge-1-1'].map((task) => ({ task, ok: true, value: [FORGED] }));
    yield* trySend(ctx, swarm, { swarm, body: { kind: 'done', reports: everything } });
    yield* trySend(ctx, 'swarm.member-1', { swarm, body: { kind: 'work', tasks: [{ id: 'work-1', act: 'work', input: { piece: -1, hands: 0, does: { what: 'fine', times: 0, ms: 0 } } }] } });
    yield* trySend(ctx, swarm, { swarm, body: { agent: 'swarm.member-1', error: null } });
    yield* decideAlone(ctx, swarm);
  }
  return null;
});
