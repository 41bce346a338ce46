import { createKernel, defineAgent, defineTool, fork, MemoryLogStore, nodePorts, unchecked, type AgentDefinition, type Policy, type Tool } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diff } from '@omnipaw/diff';
import { VirtualTime } from '@omnipaw/testing';
import { scenarios } from '../../kernel/sim/scenarios.js';
import { rechained, story } from '../../kernel/test/history/story.js';
import { play } from '../../kernel/test/invariants/scenario.js';
import { entriesOf, kindsOf, ofKind, rejectionOf } from '../../kernel/test/support/index.js';
import { attempt } from '../../kernel/test/tools/run-program.js';

interface Run {
  readonly agents: readonly AgentDefinition[];
  readonly tools?: readonly Tool[];
  readonly policies?: readonly Policy[];
  readonly seed?: string;
  readonly start?: number;
  readonly inputs?: readonly unknown[];
}

/** The log of a run of the first agent, once for each input, one beside the other. */
async function logOf({ agents, tools = [], policies = [], seed = 'a', start = 1_790_000_000_000, inputs = [null] }: Run): Promise<MemoryLogStore> {
  const time = new VirtualTime({ seed, start });
  const store = new MemoryLogStore();
  const kernel = await time.until(createKernel({ log: store, agents, tools, policies }, { ports: time.ports }));
  const everything = ['call:*', 'send:*', 'delegate:*', 'read:**', 'write:**'];
  const handles = inputs.map((input) => kernel.spawn(agents[0]!, input as never, { grants: everything, expiresInMs: 60_000 }));
  for (const handle of handles) await time.until(handle.result().catch(() => undefined));
  await time.until(kernel.stop());
  return store;
}

/** A tool that takes its time. */
function slowTool(time: VirtualTime, delays: Readonly<Record<string, number>>): Tool {
  return defineTool({
    name: 'slow', description: '', input: unchecked<{ name: string }>(),
    run: async ({ name }) => {
      await time.sleep(delays[name]!);
      return name;
    },
  });
}

