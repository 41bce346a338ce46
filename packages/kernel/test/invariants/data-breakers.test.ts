import {
  defineAgent,
  defineTool,
  MemoryLogStore,
  nodePorts,
  unchecked,
  verify,
  type AgentDefinition,
  type Entry,
  type Instruction,
  type Json,
  type OmniError,
  type Operation,
} from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ value: Json }>(), run: async ({ value }) => value });
const GRANTS = { grants: ['call:*', 'read:**', 'write:**', 'send:*', 'delegate:*'] };

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'accepted';
  } catch (error) {
    return error instanceof Error ? ((error as Partial<OmniError>).code ?? error.name) : 'thrown';
  }
}

describe('INV-05: ephemeral data never outlives its tick unless a PENDING_* exit checkpoints it', () => {
  test('a tick that ends without waiting leaves none', async () => {
    const quick = defineAgent('quick', function* (ctx, how: string) {
      yield* ctx.scratch.set('note', how);
      if (how === 'fails') throw new Error('as told');
      if (how === 'overflows') for (;;) yield* ctx.scratch.set('note', how);
      return yield* ctx.scratch.get('note');
    });
    const { kernel, until, store } = await boot({ agents: [quick], maxStepsPerTick: 20 });
    for (const how of ['returns', 'fails', 'overflows']) await until(kernel.spawn(quick, how).result().catch(() => undefined));
    await until(kernel.flush());
    expect(kindsOf(await entriesOf(store))).not.toContain('SCRATCH_CHECKPOINTED');
    expect(kernel.snapshot().agents.map(({ scratch }) => scratch)).toEqual([{}, {}, {}]);
  });

  test('a tick that waits finds what it left, from the log, and the end of the agent takes it away', async () => {
    const patient = defineAgent('patient', function* (ctx) {
      const notes = { list: [1] };
      yield* ctx.scratch.set('__proto__', 'plain');
      yield* ctx.scratch.set('notes', notes);
      notes.list.push(2);
      yield* ctx.sleep(10);
      const found = (yield* ctx.scratch.get('notes')) as { list: number[] };
      const isFrozen = codeOf(() => found.list.push(3));
      yield* ctx.scratch.set('second', true);
      yield* ctx.sleep(10);
      return [found, isFrozen, yield* ctx.scratch.get('second'), yield* ctx.scratch.get('__proto__'), (yield* ctx.scratch.get('constructor')) ?? 'absent'];
    });
    const { kernel, until, store, time } = await boot({ agents: [patient] });
    const handle = kernel.spawn(patient, null);
    await time.advance(15);
    expect(JSON.stringify(kernel.agentSnapshot(handle.id).scratch)).toBe('{"__proto__":"plain","notes":{"list":[1]},"second":true}');
    expect(await until(handle.result())).toEqual([{ list: [1] }, 'TypeError', true, 'plain', 'absent']);
    expect(kernel.agentSnapshot(handle.id).scratch).toEqual({});
    await until(kernel.flush());
    expect(ofKind(await entriesOf(store), 'SCRATCH_CHECKPOINTED')).toHaveLength(2);
  });

  test('nobody else finds it, nor changes what was checkpointed', async () => {
    const owner = defineAgent('owner', function* (ctx) {
      yield* ctx.scratch.set('note', { mine: true });
      yield* ctx.sleep(10);
      return yield* ctx.scratch.get('note');
    });
    const thief = defineAgent('thief', function* (ctx) {
      return (yield* ctx.scratch.get('note')) ?? 'nothing';
    });
    const { kernel, until, problems } = await boot({ agents: [owner, thief] });
    kernel.subscribe(({ kind, data }) => { if (kind === 'SCRATCH_CHECKPOINTED') Object.assign(data.values, { note: 'stolen' }); });
    const handle = kernel.spawn(owner, null);
    expect(await until(kernel.spawn(thief, null).result())).toBe('nothing');
    expect(await until(handle.result())).toEqual({ mine: true });
    expect(problems).toHaveLength(1);
  });
});

