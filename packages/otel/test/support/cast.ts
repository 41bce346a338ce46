/** Agents that do a little of everything that spans and numbers are made of. */
import { defineAgent, defineTool, OmniError, unchecked, type AgentDefinition, type Tool } from '@omnipaw/kernel';

const later = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

export const look = defineTool({ name: 'look', description: 'Answers at once.', input: unchecked<{ at: string }>(), run: ({ at }) => ({ saw: at }) });

export const think = defineTool({
  name: 'think',
  description: 'Takes a moment, and says what it used.',
  input: unchecked<{ about: string }>(),
  idempotent: true,
  run: async ({ about }, { spend }) => {
    await later();
    spend({ tokens: 10, cost: 3 });
    return about.length;
  },
});

export const flaky = defineTool({
  name: 'flaky',
  description: 'Fails the first time.',
  input: unchecked<object>(),
  idempotent: true,
  retry: { limit: 2, backoffMs: 1 },
  run: async (_, { attempt }) => {
    await later();
    if (attempt === 1) throw new OmniError('TOO_EARLY', 'Not yet.', { failureClass: 'TRANSIENT' });
    return attempt;
  },
});

export const broken = defineTool({
  name: 'broken',
  description: 'Always fails.',
  input: unchecked<object>(),
  run: () => { throw new OmniError('OUT_OF_ORDER', 'It does not work.', { failureClass: 'PERMANENT' }); },
});

const codeOf = (error: unknown): string => (error as OmniError).code;

export const worker = defineAgent('worker', function* (ctx, lead: string) {
  const seen = yield* ctx.all([ctx.tool(look, { at: 'left' }), ctx.tool(think, { about: 'right' })]);
  yield* ctx.tool(flaky, {});
  yield* ctx.send(lead, { seen: seen.length }, 'report');
  return seen.length;
});

export const failing = defineAgent('failing', function* (ctx) {
  try {
    yield* ctx.tool(broken, {});
  } catch (error) {
    throw new OmniError('GAVE_UP', `After ${codeOf(error)}.`, { failureClass: 'PERMANENT' });
  }
});

const GRANTS = ['call:look', 'call:think', 'call:flaky', 'call:broken', 'send:*'];

export const lead = defineAgent('lead', function* (ctx, count: number) {
  const children = [];
  for (let number = 0; number < count; number++) children.push(yield* ctx.start(worker, ctx.agent.id, { grants: GRANTS }));
  for (let number = 0; number < count; number++) yield* ctx.receive({ channel: 'report' });
  let sum = 0;
  for (const child of children) sum += yield* ctx.join(child);
  try {
    yield* ctx.delegate(failing, null, { grants: GRANTS });
  } catch (error) {
    yield* ctx.memory.set('failure', codeOf(error));
  }
  try {
    yield* ctx.tool(refused, {});
  } catch (error) {
    yield* ctx.memory.set('refusal', codeOf(error));
  }
  return sum;
});

export const refused = defineTool({ name: 'refused', description: 'Nobody may.', input: unchecked<object>(), run: () => null });

export const AGENTS: readonly AgentDefinition[] = [lead, worker, failing];
export const TOOLS: readonly Tool[] = [look, think, flaky, broken, refused];

/** What `lead` is granted: all but `refused`. */
export const LEAD_GRANTS = ['delegate:*', ...GRANTS];