describe('two logs are the same', () => {
  test('if they are one', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { bytes } = await play(scenario);
        const log = (): MemoryLogStore => new MemoryLogStore({ bytes, codec: nodePorts.codec });
        expect(await diff(log(), log())).toMatchObject({ isSame: true, agents: [], onlyInA: [], onlyInB: [], header: [] });
      }),
      { numRuns: 40 },
    );
  });

  test('if they say the same at another time, with other chance', async () => {
    const sleeper = defineAgent('sleeper', function* (ctx) {
      yield* ctx.sleep(50);
      yield* ctx.receive({ timeoutMs: 70 });
    });
    const tired: Policy = { name: 'tired', effect: 'ESCALATE', action: 'read', resource: '**', timeoutMs: 500 };
    const asker = defineAgent('asker', function* (ctx) {
      yield* attempt(ctx.delegate(sleeper, null, { expiresInMs: 5_000 }));
      yield* attempt(ctx.shared('team').get('plan'));
      return 'done';
    });
    const run = { agents: [asker, sleeper], policies: [tired] };
    const log = await logOf(run);
    expect(kindsOf(await entriesOf(log))).toEqual(expect.arrayContaining(['SLEEP_STARTED', 'RECEIVE_STARTED', 'APPROVAL_REQUESTED', 'DELEGATION_RESULT']));
    const found = await diff(log, await logOf({ ...run, seed: 'b', start: 1_800_000_000_000 }));
    expect(found).toEqual({ isSame: true, agents: [], onlyInA: [], onlyInB: [], known: ['asker-1', 'sleeper-1'], header: [] });
  });

  test('if results came in another order', async () => {
    const one = async (delays: Readonly<Record<string, number>>): Promise<MemoryLogStore> => {
      const time = new VirtualTime();
      const slow = slowTool(time, delays);
      const main = defineAgent('main', function* (ctx, names: readonly string[]) {
        return yield* ctx.all(names.map((name) => ctx.tool(slow, { name })));
      });
      const store = new MemoryLogStore();
      const kernel = await time.until(createKernel({ log: store, agents: [main], tools: [slow] }, { ports: time.ports }));
      const handles = [['a', 'b'], ['c', 'd']].map((names) => kernel.spawn(main, names, { grants: ['call:slow'] }));
      for (const handle of handles) await time.until(handle.result());
      await time.until(kernel.stop());
      return store;
    };
    const [first, second] = [await one({ a: 1, b: 2, c: 3, d: 4 }), await one({ a: 4, b: 3, c: 2, d: 1 })];
    const resultsOf = async (log: MemoryLogStore): Promise<unknown[]> => (await entriesOf(log)).filter(({ kind }) => kind === 'TOOL_RESULT').map(({ agent }) => agent);
    expect(await resultsOf(first)).not.toEqual(await resultsOf(second));
    expect(await diff(first, second)).toMatchObject({ isSame: true, agents: [] });
  });

  test('if tools said something on the way in one of them, since no program has seen it', async () => {
    const logs = await Promise.all([['a', 'b'], []].map((said) => {
      const talk = defineTool({ name: 'talk', description: '', input: unchecked<object>(), run: (_args, { progress }) => said.map(progress).length * 0 });
      return logOf({ agents: [defineAgent('main', function* (ctx) { yield* ctx.tool(talk, {}); })], tools: [talk] });
    }));
    expect(ofKind(await entriesOf(logs[0]!), 'TOOL_PROGRESS').map(({ data }) => data.value)).toEqual(['a', 'b']);
    expect(await diff(logs[0]!, logs[1]!)).toMatchObject({ isSame: true });
  });

  test('if messages and approvals have other numbers, since something else happened before', async () => {
    const plain = await story();
    const { entries, seqOf } = plain;
    const noise = entries[seqOf('MEMORY_SET')]!;
    // Something about another agent, before everything that others name by its number.
    const shift = (busSeq: number): number => (busSeq > 1 ? busSeq + 1 : busSeq);
    const shifted = entries.map((entry) => JSON.parse(JSON.stringify(entry), (key, value: unknown) => {
      if ((key === 'message' || key === 'approval' || key === 'seq') && typeof value === 'number') return shift(value);
      return key === 'by' && typeof value === 'string' ? value.replace(/^approval (\d+)$/, (_, id) => `approval ${String(shift(Number(id)))}`) : value;
    }) as typeof noise);
    const other = rechained([...shifted.slice(0, 2), { ...noise, agent: 'somebody' }, ...shifted.slice(2)]);
    expect(await diff(plain.store, other)).toEqual({
      isSame: false,
      first: expect.objectContaining({ agent: 'somebody' }),
      agents: [{ agent: 'somebody', same: 0, b: { busSeq: 2, kind: 'MEMORY_SET', tick: 2 }, differences: [] }],
      onlyInA: [],
      onlyInB: ['somebody'],
      known: expect.any(Array),
      header: [],
    });
  });
});