describe('INV-07: entries are immutable', () => {
  /** Tries to change everything in a value, as deep as it goes; answers how often it worked. */
  function vandalise(value: unknown, seen = new Set()): number {
    if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return 0;
    seen.add(value);
    const attempts = [
      () => Object.assign(value, { vandal: true }),
      ...Object.keys(value).map((key) => () => Object.assign(value, { [key]: 'vandal' })),
      ...Object.keys(value).map((key) => () => Reflect.deleteProperty(value, key)),
    ];
    const before = JSON.stringify(value);
    for (const attempt of attempts) codeOf(attempt);
    const changed = JSON.stringify(value) === before ? 0 : 1;
    return changed + Object.values(value).reduce((sum: number, child) => sum + vandalise(child, seen), 0);
  }

  const child = defineAgent('child', function* (_ctx, { n }: { n: number }) {
    return { n: [n] };
  });
  const worker: AgentDefinition<{ list: number[] }, Json> = defineAgent('worker', function* (ctx, input: { list: number[] }): Generator<Instruction, Json> {
    let changed = vandalise(input) + vandalise(ctx.agent);
    const value = { deep: { list: [1, 2] } };
    const said = yield* ctx.tool(echo, { value });
    changed += vandalise(said);
    yield* ctx.memory.set('kept', value);
    changed += vandalise(yield* ctx.memory.get('kept'));
    yield* ctx.shared('team').set('plan', value, 0);
    changed += vandalise(yield* ctx.shared('team').get('plan'));
    yield* ctx.send(ctx.agent.id, value);
    changed += vandalise(yield* ctx.receive());
    changed += vandalise(yield* ctx.delegate(child, { n: 1 }, { grants: [], metadata: { deep: { list: [1] } } }));
    yield* ctx.sleep(1);
    try {
      yield* ctx.tool(echo, { value: undefined as never });
    } catch (error) {
      vandalise(error);
    }
    return { changed, said };
  });

  test('whoever is given anything can change nothing of what was recorded', async () => {
    const vandal = (entry: Entry): void => { vandalise(entry); };
    const counts: number[] = [];
    const { kernel, until, store } = await boot({
      agents: [worker, child], tools: [echo], onProblem: () => undefined,
      extensions: [{ name: 'vandal', projection: { apply: vandal }, guard: { review: (proposal) => ((counts.push(vandalise(proposal.data))), undefined) } }],
      redact: (result) => {
        counts.push(vandalise(result));
        return result;
      },
    });
    const lines: string[] = [];
    kernel.subscribe(vandal);
    kernel.subscribe((entry, line) => {
      expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(entry)));
      lines.push(line);
    });
    const input = { list: [1, 2, 3] };
    const handle = kernel.spawn(worker, input, { ...GRANTS, metadata: { tag: ['a'] } });
    input.list.push(4);
    expect(await until(handle.result())).toEqual({ changed: 0, said: { deep: { list: [1, 2] } } });
    counts.push(vandalise(kernel.snapshot()), vandalise(kernel.agentSnapshot(handle.id)), vandalise(await handle.result()), vandalise(handle));
    expect(new Set(counts)).toEqual(new Set([0]));
    await until(kernel.flush());
    expect(await verify(store, { codec: nodePorts.codec, pin: kernel.head })).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    expect(new TextDecoder().decode(store.bytes()).endsWith(lines.join(''))).toBe(true);
  });

  test('nor can who reads the log', async () => {
    const { kernel, until, store } = await boot({ agents: [child] });
    await until(kernel.spawn(child, { n: 1 }).result());
    store.bytes().fill(0);
    await until(kernel.spawn(child, { n: 2 }).result());
    expect(await verify(store, { codec: nodePorts.codec })).toMatchObject({ integrity: 'INTACT' });
  });

  test('nor a log that was taken up again', async () => {
    const { kernel, until, store, time } = await boot({ agents: [worker, child], tools: [echo] });
    await until(kernel.spawn(worker, { list: [] }, GRANTS).result());
    await until(kernel.stop());
    const again = await boot({ agents: [worker, child], tools: [echo], log: new MemoryLogStore({ bytes: store.bytes(), codec: nodePorts.codec }), time });
    expect(vandalise(again.kernel.snapshot())).toBe(0);
    expect(vandalise(await again.until(again.kernel.agent('worker-1').result()))).toBe(0);
  });
});

