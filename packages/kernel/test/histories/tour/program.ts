/**
 * Agents that use all that a program can ask for, in one way or another.
 *
 * Logs of this program lie beside it, each named after the format and the version that wrote it. Never change what it does:
 * every later version of the kernel has to replay them as they are.
 */
import { defineAgent, defineTool, OmniError, unchecked, type Instruction, type Policy, type Tool } from '@omnipaw/kernel';

export const echo = defineTool({ name: 'echo', version: '1', description: 'answers', input: unchecked<{ n: number }>(), idempotent: true, run: ({ n }) => ({ n }) });
export const fails = defineTool({ name: 'fails', description: 'fails', input: unchecked<{ why: string }>(), run: ({ why }): never => { throw new Error(why); } });
export const flaky = defineTool({
  name: 'flaky', description: 'fails once', input: unchecked<object>(), retry: { limit: 2, backoffMs: 10 },
  run: (_args, { attempt }) => {
    if (attempt === 1) throw new OmniError('FLAKY', 'once', { failureClass: 'TRANSIENT' });
    return `attempt ${attempt}`;
  },
});
export const hangs = defineTool({ name: 'hangs', description: 'answers never', input: unchecked<object>(), timeoutMs: 50, run: () => new Promise(() => undefined) });

const helper = defineAgent('helper', function* (ctx, n: number) {
  yield* ctx.memory.set('n', n);
  const { n: echoed } = yield* ctx.tool(echo, { n });
  yield* ctx.send('tour-1', { from: ctx.agent.id, n: echoed }, 'news');
  if (n < 0) throw new Error(`${n} is negative`);
  return n * 2;
});

const asker = defineAgent('asker', function* (ctx) {
  return (yield* ctx.tool(echo, { n: 100 })).n;
});

const robot = defineAgent<number, string>('robot', {
  evalInstruction: (previous, _context, rounds): Instruction => {
    if (previous === undefined) return { op: 'WRITE', store: 'persistent', key: 'round', value: 0 };
    if (previous.instruction.op === 'WRITE') return { op: 'SLEEP', ms: rounds * 3 };
    return { op: 'RETURN', value: previous.outcome.ok ? 'slept' : 'failed' };
  },
});

const waiter = defineAgent('waiter', function* (ctx) {
  const first = yield* ctx.receive<string>({ channel: 'orders' });
  yield* ctx.sleep(5);
  return `${first.body} at ${ctx.now() - first.sentAt}`;
});

function codeOf(error: unknown): string {
  return error instanceof OmniError ? error.code : String(error);
}

export const tour = defineAgent('tour', function* (ctx, rounds: number) {
  const seen: unknown[] = [ctx.random(), ctx.uuid()];
  const board = ctx.shared('team');
  yield* ctx.scratch.set('rounds', rounds);
  const child = yield* ctx.start(helper, 7, { grants: ['call:echo', 'send:tour-1'] });
  seen.push(yield* ctx.delegate(helper, 3, { grants: ['call:echo', 'send:tour-1'] }));
  yield* ctx.sleep(20);
  seen.push(yield* ctx.join(child));
  seen.push((yield* ctx.receive({ channel: 'news' })).body, (yield* ctx.receive({ channel: 'news' })).body);
  const { version } = yield* board.get('plan');
  seen.push(yield* board.set('plan', { rounds }, version), (yield* board.get('plan')).value);
  const attempts = yield* ctx.allSettled([
    ctx.tool(echo, { n: 1 }), ctx.tool(fails, { why: 'on purpose' }), ctx.tool(flaky, {}), ctx.tool(hangs, {}),
    board.set('plan', 'stale', 0), ctx.delegate(helper, -1, { grants: ['call:echo', 'send:tour-1'] }), ctx.delegate(robot, 2),
  ]);
  seen.push(attempts.map((attempt) => (attempt.status === 'fulfilled' ? attempt.value : codeOf(attempt.reason))));
  for (let round = 0; round < rounds; round++) seen.push((yield* ctx.tool(echo, { n: round })).n, yield* ctx.scratch.get('rounds'));
  for (const operation of [ctx.tool(echo, { n: Number.NaN }), ctx.send('nobody', 'hello'), ctx.receive({ channel: 'silence', timeoutMs: 15 }), ctx.join({ agent: 'waiter-1' })]) {
    try {
      seen.push(yield* operation);
    } catch (error) {
      seen.push(codeOf(error));
    }
  }
  const question = yield* ctx.start(asker, null, { grants: ['call:echo'] });
  const asked = yield* ctx.receive<{ approval: number }>({ channel: 'approval' });
  yield* ctx.decide(asked.body.approval, true, 'why not');
  seen.push(yield* ctx.join(question));
  yield* ctx.memory.set('done', true);
  seen.push(yield* ctx.memory.get('done'), ctx.now());
  return seen;
});

export const agents = [tour, helper, asker, robot, waiter];
export const tools = [echo, fails, flaky, hangs] as readonly Tool[];
export const policies: readonly Policy[] = [
  { name: 'ask-the-parent', effect: 'ESCALATE', action: 'call', resource: 'echo', agentType: 'asker', approver: 'parent' },
  { name: 'ask-somebody', effect: 'ESCALATE', action: 'call', resource: 'fails', agentType: 'tour' },
];
