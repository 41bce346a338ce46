/** INV-01, INV-02, INV-03, INV-08, INV-12, INV-15, broken from inside a plugin: what runs, when, and whether it does so again. */
import { createKernel, defineAgent, defineTool, MemoryLogStore, nodePorts, unchecked, type AskedInstruction, type Json } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { asker, attack, entriesOf, evil, load, ofKind, witness, type Aftermath } from './attack.js';

const transitionsOf = ({ entries }: Aftermath): unknown[] => entries.flatMap(({ kind, data }) => ('transition' in data ? [[kind, data.transition]] : []));

describe('INV-01: every transition and every effect is in the log before it takes place', () => {
  test('whatever a plugin starts, and however, is on record when it begins', async () => {
    let recorded = 0;
    const early: number[] = [];
    const seen = witness('vault.open', () => {
      if (recorded < seen.ran.length) early.push(seen.ran.length);
      return 1;
    });
    const { said, entries } = await attack({
      plugins: { evil: { permissions: ['tool:vault.open'], tools: { run: `
        const open = (how) => tried(ctx.tool('vault.open', { how }));
        const all = Array.from({ length: 20 }, (_, n) => open('at once ' + n));
        queueMicrotask(() => all.push(open('microtask')));
        setTimeout(() => all.push(open('timer')), 0);
        for await (const one of (async function* () { yield open('generator'); })()) all.push(one);
        await new Promise((resolve) => setTimeout(resolve, 1));
        try { throw new Error('x'); } catch { all.push(open('catch')); } finally { all.push(open('finally')); }
        return (await Promise.all(all)).length;` } } },
      tools: [seen.tool],
      act: async (kernel) => {
        kernel.subscribe(({ kind, data }) => { if (kind === 'TOOL_CALLED' && data.tool === 'vault.open') recorded++; });
        return kernel.spawn(asker, { args: {} }, { grants: ['call:evil.*', 'call:vault.open'] }).result();
      },
    });
    expect([said.value, seen.ran.length, early]).toEqual([25, 25, []]);
    // Each was asked for first, and then called.
    const asked = new Map(ofKind(entries, 'TOOL_ASKED').map(({ busSeq, data }) => [data.call, busSeq]));
    for (const { busSeq, data } of ofKind(entries, 'TOOL_CALLED').filter(({ data: { tool } }) => tool === 'vault.open')) expect(asked.get(data.call)).toBeLessThan(busSeq);
  });
});

describe('INV-02: only the kernel moves the states of lives', () => {
  test('a plugin that speaks in every word of the kernel moves nothing', async () => {
    const words = ['COMPLETE', 'TERMINATE', 'terminate', 'revoke', 'suspend', 'resume', 'emit', 'append', 'lifecycle.move', 'transition', 'AGENT_TERMINATED', 'CALL_TOOL', 'READ', 'WRITE', 'SEND', 'DELEGATE', 'JOIN', 'SLEEP', 'CONTINUE_AS', 'NOOP', 'decide', 'tool\0', 'tool ', 'TOOL', '', '__proto__', 'constructor', 'toString'];
    const speak = await attack({
      plugins: { evil: { permissions: ['memory'], tools: { run: `
        const order = { op: 'COMPLETE', agent: 'asker-1', type: 'asker', trigger: 'breach', to: 'TERMINATED', state: 'FAULTED', transition: { trigger: 'breach', to: 'TERMINATED' } };
        const said = [];
        for (const word of args.words) said.push((await tried(ctx.call(word, order))).code);
        for (const word of [{ toString: () => 'tool' }, 1, null, ['tool']]) said.push((await tried(ctx.call(word, order))).code);
        await ctx.call('memory.set', { ...order, key: 'k', value: 1 });
        return said;` } } },
      args: { words },
    });
    const harmless = await attack({ plugins: { evil: { permissions: ['memory'], tools: { run: `await ctx.memory.set('k', 1); return [];` } } } });
    expect(speak.said.value).toEqual([...words.map(() => 'PLUGIN_CALL_INVALID'), ...Array<string>(4).fill('TypeError')]);
    expect(transitionsOf(speak)).toEqual(transitionsOf(harmless));
    expect(transitionsOf(harmless).length).toBeGreaterThan(3);
    // Nothing of the order got into the only instruction that there was.
    expect(ofKind(speak.entries, 'TOOL_ASKED').map(({ data }) => data.instruction)).toEqual([{ op: 'WRITE', store: 'persistent', key: 'evil/k', value: 1 }]);
  });
});

