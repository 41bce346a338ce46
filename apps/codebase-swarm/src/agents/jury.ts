/**
 * The vote on each patch. Three jurors look from three sides, and each says what it has seen itself: that the comments ask for what they
 * asked for, that nothing was changed but what was planned, and that the program is the same.
 */
import { defineAgent, OmniError, type AgentContext, type AgentDefinition, type Instruction, type Operation } from '@omnipaw/kernel';
import { membership, SwarmProtocol, type Member } from '@omnipaw/swarm';
import type { Tools } from '../tools/index.js';
import type { ReviewResult } from '../tools/review.js';
import { readGrant, readPage } from './board.js';
import { JURORS, type Juror } from './jurors.js';
import { PATCHES, type Patch } from './patching.js';
import type { Votes } from './verdict.js';

/** What each of them looks with. */
const LOOKS = { reader: 'review.comments', planner: 'review.lines', patcher: 'review.program' } as const satisfies Record<Juror, string>;

export function jurorGrants(juror: Juror, chair: string): string[] {
  return [`call:${LOOKS[juror]}`, readGrant(PATCHES), `send:${chair}`];
}

/** What the chair needs: it can hand on no more than it has. */
export const JURY_GRANTS = ['delegate:juror', 'send:juror-*', ...Object.values(LOOKS).map((tool) => `call:${tool}`), readGrant(PATCHES)];

/** What a juror objects to in a page of patches; null if it could not look at them, and so does not vote. */
type Ballot = ReviewResult['problems'] | null;

interface JurorInput {
  readonly swarm: string;
  readonly juror: Juror;
  readonly chair: string;
}

const TOPIC = 'ballot';
/** A page of patches is looked through in seconds. Who has ended is not asked again. */
const BALLOT_TIMEOUT_MS = 120_000;

/** Votes on pages of patches for as long as there is a chair. */
export function jurorAgent(tools: Tools): AgentDefinition<JurorInput, never> {
  return defineAgent('juror', function* (ctx, { swarm, juror, chair }: JurorInput): Generator<Instruction, never> {
    const protocol = new SwarmProtocol(ctx, { swarm, members: [{ id: chair, slot: 'chair' }] });
    const look = { reader: tools.comments, planner: tools.lines, patcher: tools.program }[juror];
    for (;;) {
      const word = yield* protocol.receive<number>(TOPIC, { from: chair });
      const files = (yield* readPage<Patch, unknown>(ctx, PATCHES, word.body)).map(({ path, sha256, lines }) => ({ path, sha256, lines }));
      yield* protocol.reply(word, yield* ballotOf(ctx.tool(look, { files })));
    }
  });
}

function* ballotOf(looking: Operation<ReviewResult>): Generator<Instruction, Ballot> {
  try {
    return (yield* looking).problems;
  } catch (thrown) {
    reasonOf(thrown);
    return null;
  }
}

/** The jury, as whoever calls it sees it. */
export class Jury {
  readonly #protocol: SwarmProtocol;
  readonly #members: readonly Member[];

  private constructor(protocol: SwarmProtocol, members: readonly Member[]) {
    this.#protocol = protocol;
    this.#members = members;
  }

  static *call<Memory>(ctx: AgentContext<Memory>, juror: AgentDefinition<JurorInput, never>): Generator<Instruction, Jury> {
    const swarm = 'jury';
    const members: Member[] = [];
    for (const slot of JURORS) {
      const input = { swarm, juror: slot, chair: ctx.agent.id };
      const { agent } = yield* ctx.start(juror, input, { grants: jurorGrants(slot, ctx.agent.id), metadata: membership(swarm, slot) });
      members.push({ id: agent, slot });
    }
    return new Jury(new SwarmProtocol(ctx, { swarm, members }), members);
  }

  /** By path. A juror that has failed has no vote, and misses in every count. */
  *vote(page: number, patches: readonly Patch[]): Generator<Instruction, ReadonlyMap<string, Votes>> {
    const { answers } = yield* this.#protocol.requestAll<Ballot>(this.#members, TOPIC, page, { timeoutMs: BALLOT_TIMEOUT_MS });
    const ballots = answers.flatMap(({ member: { slot }, body }) => (body === null ? [] : [{ slot, problems: new Map(body.map(({ path, problem }) => [path, problem])) }]));
    const votesOn = (path: string): Votes => Object.fromEntries(ballots.map(({ slot, problems }) => [slot, { objection: problems.get(path) ?? null }]));
    return new Map(patches.map(({ path }) => [path, votesOn(path)]));
  }
}

/** Of an error that a program is to go on after. */
export function reasonOf(thrown: unknown): string {
  if (thrown instanceof OmniError) return `${thrown.code}: ${thrown.message}`;
  throw thrown;
}
