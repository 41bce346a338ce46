import { defineAgent, defineTool, OmniError, unchecked } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, ofKind } from '../support/index.js';

describe('an approval', () => {
  const nice = defineTool({ name: 'nice', description: 'harmless', input: unchecked<object>(), run: () => 'nice' });
  const evil = defineTool({ name: 'evil', description: 'harmful', input: unchecked<object>(), run: () => 'evil' });
  const policies = [{ name: 'ask', effect: 'ESCALATE', action: '*', resource: '**' }] as const;

  test('is for what the approver saw, though the program would have liked another', async () => {
    const shifty = defineAgent('shifty', function* () {
      let reads = 0;
      const result: unknown = yield { op: 'CALL_TOOL', get tool() { return reads++ === 0 ? 'nice' : 'evil'; } };
      return result;
    });
    const { kernel, until } = await boot({ agents: [shifty], tools: [nice, evil], policies });
    const handle = kernel.spawn(shifty, null, { grants: ['call:*'] });
    const { id, resource } = kernel.approvals()[0]!;
    kernel.decide(id, { approved: true });
    expect(await until(handle.result())).toBe(resource);
  });

  test('can be decided once', async () => {
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(nice, {});
    });
    const { kernel, until } = await boot({ agents: [asker], tools: [nice], policies });
    const handle = kernel.spawn(asker, null, { grants: ['call:*'] });
    const { id } = kernel.approvals()[0]!;
    kernel.decide(id, { approved: true });
    expect(() => { kernel.decide(id, { approved: false }); }).toThrow(expect.objectContaining({ code: 'APPROVAL_NOT_FOUND' }));
    expect(await until(handle.result())).toBe('nice');
  });

  test('is asked for an instruction whose options are left undefined, too', async () => {
    const child = defineAgent('child', function* () {
      return 'grown up';
    });
    const parent = defineAgent('parent', function* (ctx) {
      return yield* ctx.delegate(child, undefined, { quota: undefined } as never);
    });
    const { kernel, until } = await boot({ agents: [parent, child], policies });
    const handle = kernel.spawn(parent, null);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toBe('grown up');
  });

  test('of a read gives what the read gives, absent values included', async () => {
    const reader = defineAgent('reader', function* (ctx) {
      const { value, version } = yield* ctx.shared('team').get('plan');
      return [value === undefined, version];
    });
    const { kernel, until } = await boot({ agents: [reader], policies });
    const handle = kernel.spawn(reader, null);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toEqual([true, 0]);
  });

  test('given while the agent is suspended is carried out, and waits for it', async () => {
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(nice, {});
    });
    const { kernel, until, time } = await boot({ agents: [asker], tools: [nice], policies });
    const handle = kernel.spawn(asker, null);
    kernel.suspend(handle.id);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    await time.settle();
    expect(handle.state).toBe('RESUMABLE');
    kernel.resume(handle.id);
    expect(await until(handle.result())).toBe('nice');
  });

  test('that a guard ends the agent for ends it, suspended or not', async () => {
    const asker = defineAgent('asker', function* (ctx) {
      try {
        return yield* ctx.tool(nice, {});
      } catch {
        return 'caught';
      }
    });
    const limit = new OmniError('LIMIT', 'that was one too many');
    const review = ({ kind }: { kind: string }): { verdict: 'fault'; error: OmniError } | undefined => (kind === 'TOOL_CALLED' ? { verdict: 'fault', error: limit } : undefined);
    const { kernel, until, rejection, store } = await boot({ agents: [asker], tools: [nice], policies, extensions: [{ name: 'limit', guard: { review } }] });
    const [first, second] = [kernel.spawn(asker, null), kernel.spawn(asker, null)];
    kernel.suspend(second.id);
    for (const { id } of kernel.approvals()) kernel.decide(id, { approved: true });
    expect((await rejection(first.result())).code).toBe('LIMIT');
    expect((await rejection(second.result())).code).toBe('LIMIT');
    expect([first.state, second.state]).toEqual(['FAULTED', 'FAULTED']);
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'TOOL_CALLED')).toEqual([]);
  });

  test('that its parent can not be asked for is an operator\'s to give', async () => {
    const asked = defineAgent('asked', function* (ctx) {
      return yield* ctx.tool(nice, {});
    });
    const parent = defineAgent('parent', function* (ctx) {
      const options = { grants: ['call:nice'] };
      // Each asks with a message, and the mailbox holds one.
      return yield* ctx.all([ctx.delegate(asked, null, options), ctx.delegate(asked, null, options)]);
    });
    const byParent = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*', approver: 'parent' }] as const;
    const { kernel, until, store } = await boot({ agents: [parent, asked], tools: [nice], policies: byParent, maxMailboxMessages: 1 });
    const handle = kernel.spawn(parent, null, { grants: ['call:nice', 'delegate:asked'] });
    expect(kernel.approvals()).toHaveLength(2);
    for (const { id } of kernel.approvals()) kernel.decide(id, { approved: true });
    expect(await until(handle.result())).toEqual(['nice', 'nice']);
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'REFUSED')).toMatchObject([{ agent: 'asked-2', data: { op: 'SEND', error: { code: 'MAILBOX_FULL' } } }]);
  });

  test('whose time runs out while what was approved is running starts no second run', async () => {
    let runs = 0;
    const slow = defineTool({
      name: 'slow', description: 'takes its time', input: unchecked<object>(), timeoutMs: 10_000,
      run: async () => {
        runs++;
        await time.sleep(5_000);
        return 'done';
      },
    });
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(slow, {});
    });
    const soon = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: '*', timeoutMs: 1_000 }] as const;
    const { kernel, until, time } = await boot({ agents: [asker], tools: [slow], policies: soon });
    const handle = kernel.spawn(asker, null);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toBe('done');
    expect(runs).toBe(1);
  });
});
