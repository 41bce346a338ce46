/**
 * Twenty agents that do a bit of everything, round after round, for as long as `goesOn` says so; then each of them ends with an
 * account of what it has done.
 *
 * What their tools do can be counted outside: each effect has a name of its own, which the program chose.
 */
import { defineAgent, defineTool, OmniError, unchecked, type AgentContext, type AgentDefinition, type Instruction, type Operation, type Policy, type Tool, type ToolContext } from '@omnipaw/kernel';

export interface Effect {
  readonly key: string;
  readonly tool: string;
  readonly attempt: number;
  /** What it was for. */
  readonly what: string;
}

/** What tools have of the outside. */
export interface World {
  readonly act: (effect: Effect) => void;
  readonly sleep: (delayMs: number) => Promise<void>;
  readonly goesOn: () => boolean;
}

/** What an agent has paid for, and of how many payments it does not know whether they were made. */
export interface Tally {
  readonly rounds: number;
  readonly paid: number;
  readonly unknown: number;
}

interface What {
  readonly what: string;
}

/** May be called again with the same key. */
export const IDEMPOTENT: ReadonlySet<string> = new Set(['put']);

/**
 * `put` is idempotent; `pay` and `wipe` are not, and somebody has to approve of the latter. About every third call fails with a
 * TRANSIENT error first, before it has acted.
 */
export function toolsIn({ act, sleep, goesOn }: World): readonly Tool[] {
  const acting = (name: string): Tool => defineTool({
    name, description: name, input: unchecked<What>(), idempotent: IDEMPOTENT.has(name), retry: { limit: 2, backoffMs: 2 },
    run: async ({ what }, { idempotencyKey, attempt }: ToolContext) => {
      const chance = Number.parseInt(idempotencyKey.slice(0, 1), 16) + what.length + sumOf(what);
      await sleep(chance % 3);
      if (chance % 3 === 0 && attempt === 1) throw new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' });
      act({ key: idempotencyKey, tool: name, attempt, what });
      await sleep(chance % 5);
      return what;
    },
  });
  const ask = defineTool({ name: 'goesOn', description: 'asks for more', input: unchecked<object>(), idempotent: true, run: async () => {
    await sleep(1);
    return goesOn();
  } });
  return [acting('put'), acting('pay'), acting('wipe'), ask];
}

function sumOf(text: string): number {
  return Array.from(text, (character) => character.charCodeAt(0)).reduce((sum, code) => sum + code, 0);
}

/** For programs, which only name their tools. */
const [put, pay, wipe, goesOn] = toolsIn({
  act: () => undefined, sleep: () => Promise.resolve(), goesOn: () => false,
}) as readonly [Tool<What, string>, Tool<What, string>, Tool<What, string>, Tool<object, boolean>];

type Steps<Result> = Generator<Instruction, Result>;

function codeOf(error: unknown): string {
  return error instanceof OmniError ? error.code : String(error);
}

/** 1 if it is done, 0 if nobody knows. */
function* outcomeOf(call: Operation<string>): Steps<0 | 1> {
  try {
    yield* call;
    return 1;
  } catch (error) {
    if (codeOf(error) !== 'TOOL_OUTCOME_UNKNOWN') throw error;
    return 0;
  }
}

function add(tally: Tally | undefined, paid: 0 | 1): Tally {
  const { rounds, paid: before, unknown } = tally ?? { rounds: 0, paid: 0, unknown: 0 };
  return { rounds, paid: before + paid, unknown: unknown + 1 - paid };
}

type Book = AgentContext<{ tally: Tally }>;

function* noted(ctx: Book, paid: 0 | 1): Steps<void> {
  yield* ctx.memory.set('tally', add(yield* ctx.memory.get('tally'), paid));
}

/** Another round, or the end. */
function* nextRound(ctx: Book, round: number): Steps<Tally> {
  const { paid, unknown } = (yield* ctx.memory.get('tally')) ?? { paid: 0, unknown: 0 };
  const tally = { rounds: round + 1, paid, unknown };
  yield* ctx.memory.set('tally', tally);
  if (yield* ctx.tool(goesOn, {})) yield* ctx.continueAsNew(round + 1);
  return tally;
}

/** Adds one to a number that others add to as well. */
function* countUp(ctx: Book): Steps<void> {
  const count = ctx.shared('team');
  let { value = 0, version } = yield* count.get<number>('count');
  yield* ctx.sleep(Math.floor(ctx.random() * 3));
  for (;;) {
    try {
      yield* count.set('count', value + 1, version);
      return;
    } catch (error) {
      if (codeOf(error) !== 'WRITE_CONFLICT') throw error;
      ({ value = 0, version } = yield* count.get<number>('count'));
    }
  }
}

const helper = defineAgent('helper', function* (ctx, name: string) {
  yield* ctx.tool(put, { what: `${name}/helped` });
  return yield* outcomeOf(ctx.tool(pay, { what: `${name}/helper` }));
});

/** Works at several things at once, has some of it done by others, and reports. */
const worker = defineAgent('worker', function* (ctx: Book, round: number) {
  const name = `${ctx.agent.id}/${round}`;
  yield* ctx.scratch.set('name', name);
  const [one, other, paid] = yield* ctx.allSettled([ctx.tool(put, { what: `${name}/one` }), ctx.tool(put, { what: `${name}/other` }), ctx.tool(pay, { what: `${name}/own` })]);
  for (const put of [one, other]) if (put.status === 'rejected') throw put.reason;
  if (paid.status === 'rejected' && paid.reason.code !== 'TOOL_OUTCOME_UNKNOWN') throw paid.reason;
  yield* noted(ctx, paid.status === 'fulfilled' ? 1 : 0);
  yield* countUp(ctx);
  yield* noted(ctx, yield* ctx.delegate(helper, name, { grants: ['call:put', 'call:pay'] }));
  if ((yield* ctx.scratch.get('name')) !== name) throw new Error('The scratch is gone.');
  yield* ctx.send('collector', { from: ctx.agent.id, round }, 'reports');
  const tally = yield* nextRound(ctx, round);
  yield* ctx.send('collector', { from: ctx.agent.id, ended: true }, 'reports');
  return tally;
});

