/** Two agents that meet limits of every kind: of the log beside it, which was written by the first release, and of crashes. */
import { defineAgent, defineTool, unchecked, type OmniError } from '@omnipaw/kernel';
import type { QuotaOptions } from '@omnipaw/quota';

const model = defineTool({
  name: 'model', description: '', input: unchecked<{ tokens: number }>(), idempotent: true, reserve: ({ tokens }) => ({ tokens }),
  run: ({ tokens }, context) => { context.spend({ tokens: tokens - 1 }); return tokens; },
});
const child = defineAgent('child', function* (ctx, calls: number) {
  for (let i = 0; i < calls; i++) yield* ctx.tool(model, { tokens: 5 });
});
export const main = defineAgent('main', function* (ctx) {
  yield* ctx.all([ctx.tool(model, { tokens: 10 }), ctx.tool(model, { tokens: 10 })]);
  yield* ctx.memory.set('key', 'value');
  try {
    yield* ctx.delegate(child, 9, { grants: ['call:*'], quota: { maxTokens: 12 } });
  } catch (error) {
    yield* ctx.memory.set('child', (error as OmniError).code);
  }
  for (;;) yield* ctx.tool(model, { tokens: 7 });
});
export const cast = { agents: [main, child], tools: [model] };
export const options: QuotaOptions = { rates: [{ per: 'tool', calls: 2, everyMs: 1_000, over: 'delay' }], defaults: { child: { maxToolCalls: { hard: 50, soft: 1 } } } };
export const spawned = { id: 'ada', grants: ['call:*', 'delegate:*'], quota: { maxTokens: { hard: 60, soft: 30 }, maxTicks: 40, 'call:mod*': 12, maxWallMs: 600_000, maxMemoryKeys: 5 } };