describe('two logs differ', () => {
  test('however far an agent is ahead in one of them, and where it says something else', async () => {
    const { entries, seqOf } = await story();
    const [header, note] = [entries[0]!, entries[seqOf('MEMORY_SET')]!];
    const notes = (agent: string, other?: number): readonly (typeof note)[] => Array.from({ length: 100 }, (_, n) => ({ ...note, agent, data: { ...note.data, value: n === other ? 'other' : n } }) as typeof note);
    const log = rechained([header, ...notes('x'), ...notes('y')]);
    expect(await diff(log, rechained([header, ...notes('y'), ...notes('x')]))).toMatchObject({ isSame: true, known: ['x', 'y'] });
    expect((await diff(log, rechained([header, ...notes('y'), ...notes('x', 70)]))).agents).toEqual([
      { agent: 'x', same: 70, a: { busSeq: 71, kind: 'MEMORY_SET', tick: 2 }, b: { busSeq: 171, kind: 'MEMORY_SET', tick: 2 }, differences: [{ path: '$.data.value', expected: 70, actual: 'other' }] },
    ]);
    expect((await diff(log, rechained([header, ...notes('y'), ...notes('x').slice(0, 60)]))).agents).toEqual([
      { agent: 'x', same: 60, a: { busSeq: 61, kind: 'MEMORY_SET', tick: 2 }, differences: [] },
    ]);
  });

  test('in the first entry of each agent that says something else, with what is different in it', async () => {
    const { store, entries, seqOf } = await story();
    const [own, childs] = [seqOf('TOOL_RESULT', 'main-1'), seqOf('TOOL_RESULT', 'helper-1')];
    const other = rechained(entries.map((entry) => (entry.busSeq === own || entry.busSeq === childs ? ({ ...entry, data: { ...entry.data, result: { ok: true, value: entry.busSeq } } } as typeof entry) : entry)));
    const found = await diff(store, other);
    const place = (busSeq: number): object => ({ busSeq, kind: 'TOOL_RESULT', tick: 1 });
    expect(found).toEqual({
      isSame: false,
      first: found.agents[0],
      agents: [
        { agent: 'main-1', same: 3, a: place(own), b: place(own), differences: [{ path: '$.data.result.value', expected: 6, actual: own }] },
        { agent: 'helper-1', same: 3, a: place(childs), b: place(childs), differences: [{ path: '$.data.result.value', expected: 12, actual: childs }] },
      ],
      onlyInA: [],
      onlyInB: [],
      known: ['main-1', 'helper-1'],
      header: [],
    });
  });

  test('from where a fork went another way', async () => {
    const { store, seqOf } = await story();
    const at = seqOf('TOOL_RESULT', 'main-1');
    const into = new MemoryLogStore();
    await fork(store, { at, patch: { value: 7 }, into });
    const found = await diff(store, into);
    expect(found.header).toEqual([]);
    expect(found.first).toMatchObject({ agent: 'main-1', same: 3, differences: [{ path: '$.data.result.value', expected: 6, actual: 7 }] });
    expect(found.onlyInA).toEqual(['helper-1']);
  });

  test('where one of them goes on and the other does not', async () => {
    const { store, entries, seqOf } = await story();
    const cut = rechained(entries.slice(0, seqOf('RECEIVE_STARTED')));
    expect(await diff(store, cut)).toMatchObject({
      isSame: false,
      first: { agent: 'main-1', a: { busSeq: seqOf('RECEIVE_STARTED'), kind: 'RECEIVE_STARTED' }, differences: [] },
    });
    expect((await diff(cut, store)).first).not.toHaveProperty('a');
    expect((await diff(store, cut)).agents.map(({ agent }) => agent)).toEqual(['main-1', null]);
  });

  test('in the time that a program sleeps, and in what an agent is granted', async () => {
    const run = (ms: number): Run => ({ agents: [defineAgent('sleeper', function* (ctx) { yield* ctx.sleep(ms); })] });
    const [short, long] = [await logOf(run(50)), await logOf(run(70))];
    expect((await diff(short, long)).first).toMatchObject({ a: { kind: 'SLEEP_STARTED' }, differences: [{ path: '$.data.afterMs', expected: 50, actual: 70 }] });
  });

  test('in programs, which the header tells apart from what was done', async () => {
    const twin = (text: string): AgentDefinition => defineAgent('twin', function* (ctx) { yield* ctx.memory.set('a', text === '' ? 1 : 1); }, { version: text });
    const found = await diff(await logOf({ agents: [twin('1')] }), await logOf({ agents: [twin('2')] }));
    expect(found.header).toEqual([{ path: '$.programs.twin.version', expected: '1', actual: '2' }]);
    expect(found.first).toMatchObject({ agent: 'twin-1', a: { kind: 'AGENT_SPAWNED' }, differences: [{ path: '$.data.program.version' }] });
  });

  test('in the agents that there are', async () => {
    const one = defineAgent('one', function* () {});
    const found = await diff(await logOf({ agents: [one] }), await logOf({ agents: [one], inputs: [null, null] }));
    expect(found).toMatchObject({ isSame: false, onlyInA: [], onlyInB: ['one-2'], agents: [{ agent: 'one-2', same: 0, b: { kind: 'AGENT_SPAWNED' } }] });
  });
});

test('A damaged log is compared up to nowhere', async () => {
  const { store } = await story();
  const bytes = store.bytes();
  bytes[bytes.length - 200]! ^= 1;
  expect(await rejectionOf(diff(store, new MemoryLogStore({ bytes, codec: nodePorts.codec })))).toMatchObject({ code: 'LOG_CORRUPT' });
});