describe('INV-11: only JSON enters memory, messages, arguments and results', () => {
  const junk: Record<string, () => unknown> = {
    'undefined in a list': () => [undefined],
    'a function': () => ({ run: () => 1 }),
    'a symbol': () => Symbol('s'),
    'a bigint': () => 1n,
    'not a number': () => Number.NaN,
    'minus zero': () => -0,
    'a date': () => new Date(0),
    'a map': () => new Map([[1, 2]]),
    'an instance with toJSON': () => new (class { toJSON(): string { return 'harmless'; } })(),
    'an object with toJSON': () => ({ toJSON: () => 'harmless' }),
    'a cycle': () => {
      const loop: { self?: unknown } = {};
      loop.self = loop;
      return loop;
    },
    'a lone surrogate': () => 'a\ud800',
    'a proxy that lies about its keys': () => new Proxy({ a: 1 }, { ownKeys: () => { throw new Error('none of your business'); } }),
    'a getter that throws': () => Object.defineProperty({}, 'a', { enumerable: true, get: () => { throw new Error('hands off'); } }),
    'a promise': () => Promise.resolve(1),
  };
  const juggler: AgentDefinition<string, number> = defineAgent('juggler', function* (ctx, name: string): Generator<Instruction, number> {
    const make = junk[name]!;
    const attempts: (() => Operation<unknown>)[] = [
      () => ctx.memory.set('k', make() as Json),
      () => ctx.scratch.set('k', make() as Json),
      () => ctx.shared('team').set('k', make(), 0),
      () => ctx.send('juggler-1', make()),
      () => ctx.tool(echo, { value: make() as Json }),
      () => ctx.start(juggler, make() as string),
      () => ctx.start(juggler, 'x', { metadata: { value: make() } }),
    ];
    let accepted = 0;
    for (const attempt of attempts) {
      try {
        yield* attempt();
        accepted++;
      } catch { /* refused */ }
    }
    return accepted;
  });

  test.each(Object.entries(junk))('%s is refused at every door, and nothing of it is recorded', async (name, make) => {
    const liar = defineTool({ name: 'liar', description: 'gives junk', input: unchecked<object>(), run: () => ({ value: make() }) });
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(liar, {});
    });
    const returner = defineAgent('returner', function* () {
      return make();
    });
    const { kernel, until, rejection, store } = await boot({ agents: [juggler, asker, returner], tools: [echo, liar] });
    expect(await until(kernel.spawn(juggler, name, GRANTS).result())).toBe(0);
    await rejection(kernel.spawn(asker, null, GRANTS).result());
    await rejection(kernel.spawn(returner, null, GRANTS).result());
    expect(codeOf(() => kernel.spawn(juggler, make() as string))).not.toBe('accepted');
    expect(codeOf(() => kernel.spawn(juggler, 'x', { metadata: { value: make() } }))).not.toBe('accepted');
    expect(codeOf(() => { kernel.send('asker-1', make()); })).not.toBe('accepted');
    await until(kernel.flush());
    const kinds = new Set(kindsOf(await entriesOf(store)));
    for (const kind of ['MEMORY_SET', 'SHARED_WRITTEN', 'MESSAGE_SENT', 'SCRATCH_CHECKPOINTED'] as const) expect(kinds).not.toContain(kind);
  });

  test('what looks like more than JSON is kept as the JSON that it is', async () => {
    const odd = JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":1},"toJSON":"text","then":null}') as Json;
    const keeper = defineAgent('keeper', function* (ctx) {
      yield* ctx.memory.set('__proto__', odd);
      yield* ctx.shared('__proto__').set('__proto__', odd, 0);
      yield* ctx.tool(echo, { value: odd });
      return yield* ctx.memory.get('__proto__');
    });
    const { kernel, until } = await boot({ agents: [keeper], tools: [echo] });
    expect(JSON.stringify(await until(kernel.spawn(keeper, null, GRANTS).result()))).toBe(JSON.stringify(odd));
    expect(JSON.stringify(kernel.snapshot().shared)).toBe(`{"__proto__":{"__proto__":{"value":${JSON.stringify(odd)},"version":1}}}`);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('INV-14: a tool result is recorded before the program sees it, once, as the log has it', () => {
  test('the entry comes first', async () => {
    const order: string[] = [];
    const asker = defineAgent('asker', function* (ctx) {
      yield* ctx.tool(echo, { value: 1 });
      order.push('seen');
    });
    const { kernel, until } = await boot({ agents: [asker], tools: [echo] });
    kernel.subscribe(({ kind }) => { if (kind === 'TOOL_RESULT') order.push('recorded'); });
    await until(kernel.spawn(asker, null, GRANTS).result());
    expect(order).toEqual(['recorded', 'seen']);
  });

  test('a tool that changes what it gave, or was given, changes nothing', async () => {
    const given: { list: number[] } = { list: [1] };
    const sly = defineTool({
      name: 'sly', description: 'changes its mind', input: unchecked<{ list: number[] }>(),
      run: async (args) => {
        codeOf(() => args.list.push(2));
        setImmediate(() => given.list.push(99));
        return given;
      },
    });
    const asker = defineAgent('asker', function* (ctx) {
      const args = { list: [1] };
      const operation = ctx.tool(sly, args);
      const first = yield* operation;
      args.list.push(7);
      yield* ctx.sleep(1);
      return [first, given.list];
    });
    const { kernel, until, store } = await boot({ agents: [asker], tools: [sly, echo] });
    expect(await until(kernel.spawn(asker, null, GRANTS).result())).toEqual([{ list: [1] }, [1, 99]]);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TOOL_CALLED')[0]?.data.args).toEqual({ list: [1] });
    expect(ofKind(entries, 'TOOL_RESULT')[0]?.data.result).toEqual({ ok: true, value: { list: [1] } });
  });

  test('what the program sees is what is left after redaction, and that alone is in the log', async () => {
    const teller = defineTool({ name: 'teller', description: 'tells too much', input: unchecked<object>(), run: () => ({ name: 'x', pin: '1234' }), redact: () => ({ name: 'x', pin: '****' }) });
    const asker = defineAgent('asker', function* (ctx) {
      return yield* ctx.tool(teller, {});
    });
    const { kernel, until, store } = await boot({ agents: [asker], tools: [teller] });
    expect(await until(kernel.spawn(asker, null, GRANTS).result())).toEqual({ name: 'x', pin: '****' });
    await until(kernel.flush());
    expect(new TextDecoder().decode(store.bytes())).not.toContain('1234');
  });

  test('an answer that comes twice, or after a timeout, is one outcome', async () => {
    const late: (() => void)[] = [];
    const twice = defineTool({
      name: 'twice', description: 'answers both ways, and late', input: unchecked<{ isLate: boolean }>(), timeoutMs: 10,
      run: ({ isLate }) => ({
        then: (resolve: (value: string) => void, reject: (error: Error) => void) => {
          if (isLate) late.push(() => { resolve('late'); });
          else {
            resolve('yes');
            reject(new Error('no'));
            resolve('yes again');
          }
        },
      }) as Promise<string>,
    });
    const asker = defineAgent('asker', function* (ctx) {
      const first = yield* ctx.tool(twice, { isLate: false });
      try {
        yield* ctx.tool(twice, { isLate: true });
      } catch (error) {
        yield* ctx.sleep(100);
        return [first, (error as OmniError).code];
      }
      return 'in time';
    });
    const { kernel, until, store, time } = await boot({ agents: [asker], tools: [twice] });
    const handle = kernel.spawn(asker, null, GRANTS);
    await time.advance(50);
    for (const answer of late) answer();
    expect(await until(handle.result())).toEqual(['yes', 'TOOL_TIMEOUT']);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TOOL_RESULT')).toHaveLength(2);
    expect(ofKind(entries, 'STALE_RESULT').at(-1)?.data.outcome).toEqual({ ok: true, value: 'late' });
  });
});

describe('INV-16: busSeq is unique and strictly increasing', () => {
  test('whoever causes entries from within entries', async () => {
    const { kernel, until, store, time } = await boot({ agents: [echoAgent], tools: [echo], onProblem: () => undefined });
    let depth = 0;
    kernel.subscribe(({ agent }) => {
      if (depth++ < 50) {
        codeOf(() => kernel.spawn(echoAgent, 'from inside'));
        queueMicrotask(() => codeOf(() => kernel.spawn(echoAgent, 'from a microtask', GRANTS)));
        setImmediate(() => codeOf(() => { kernel.suspend(agent!); }));
      }
    });
    kernel.spawn(echoAgent, 'start', GRANTS);
    await time.advance(1_000);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.map(({ busSeq }) => busSeq)).toEqual(entries.map((_, index) => index));
  });
});

const echoAgent = defineAgent('echo-agent', function* (ctx, value: string) {
  return yield* ctx.tool(echo, { value });
});

describe('INV-19: a shared write with a stale version is refused and recorded', () => {
  const writer = defineAgent('writer', function* (ctx, expectedVersions: number[]) {
    const outcomes: unknown[] = [];
    for (const expectedVersion of expectedVersions) {
      try {
        outcomes.push(yield* ctx.shared('team').set('k', expectedVersion, expectedVersion));
      } catch (error) {
        outcomes.push((error as OmniError).code);
      }
    }
    return outcomes;
  });

  test('older, newer and repeated versions alike', async () => {
    const { kernel, until, store } = await boot({ agents: [writer] });
    expect(await until(kernel.spawn(writer, [1, 0, 0, 2, 1, 1], GRANTS).result())).toEqual(['WRITE_CONFLICT', 1, 'WRITE_CONFLICT', 'WRITE_CONFLICT', 2, 'WRITE_CONFLICT']);
    await until(kernel.flush());
    const refused = ofKind(await entriesOf(store), 'REFUSED').map(({ data }) => data.error.details);
    expect(refused).toEqual([[1, 0], [0, 1], [2, 1], [1, 2]].map(([expectedVersion, version]) => ({ namespace: 'team', key: 'k', expectedVersion, version })));
  });

  test('of two who have read the same version one wins, and the other is told which there is', async () => {
    const racer = defineAgent('racer', function* (ctx) {
      const { version } = yield* ctx.shared('team').get('k');
      yield* ctx.sleep(1);
      try {
        yield* ctx.shared('team').set('k', ctx.agent.id, version);
        return 'won';
      } catch (error) {
        return (error as OmniError).details?.['version'] as number;
      }
    });
    const { kernel, until } = await boot({ agents: [racer] });
    const results = [1, 2, 3].map(() => kernel.spawn(racer, null, GRANTS).result());
    expect(await until(Promise.all(results))).toEqual(['won', 1, 1]);
    expect(kernel.snapshot().shared).toEqual({ team: { k: { value: 'racer-1', version: 1 } } });
  });
});
