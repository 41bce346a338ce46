import { defineAgent, defineTool, unchecked, type AgentDefinition } from '@omnipaw/kernel';
import { assertReplays, VirtualTime } from '@omnipaw/testing';
import { expect, test } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';

test('a call whose time is up makes room for one by which its own agent ends; what it says later is on record once', async () => {
  const time = new VirtualTime();
  const slow = defineTool({ name: 'slow', description: '', timeoutMs: 5, input: unchecked<null>(), run: async () => {
    await time.sleep(20);
    return 'too late';
  } });
  const quick = defineTool({ name: 'quick', description: '', input: unchecked<null>(), run: () => 'done' });
  const child = defineAgent('child', function* (ctx) {
    return yield* ctx.tool(slow, null);
  });
  const parent = defineAgent('parent', function* (ctx) {
    yield* ctx.start(child, null, { grants: ['call:slow'] });
    yield* ctx.sleep(1);
    return yield* ctx.tool(quick, null);
  });
  const cast = { agents: [child, parent] as AgentDefinition[], tools: [slow, quick] };
  const { kernel, store, until } = await boot({ time, ...cast, maxConcurrentToolCalls: 1 });
  expect(await until(kernel.spawn(parent, null, { grants: ['call:*', 'delegate:*'], depth: 1 }).result())).toBe('done');
  await time.advance(100);
  await until(kernel.stop());
  expect(ofKind(await entriesOf(store), 'STALE_RESULT')).toMatchObject([{ data: { tool: 'slow', outcome: { ok: true, value: 'too late' } } }]);
  await assertReplays(store, cast);
});