describe('INV-03: one tick at a time per agent', () => {
  test('however many calls of a plugin ask at once, and for the plugin itself, no program is entered twice', async () => {
    let [inside, most, entered] = [0, 0, 0];
    const counted = defineAgent('counted', function* (ctx) {
      const work = ctx.all([1, 2, 3, 4].map((n) => ctx.tool(evil, { n })))[Symbol.iterator]();
      for (let given: unknown; ;) {
        entered++;
        most = Math.max(most, ++inside);
        const step = work.next(given);
        inside--;
        if (step.done === true) return step.value;
        given = yield step.value;
      }
    });
    const { said, entries } = await attack({
      plugins: { evil: { permissions: ['memory'], tools: {
        run: `return (await Promise.all(Array.from({ length: 6 }, (_, k) => k % 2 ? ctx.memory.set('k' + k, args.n) : ctx.tool('evil.again', { n: k })))).length;`,
        again: `await ctx.memory.get('k1'); return args.n;`,
      } } },
      agents: [counted],
      act: async (kernel) => Promise.all(['a', 'b', 'c'].map((id) => kernel.spawn(counted, null, { id, grants: ['call:evil.*'] }).result())),
    });
    expect(said).toEqual(Array(3).fill([6, 6, 6, 6]));
    expect([most, inside]).toEqual([1, 0]);
    expect(entered).toBeGreaterThanOrEqual(6);
    expect(ofKind(entries, 'TOOL_CALLED')).toHaveLength(3 * 4 * 4);
  });
});

describe('INV-08: the delegation tree has no cycle and one parent for each agent', () => {
  test('a plugin that calls itself makes no child of itself, and comes to an end', async () => {
    const { said, entries, state } = await attack({
      plugins: { evil: { tools: { run: `const deeper = await tried(ctx.tool('evil.run', { deep: (args.deep ?? 0) + 1 })); return deeper.code === undefined ? deeper.value : { deep: args.deep, code: deeper.code };` } } },
    });
    expect(said.value).toEqual({ deep: 8, code: 'INVALID_INSTRUCTION' });
    expect(ofKind(entries, 'AGENT_SPAWNED')).toHaveLength(1);
    expect(state.agents).toMatchObject([{ parent: null, children: [] }]);
  });

  test('it takes no child from another agent, and becomes nobody\'s parent', async () => {
    const idle = defineAgent('idle', function* () { /* is there, and ends */ });
    const parent = defineAgent('parent', function* (ctx) {
      const child = yield* ctx.start(idle, null);
      yield* ctx.tool(evil, {});
      return yield* ctx.join(child);
    });
    const { state } = await attack({
      plugins: { evil: { permissions: ['memory', 'tool:idle'], tools: { run: `
        for (const name of ['DELEGATE', 'delegate', 'adopt', 'JOIN']) await tried(ctx.call(name, { op: 'DELEGATE', type: 'idle', parent: 'idle-1', child: 'idle-1' }));
        await tried(ctx.call('tool', { name: 'idle', op: 'DELEGATE', type: 'idle', parent: 'idle-1' }));
        await ctx.call('memory.set', { key: 'parent', value: 'idle-1', op: 'DELEGATE', type: 'idle' });
        return 1;` } } },
      agents: [idle, parent], act: async (kernel) => kernel.spawn(parent, null, { grants: ['call:**', 'delegate:idle'] }).result(),
    });
    expect(state.agents.map(({ id, parent: above, children }) => [id, above, children])).toEqual([['parent-1', null, ['idle-1']], ['idle-1', 'parent-1', []]]);
  });
});

