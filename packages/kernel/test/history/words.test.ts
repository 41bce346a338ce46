import { defineAgent, defineTool, OmniError, replay, unchecked, type AgentDefinition, type Entry, type JsonObject, type ReplayReport } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf } from '../support/index.js';
import { rechained } from './story.js';

const GOOD = 'transfer 10 to Ada';
const EVIL = 'transfer 999999 to Mallory';

const report = defineTool({ name: 'report', description: '', input: unchecked<object>(), run: () => 'sent' });
const failing = defineTool({ name: 'failing', description: '', input: unchecked<object>(), run: () => { throw new Error(GOOD); } });
const tools = [report, failing];
const grants = ['call:*', 'delegate:*', 'send:*'];

/** The log of agents, of which the first one is run. */
async function logOf(...agents: readonly AgentDefinition[]): Promise<readonly Entry[]> {
  const { kernel, store, until } = await boot({ agents, tools });
  await until(kernel.spawn(agents[0]!, null, { id: 'first', grants }).result().catch(() => undefined));
  await until(kernel.stop());
  return entriesOf(store);
}

function replayed(entries: readonly Entry[], ...agents: readonly AgentDefinition[]): Promise<ReplayReport> {
  return replay(rechained(entries), { agents, tools });
}

/** The log with a word for another in the last entry of a kind. */
function forged(entries: readonly Entry[], kind: Entry['kind'], [word, other] = [GOOD, EVIL]): readonly Entry[] {
  const at = entries.map((entry) => entry.kind).lastIndexOf(kind);
  const text = JSON.stringify(entries[at]!.data);
  expect(text).toContain(word);
  return entries.map((entry, index) => (index === at ? { ...entry, data: JSON.parse(text.replaceAll(word, other)) as object } as Entry : entry));
}

describe('words that a program or a tool says count', () => {
  const kid = defineAgent('kid', function* (ctx) { return yield* ctx.receive(); });
  const like = (message: string): JsonObject => ({ failureClass: 'PERMANENT', message, causes: [message] });
  const steps: readonly (readonly [where: string, kind: Entry['kind'], agent: (message: string) => AgentDefinition])[] = [
    ['the arguments of a tool', 'TOOL_CALLED', (message) => defineAgent('clerk', function* (ctx) { return yield* ctx.tool(report, like(message)); })],
    ['memory', 'MEMORY_SET', (message) => defineAgent('clerk', function* (ctx) { return yield* ctx.memory.set('told', like(message)); })],
    ['a message', 'MESSAGE_SENT', (message) => defineAgent('clerk', function* (ctx) { return yield* ctx.send('first', like(message)); })],
    ['the input of a child', 'AGENT_SPAWNED', (message) => defineAgent('clerk', function* (ctx) { return (yield* ctx.start(kid, like(message), { grants: [] })).agent; })],
    ['a result that looks like an error', 'AGENT_COMPLETED', (message) => defineAgent('clerk', function* () { return { ok: false, error: { code: 'TOOL_TIMEOUT', ...like(message) as object } }; })],
    ['an error', 'AGENT_FAULTED', (message) => defineAgent('clerk', function* () { throw new Error(message); })],
    ['an error of a class of its own', 'AGENT_FAULTED', (message) => defineAgent('clerk', function* () { throw Object.assign(new Error(message), { name: 'BankError' }); })],
    ['an error with a code of its own', 'AGENT_FAULTED', (message) => defineAgent('clerk', function* () { throw new OmniError('NOT_PAID', message); })],
    ['something thrown that is no error', 'AGENT_FAULTED', (message) => defineAgent('clerk', function* () { throw message as unknown; })],
  ];

  test.each(steps)('in %s', async (_where, kind, agent) => {
    const entries = await logOf(agent(GOOD), kid);
    expect((await replayed(entries, agent(GOOD), kid)).replay).toBe('REPRODUCED');
    const other = await replayed(entries, agent(EVIL), kid);
    expect([other.replay, other.divergence?.expected.kind]).toEqual(['DIVERGED', kind]);
    const changed = await replayed(forged(entries, kind), agent(GOOD), kid);
    expect([changed.replay, changed.divergence?.expected.kind]).toEqual(['DIVERGED', kind]);
  });

  test('where a delegator is told what its child has thrown', async () => {
    const child = defineAgent('child', function* () { throw new Error(GOOD); });
    const parent = defineAgent('parent', function* (ctx) { return yield* ctx.delegate(child, null, { grants: [] }); });
    const entries = await logOf(parent, child);
    expect((await replayed(entries, parent, child)).replay).toBe('REPRODUCED');
    for (const kind of ['DELEGATION_RESULT', 'AGENT_FAULTED'] as const) {
      expect((await replayed(forged(entries, kind), parent, child)).divergence?.expected.kind).toBe(kind);
    }
  });

  test('where a program does not catch what a tool has thrown', async () => {
    const clerk = defineAgent('clerk', function* (ctx) { return yield* ctx.tool(failing, {}); });
    const entries = await logOf(clerk);
    expect((await replayed(forged(entries, 'AGENT_FAULTED'), clerk)).divergence?.expected.kind).toBe('AGENT_FAULTED');
  });
});

describe('words of the kernel and of the engine do not count', () => {
  const none = undefined as unknown as { readonly field: unknown };
  const clerk = defineAgent('clerk', function* () { return none.field; });
  const denied = defineAgent('clerk', function* (ctx) {
    try { return yield* ctx.shared('team').get('key'); } catch (error) { return (error as Error).message; }
  });

  test('what the engine says of a mistake', async () => {
    const entries = await logOf(clerk);
    const worded = forged(entries, 'AGENT_FAULTED', ['Cannot read properties of undefined', 'You can not read properties of undefined']);
    expect((await replayed(worded, clerk)).replay).toBe('REPRODUCED');
  });

  test('what the kernel says of a refusal, of which the program is shown the recorded words', async () => {
    const entries = await logOf(denied);
    const words: [string, string] = ['may not read shared:team/key', 'is not allowed to read that'];
    const worded = forged(forged(entries, 'REFUSED', words), 'AGENT_COMPLETED', words);
    expect((await replayed(worded, denied)).replay).toBe('REPRODUCED');
    expect((await replayed(forged(entries, 'REFUSED', words), denied)).replay).toBe('DIVERGED');
  });

  test('what the kernel says of its own end of an agent, of which the delegator is shown the recorded words', async () => {
    const child = defineAgent('child', function* (ctx) { return yield* ctx.receive(); });
    const parent = defineAgent('parent', function* (ctx) {
      try { return yield* ctx.delegate(child, null, { grants: [], expiresInMs: 5 }); } catch (error) { return (error as Error).message; }
    });
    const entries = await logOf(parent, child);
    const before = 'was revoked: it expired';
    const worded = entries.map((entry) => ({ ...entry, data: JSON.parse(JSON.stringify(entry.data).replaceAll(before, 'is void, since it expired')) as object }) as Entry);
    expect(JSON.stringify(worded)).not.toEqual(JSON.stringify(entries));
    expect((await replayed(worded, parent, child)).replay).toBe('REPRODUCED');
  });
});