export const WORKERS = 7;

interface Collected {
  /** Rounds that were reported, by worker. */
  readonly reports: Readonly<Record<string, number>>;
  readonly ended: number;
}

/** Counts what the workers report, each report once and in order. */
const collector = defineAgent('collector', function* (ctx, { reports, ended }: Collected) {
  let [counted, left] = [{ ...reports }, WORKERS - ended];
  for (let messages = 0; messages < 10 && left > 0; messages++) {
    const { body } = yield* ctx.receive<{ from: string; round?: number; ended?: boolean }>({ channel: 'reports' });
    if (body.ended === true) left--;
    else if (body.round === (counted[body.from] ?? 0)) counted = { ...counted, [body.from]: body.round + 1 };
    else throw new Error(`${body.from} reported round ${String(body.round)} after ${String(counted[body.from])}.`);
  }
  if (left > 0) return yield* ctx.continueAsNew({ reports: counted, ended: WORKERS - left });
  return { reports: counted, ended: WORKERS };
});

/** Sends, and waits for an answer, with as much patience as it takes. */
const ping = defineAgent('ping', function* (ctx: Book, round: number) {
  const partner = ctx.agent.id.replace('ping', 'pong');
  yield* ctx.send(partner, { round, sentAt: ctx.now() });
  for (let isAnswered = false; !isAnswered;) {
    try {
      const { body } = yield* ctx.receive<number>({ from: partner, timeoutMs: 2 });
      if (body !== round) throw new Error(`The answer is to ${body}, and not to ${round}.`);
      isAnswered = true;
    } catch (error) {
      if (codeOf(error) !== 'RECEIVE_TIMEOUT') throw error;
    }
  }
  const tally = yield* nextRound(ctx, round);
  yield* ctx.send(partner, 'enough');
  return tally;
});

const pong = defineAgent('pong', function* (ctx, round: number) {
  const { body, from } = yield* ctx.receive<{ round: number } | 'enough'>();
  if (body === 'enough') return { rounds: round };
  if (body.round !== round) throw new Error(`Round ${body.round} came after ${round}.`);
  yield* ctx.tool(put, { what: `${ctx.agent.id}/${round}/answer` });
  yield* ctx.send(from!, round);
  return yield* ctx.continueAsNew(round + 1);
});

/** An operator approves of even rounds. */
export function isApproved(what: string): boolean {
  return Number(what.split('/')[1]) % 2 === 0;
}

/** Does what an operator has to approve of. */
const asker = defineAgent('asker', function* (ctx: Book, round: number) {
  try {
    yield* noted(ctx, yield* outcomeOf(ctx.tool(wipe, { what: `${ctx.agent.id}/${round}` })));
  } catch (error) {
    if (codeOf(error) !== 'APPROVAL_DENIED') throw error;
  }
  return yield* nextRound(ctx, round);
});

const junior = defineAgent('junior', function* (ctx, name: string) {
  return yield* outcomeOf(ctx.tool(wipe, { what: name }));
});

/** Approves of what a child of its does. */
const boss = defineAgent('boss', function* (ctx: Book, round: number) {
  const name = `${ctx.agent.id}/${round}`;
  const child = yield* ctx.start(junior, name, { grants: ['call:wipe'] });
  const { body } = yield* ctx.receive<{ approval: number; agent: string }>({ channel: 'approval' });
  if (body.agent !== child.agent) throw new Error('Somebody else asks.');
  yield* ctx.decide(body.approval, true, 'go on');
  yield* noted(ctx, yield* ctx.join(child));
  return yield* nextRound(ctx, round);
});

export const agents = [worker, helper, collector, ping, pong, asker, junior, boss] as readonly AgentDefinition[];

export const policies: readonly Policy[] = [
  { name: 'an-operator-decides', effect: 'ESCALATE', action: 'call', resource: 'wipe', agentType: 'asker' },
  { name: 'the-boss-decides', effect: 'ESCALATE', action: 'call', resource: 'wipe', agentType: 'junior', approver: 'parent' },
];

/** Who is there, in an order in which nobody is sent anything before it is. */
export const team: readonly { readonly id: string; readonly type: AgentDefinition; readonly input: unknown; readonly grants: readonly string[] }[] = [
  ...several(1, 'collector', collector, [], { reports: {}, ended: 0 }),
  ...several(WORKERS, 'worker', worker, ['call:*', 'delegate:helper', 'send:collector', 'read:shared:team/*', 'write:shared:team/*']),
  ...several(4, 'pong', pong, ['call:put', 'send:*']),
  ...several(4, 'ping', ping, ['call:goesOn', 'send:*']),
  ...several(2, 'asker', asker, ['call:*']),
  ...several(2, 'boss', boss, ['call:*', 'delegate:junior']),
];

function several(count: number, name: string, type: unknown, grants: readonly string[], input: unknown = 0): typeof team {
  return Array.from({ length: count }, (_, number) => ({ id: count === 1 ? name : `${name}-${number + 1}`, type: type as AgentDefinition, input, grants }));
}