describe('INV-12: what a plugin does has an end, and takes no step of its agent\'s tick', () => {
  const small = { fuel: 200, cpuMs: 3_000, maxCalls: 50, maxPendingCalls: 8, resultBytes: 1_000, resultDepth: 8, callBytes: 1_000, memoryBytes: 16 * 1024 * 1024 };

  test.each([
    ['asks without end', 'for (;;) await tried(ctx.memory.get("k"));', 'maxCalls'],
    ['asks for everything at once', 'return (await Promise.all(Array.from({ length: 40 }, () => ctx.memory.get("k")))).length;', 'maxPendingCalls'],
    ['asks for something huge', 'return ctx.memory.set("k", "x".repeat(2_000));', 'callBytes'],
    ['never returns', 'for (;;) {}', 'fuel'],
    ['never returns, and never lets the engine ask', 'const never = () => Promise.resolve().then(never); return never();', 'fuel'],
    ['returns something huge', 'return "x".repeat(2_000);', 'resultBytes'],
    ['returns something deep', 'let deep = []; for (let n = 0; n < 20; n++) deep = [deep]; return deep;', 'resultDepth'],
    ['takes all memory', 'const all = []; for (;;) all.push(new Uint8Array(1 << 20));', 'memoryBytes'],
  ])('one that %s is ended, and its agent goes on', async (_what, code, limit) => {
    const { said, entries } = await attack({ plugins: { evil: { permissions: ['memory'], tools: { run: code } } }, limits: small });
    expect(said).toMatchObject({ code: 'PLUGIN_LIMIT_EXCEEDED', message: expect.any(String) as unknown });
    const [end] = ofKind(entries, 'TOOL_RESULT').filter(({ data }) => data.call === 0);
    const { error } = end!.data.result as { error: { code: string; details?: { limit?: string } } };
    expect(error).toMatchObject({ code: 'PLUGIN_LIMIT_EXCEEDED', details: { limit } });
    expect(ofKind(entries, 'TOOL_ASKED').length).toBeLessThanOrEqual(small.maxCalls);
    expect(entries.at(-1)!.kind).toBe('AGENT_TERMINATED');
  });

  test('one that waits for what never comes is told so', async () => {
    const { said } = await attack({ plugins: { evil: { tools: { run: 'return new Promise(() => {});' } } } });
    expect(said).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringContaining('never comes') as unknown });
  });

  test.each([[4, 'done'], [12, 'TICK_OVERFLOW']])('an agent of at most ten steps in a tick takes %i after a plugin that asked for forty things, as it does without', async (steps, outcome) => {
    const walker = defineAgent('walker', function* (ctx) {
      yield* ctx.tool(evil, {});
      for (let step = 0; step < steps; step++) yield { op: 'WRITE', store: 'persistent', key: `k${step}`, value: step };
      return 'done';
    });
    const { said, entries } = await attack({
      plugins: { evil: { permissions: ['memory'], tools: { run: `for (let n = 0; n < 40; n++) await ctx.memory.set('n', n); return 1;` } } },
      agents: [walker], maxStepsPerTick: 10,
      act: async (kernel) => kernel.spawn(walker, null, { grants: ['call:evil.*'] }).result().catch((thrown: unknown) => (thrown as { code: string }).code),
    });
    expect(said).toBe(outcome);
    expect(ofKind(entries, 'TOOL_ASKED')).toHaveLength(40);
  });
});

describe('INV-15: replay produces identical tick outputs', () => {
  const CHANCE = `
    const draws = [Math.random(), ctx.random(), Date.now(), new Date().toISOString(), ctx.now, String(new Date()), typeof performance, new Date(2020, 0).getTimezoneOffset()];
    const race = await Promise.race([ctx.tool('vault.open', { n: 1 }), ctx.tool('vault.open', { n: 2 })]);
    const asked = [];
    for (let n = 0; n < 4; n++) if (Math.random() < 0.5) { asked.push(n); await ctx.tool('vault.open', { n, draw: Math.random(), now: Date.now() }); } else await ctx.memory.set('k' + n, [Math.random(), crypto.randomUUID()]);
    return { draws, race, asked };`;
  const plugins = { evil: { permissions: ['tool:vault.open', 'memory'], tools: { run: CHANCE } } };
  const grants = ['call:**'];

  /** The log up to the first result of something that was asked for, as a crash would leave it. */
  async function cut(bytes: Uint8Array): Promise<MemoryLogStore> {
    const lines = new TextDecoder().decode(bytes).trimEnd().split('\n');
    const entries = await entriesOf(new MemoryLogStore({ bytes, codec: nodePorts.codec }));
    const results = ofKind(entries, 'TOOL_RESULT').filter(({ data }) => data.call < 0);
    return new MemoryLogStore({ bytes: nodePorts.codec.utf8(`${lines.slice(0, results.at(1)!.busSeq + 1).join('\n')}\n`), codec: nodePorts.codec });
  }

  test('after a crash a plugin that decides by chance and by the clock decides the same, and does nothing twice', async () => {
    const first = witness('vault.open');
    const { said, bytes } = await attack({ plugins, tools: [first.tool], grants });
    const log = await cut(bytes);
    const loaded = await load({ plugins });
    const second = witness('vault.open');
    const kernel = await createKernel({ log, agents: [asker], tools: [...loaded.tools, second.tool] });
    expect(await kernel.agent('asker-1').result()).toEqual(said);
    await kernel.stop();
    expect(second.ran).toEqual(first.ran.slice(2));
    expect(said.value).toMatchObject({ race: 'done' });
  });

  test('a tool of the machine that asks by real chance is found out by the same crash', async () => {
    const moody = defineTool({
      name: 'evil.run', description: '', idempotent: true, input: unchecked<Json>(),
      run: async (_args, { ask }) => {
        const open = (): AskedInstruction => ({ op: 'CALL_TOOL', tool: 'vault.open', args: { draw: Math.random() } });
        await ask(open());
        await ask(open());
        return 1;
      },
    });
    const open = witness('vault.open');
    const log = new MemoryLogStore();
    const tools = [moody, open.tool];
    const kernel = await createKernel({ log, agents: [asker], tools });
    await kernel.spawn(asker, { args: {} }, { grants }).result();
    await kernel.stop();
    const again = await createKernel({ log: await cut(log.bytes()), agents: [asker], tools });
    expect(await again.agent('asker-1').result()).toMatchObject({ code: 'TOOL_FAILED', message: expect.stringContaining('asks for something else than before') as unknown });
    await again.stop();
  });
});
