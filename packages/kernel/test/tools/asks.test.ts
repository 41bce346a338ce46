import { defineAgent, defineTool, inspect, MemoryLogStore, OmniError, secret, unchecked, type AskedInstruction, type Guard, type Json, type Policy, type ToolContext, type ToolOptions } from '@omnipaw/kernel';
import { assertReplays, crash, scriptedTool, VirtualTime, type CrashPoint } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { boot, entriesOf, kindsOf, ofKind } from '../support/index.js';
import { attempt, runProgram, type Attempted } from './run-program.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

const fetchTool = (script: Parameters<typeof scriptedTool>[0]['script'], options = {}) => scriptedTool({ name: 'net.fetch', time, script, ...options });
const fetching = (url: string): AskedInstruction => ({ op: 'CALL_TOOL', tool: 'net.fetch', args: { url } });

type Options = Partial<Pick<ToolOptions<never, unknown, undefined>, 'idempotent' | 'timeoutMs' | 'retry'>>;

function toolThat(run: (context: ToolContext) => unknown, options: Options = {}) {
  return defineTool({ name: 'weather', description: '', input: unchecked<null>(), ...options, run: (_args, context) => run(context) });
}

/** Comes when it is given. */
function signal(): { readonly given: Promise<string>; readonly give: () => void } {
  let give!: () => void;
  const given = new Promise<string>((resolve) => { give = () => { resolve('sun'); }; });
  return { given, give };
}

/** What an ask comes to, as data. */
async function tried(answer: Promise<Json>): Promise<unknown> {
  return answer.catch((thrown: unknown) => (thrown as { readonly code: string }).code);
}

function called(tool: ReturnType<typeof toolThat>, config: Parameters<typeof runProgram>[1] = {}) {
  return runProgram<Attempted>(function* (ctx) {
    return yield* attempt(ctx.tool(tool, null));
  }, { time, ...config, tools: [tool, ...(config.tools ?? [])] });
}

describe('what a tool asks for while it runs', () => {
  test('is carried out for its agent, and is on record between the intent and the result', async () => {
    const net = fetchTool([{ value: 'sun' }]);
    const tool = toolThat(async ({ ask }) => ({ said: await ask(fetching('a')) }));
    const { value, entries, store, agent } = await called(tool, { tools: [net] });
    expect(value).toEqual({ ok: true, value: { said: 'sun' } });
    expect(kindsOf(entries).slice(3, -2)).toEqual(['TOOL_CALLED', 'TOOL_ASKED', 'TOOL_CALLED', 'TOOL_RESULT', 'TOOL_RESULT']);
    expect(entries[4]).toMatchObject({
      agent,
      data: { tick: 1, call: -1, asker: 0, tool: 'weather', instruction: fetching('a'), toolPermission: { decision: 'ALLOW', by: 'tool weather' } },
    });
    expect(entries[5]).toMatchObject({ agent, data: { tick: 1, call: -1, tool: 'net.fetch', args: { url: 'a' }, permission: { by: 'grant 0 call:*' } } });
    expect(net.calls[0]?.idempotencyKey).toMatch(/\/1\/-1$/);
    await assertReplays(store, { agents: [mainOf(tool)], tools: [tool, net] });
  });

  test('begins in the order in which it was asked for, and ends as it comes', async () => {
    const net = fetchTool([{ value: 'slow', afterMs: 20 }, { value: 'fast', afterMs: 5 }]);
    const tool = toolThat(async ({ ask }) => Promise.all([ask(fetching('a')), ask(fetching('b'))]));
    const { value, entries } = await called(tool, { tools: [net] });
    expect(value).toEqual({ ok: true, value: ['slow', 'fast'] });
    expect(ofKind(entries, 'TOOL_RESULT').map(({ data }) => data.call)).toEqual([-2, -1, 0]);
  });

  test('needs the permission of the agent, and its refusal is an entry and an error that the tool can catch', async () => {
    const net = fetchTool([{ value: 'sun' }]);
    const tool = toolThat(async ({ ask }) => tried(ask(fetching('a'))));
    const { value, entries, store } = await called(tool, { tools: [net], grants: ['call:weather'] });
    expect(value).toEqual({ ok: true, value: 'PERMISSION_DENIED' });
    expect(net.calls).toHaveLength(0);
    expect(kindsOf(entries).slice(4, 7)).toEqual(['TOOL_ASKED', 'REFUSED', 'CALL_SETTLED']);
    await assertReplays(store, { agents: [mainOf(tool)], tools: [tool, net] });
  });

  test('needs what the tool itself is allowed as well', async () => {
    const net = fetchTool([{ value: 'sun' }]);
    const tool = toolThat(async ({ ask }) => tried(ask(fetching('evil'), { decision: 'DENY', by: 'the manifest has no host "evil"' })));
    const { value, entries, store } = await called(tool, { tools: [net] });
    expect(value).toEqual({ ok: true, value: 'PERMISSION_DENIED' });
    expect(net.calls).toHaveLength(0);
    expect(entries[5]).toMatchObject({ kind: 'CALL_SETTLED', data: { result: { ok: false, error: { message: expect.stringMatching(/the manifest has no host "evil"/) as string } } } });
    await assertReplays(store, { agents: [mainOf(tool)], tools: [tool, net] });
  });

  test('is seen by guards', async () => {
    const seen: unknown[] = [];
    const guard: Guard = { review: ({ kind, data }) => { if (kind === 'TOOL_CALLED') seen.push((data as { tool: string }).tool); return undefined; } };
    await called(toolThat(async ({ ask }) => ask(fetching('a'))), { tools: [fetchTool([{ value: 1 }])], extensions: [{ name: 'watch', guard }] });
    expect(seen).toEqual(['weather', 'net.fetch']);
  });

  test('can be memory of the agent, which its program reads afterwards, and shared memory with versions', async () => {
    const tool = toolThat(async ({ ask }) => {
      const before = await ask({ op: 'READ', store: 'persistent', key: 'count' });
      await ask({ op: 'WRITE', store: 'persistent', key: 'count', value: 1 });
      const { version } = await ask({ op: 'READ', store: 'shared', namespace: 'team', key: 'x' }) as { version: number };
      await ask({ op: 'WRITE', store: 'shared', namespace: 'team', key: 'x', value: 'y', expectedVersion: version });
      return [before, await tried(ask({ op: 'WRITE', store: 'shared', namespace: 'team', key: 'x', value: 'z', expectedVersion: version }))];
    });
    const { value, store } = await runProgram(function* (ctx) {
      const result = yield* ctx.tool(tool, null);
      return [result, yield* ctx.memory.get('count')];
    }, { time, tools: [tool], grants: ['call:*', 'read:shared:team/**', 'write:shared:team/**'] });
    expect(value).toEqual([[null, 'WRITE_CONFLICT'], 1]);
    expect(await inspect(store)).toMatchObject({ shared: { team: { x: { value: 'y', version: 1 } } } });
  });

  test.each<[string, unknown]>([
    ['a sleep', { op: 'SLEEP', ms: 1 }],
    ['a child', { op: 'DELEGATE', type: 'main' }],
    ['nothing', undefined],
    ['a proxy of nothing', Object.create(null)],
  ])('is refused if it is %s', async (_what, instruction) => {
    const tool = toolThat(async ({ ask }) => tried((async () => ask(instruction as AskedInstruction))()));
    const { value, entries } = await called(tool);
    expect([value, ofKind(entries, 'TOOL_ASKED')]).toEqual([{ ok: true, value: 'INVALID_INSTRUCTION' }, []]);
  });

  test('waits for an approval, and is told of a denial', async () => {
    const policies: Policy[] = [{ name: 'ask first', effect: 'ESCALATE', action: 'call', resource: 'net.fetch' }];
    for (const approved of [true, false]) {
      const net = fetchTool([{ value: 'sun' }]);
      const tool = toolThat(async ({ ask }) => tried(ask(fetching('a'))));
      const main = mainOf(tool);
      const { kernel, store, until } = await boot({ time: (time = new VirtualTime()), agents: [main], tools: [tool, net], policies });
      const handle = kernel.spawn(main, null, { grants: ['call:*'] });
      await time.settle();
      kernel.decide(kernel.approvals()[0]!.id, { approved }, 'ann');
      expect(await until(handle.result())).toEqual({ ok: true, value: approved ? 'sun' : 'APPROVAL_DENIED' });
      await until(kernel.flush());
      await assertReplays(store, { agents: [main], tools: [tool, net] });
    }
  });

  test('is over with the attempt that asked: its calls are told to stop, what they still say is stale, and no approval is left', async () => {
    const policies: Policy[] = [{ name: 'ask first', effect: 'ESCALATE', action: 'call', resource: 'slow.two' }];
    let reason: unknown;
    const slow = defineTool({
      name: 'slow.one', description: '', input: unchecked<null>(),
      run: (_args, { signal }) => new Promise((resolve) => { signal.addEventListener('abort', () => { reason = signal.reason; resolve('late'); }); }),
    });
    const two = scriptedTool({ name: 'slow.two', script: [] });
    const codes: unknown[] = [];
    const tool = toolThat(({ ask }) => {
      void tried(ask({ op: 'CALL_TOOL', tool: 'slow.one', args: null })).then((code) => codes.push(code));
      void tried(ask({ op: 'CALL_TOOL', tool: 'slow.two', args: null })).then((code) => codes.push(code));
      return time.sleep(10);
    });
    const main = mainOf(tool);
    const { kernel, store, until } = await boot({ time, agents: [main], tools: [tool, slow, two], policies });
    expect(await until(kernel.spawn(main, null, { grants: ['call:*'] }).result())).toEqual({ ok: true, value: null });
    await time.settle();
    await until(kernel.flush());
    expect(codes).toEqual(['TOOL_ABORTED', 'TOOL_ABORTED']);
    expect(String(reason)).toMatch(/"weather", which asked for tool "slow.one", has ended/);
    expect(kernel.approvals()).toEqual([]);
    expect(ofKind(await entriesOf(store), 'STALE_RESULT')).toMatchObject([{ data: { call: -1, tool: 'slow.one' } }]);
    await assertReplays(store, { agents: [main], tools: [tool, slow, two] });
  });

  test('starts anew with the next attempt', async () => {
    const net = fetchTool([{ value: 'bad' }, { value: 'good' }]);
    const tool = toolThat(async ({ ask, attempt: number }) => {
      const said = await ask(fetching('a'));
      if (number === 1) throw new OmniError('BUSY', 'Come again.', { failureClass: 'TRANSIENT' });
      return said;
    }, { idempotent: true, retry: { limit: 1, backoffMs: 10 } });
    const { value, entries } = await called(tool, { tools: [net] });
    expect(value).toEqual({ ok: true, value: 'good' });
    expect(ofKind(entries, 'TOOL_ASKED').map(({ data }) => data.call)).toEqual([-1, -2]);
  });

  test('does not have to wait for a place among the calls, since the tool has one', async () => {
    const { value } = await called(toolThat(async ({ ask }) => ask(fetching('a'))), { tools: [fetchTool([{ value: 'sun', afterMs: 1 }])], maxConcurrentToolCalls: 1 });
    expect(value).toEqual({ ok: true, value: 'sun' });
  });

  test('takes no place from other calls either', async () => {
    const [begun, go] = [signal(), signal()];
    let fetches = 0;
    const plain = (name: string, run: () => unknown) => defineTool({ name, description: '', input: unchecked<null>(), run });
    const net = plain('net.fetch', () => {
      if (++fetches === 2) begun.give();
      return go.given;
    });
    const tool = toolThat(async ({ ask }) => Promise.all([ask(fetching('a')), ask(fetching('b'))]));
    const [first, second] = [plain('first', () => begun.given), plain('second', () => { go.give(); })];
    const { value } = await runProgram<unknown>(function* (ctx) {
      return yield* ctx.all([ctx.tool(tool, null), ctx.tool(first, null), ctx.tool(second, null)]);
    }, { time, tools: [tool, net, first, second], maxConcurrentToolCalls: 2 });
    expect(value).toEqual([['sun', 'sun'], 'sun', null]);
  });

  test('may be a tool that asks itself, but not without end', async () => {
    let deep = 0;
    const tool = toolThat(async ({ ask }) => { deep++; return ask({ op: 'CALL_TOOL', tool: 'weather', args: null }); });
    const { value, store } = await called(tool);
    expect(value).toMatchObject({ ok: false, code: 'INVALID_INSTRUCTION' });
    expect(deep).toBe(9);
    await assertReplays(store, { agents: [mainOf(tool)], tools: [tool] });
  });

  test('is refused if it has a secret in it that the tool was given; a reference to the secret is not', async () => {
    const net = defineTool({ name: 'net.fetch', description: '', input: unchecked<{ key: string }>(), run: ({ key }) => key.length });
    const tool = defineTool({
      name: 'weather', description: '', input: unchecked<{ key: string }>(),
      run: async ({ key }, { ask }) => [
        await tried(ask({ op: 'CALL_TOOL', tool: 'net.fetch', args: { url: `?key=${key}` } })),
        await tried(ask({ op: 'CALL_TOOL', tool: 'net.fetch', args: { key: secret('KEY') } })),
      ],
    });
    const { value, text } = await runProgram<unknown>(function* (ctx) {
      return yield* ctx.tool(tool, { key: secret('KEY') });
    }, { time, tools: [tool, net], grants: ['call:*', 'read:secret:KEY'], secrets: () => 'hunter2 & more' });
    expect(value).toEqual(['SECRET_EXPOSED', 14]);
    expect(text).not.toMatch(/hunter2/);
  });

  test('harms nobody if the tool does not look at what came of it', async () => {
    const { value } = await called(toolThat(({ ask }) => { void ask(fetching('nowhere')); return 'done'; }));
    expect(value).toEqual({ ok: true, value: 'done' });
  });
});

describe('after a crash', () => {
  const points: [string, CrashPoint][] = [
    ['before it was recorded', { before: 'TOOL_ASKED' }],
    ['within the entry that asks', { within: 'TOOL_ASKED' }],
    ['after the entry that asks', { after: 'TOOL_ASKED' }],
    ['after its intent', { after: ({ kind, data }) => kind === 'TOOL_CALLED' && (data as { call: number }).call === -1 }],
    ['after its result', { after: ({ kind, data }) => kind === 'TOOL_RESULT' && (data as { call: number }).call === -1 }],
    ['after the second call', { after: ({ kind, data }) => kind === 'TOOL_RESULT' && (data as { call: number }).call === -3 }],
  ];

  test.each(points)('%s, a tool that asks again gets what is on record, and goes on from there', async (_what, at) => {
    const net = fetchTool([{ value: 'one' }, { value: 'two' }, { value: 'three' }], { idempotent: true });
    const times = new Set<number>();
    const tool = toolThat(async ({ ask, calledAt }) => {
      times.add(calledAt);
      const first = await ask(fetching('a'));
      await ask({ op: 'WRITE', store: 'persistent', key: 'first', value: first });
      return [first, await ask(fetching('b'))];
    }, { idempotent: true });
    const main = defineAgent('main', function* (ctx) {
      const got = yield* ctx.tool(tool, null);
      const first = yield* ctx.memory.get('first');
      yield* ctx.sleep(5);
      return [got, first];
    });
    const cast = { agents: [main], tools: [tool, net] };
    const died = await crash({ at, time, ...cast }, (kernel) => kernel.spawn(main, null, { id: 'main', grants: ['call:*'] }).result());
    expect(died.isCrashed).toBe(true);
    await time.advance(1_000);
    const { kernel, store, until } = await boot({ time, log: died.log, ...cast });
    const [[first, second], kept] = await until(kernel.agent('main').result()) as [[string, string], string];
    expect(kept).toBe(first);
    expect(second).not.toBe(first);
    expect(times.size).toBe(1);
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'TOOL_ASKED').map(({ data }) => data.call)).toEqual([-1, -2, -3]);
    expect(ofKind(entries, 'TOOL_RESULT').map(({ data }) => data.call)).toEqual([-1, -3, 0]);
    await assertReplays(store, cast);
  });

  test('it hears of what it asked for at once in the order in which that ended', async () => {
    const net = fetchTool([{ value: 'slow', afterMs: 20 }, { value: 'fast', afterMs: 5 }, { value: 'last' }], { idempotent: true });
    const heard: string[][] = [];
    const tool = toolThat(async ({ ask }) => {
      const order: string[] = [];
      heard.push(order);
      const hear = async (url: string): Promise<void> => { order.push(await ask(fetching(url)) as string); };
      await Promise.all([hear('a'), hear('b')]);
      await hear(order.join());
      return order;
    }, { idempotent: true });
    const cast = { agents: [mainOf(tool)], tools: [tool, net] };
    const at: CrashPoint = { after: ({ kind, data }) => kind === 'TOOL_RESULT' && (data as { call: number }).call === -1 };
    const { log } = await crash({ at, time, ...cast }, (kernel) => kernel.spawn(cast.agents[0]!, null, { id: 'main', grants: ['call:*'] }).result());
    const { kernel, until } = await boot({ time, log, ...cast });
    expect(await until(kernel.agent('main').result())).toEqual({ ok: true, value: ['fast', 'slow', 'last'] });
    expect(heard.at(-1)).toEqual(['fast', 'slow', 'last']);
    expect(heard).toHaveLength(2);
  });

  test('in a later tick, the program finds in its memory what the tool wrote', async () => {
    const tool = toolThat(({ ask }) => ask({ op: 'WRITE', store: 'persistent', key: 'k', value: 7 }), { idempotent: true });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(tool, null);
      const found = yield* ctx.memory.get('k');
      yield* ctx.memory.set('twice', (found as number) * 2);
      yield* ctx.sleep(5);
      return yield* ctx.memory.get('twice');
    });
    const cast = { agents: [main], tools: [tool] };
    const { log } = await crash({ at: { after: 'SLEEP_STARTED' }, time, ...cast }, (kernel) => kernel.spawn(main, null, { id: 'main', grants: ['call:*'] }).result());
    const { kernel, until } = await boot({ time, log, ...cast });
    expect(await until(kernel.agent('main').result())).toBe(14);
  });

  test('a call that may not be repeated has an unknown outcome for the tool, which can go on', async () => {
    const pay = scriptedTool({ name: 'net.fetch', time, script: [{ value: 'paid', afterMs: 5 }] });
    const tool = toolThat(async ({ ask }) => tried(ask(fetching('pay'))), { idempotent: true });
    const cast = { agents: [mainOf(tool)], tools: [tool, pay] };
    const { log } = await crash({ at: points[3]![1], time, ...cast }, (kernel) => kernel.spawn(cast.agents[0]!, null, { id: 'main', grants: ['call:*'] }).result());
    const { kernel, store, until } = await boot({ time, log, ...cast });
    expect(await until(kernel.agent('main').result())).toEqual({ ok: true, value: 'TOOL_OUTCOME_UNKNOWN' });
    await until(kernel.flush());
    await assertReplays(store, cast);
  });

  test('a tool that asks for something else then is told so', async () => {
    const net = fetchTool([{ value: 'one' }, { value: 'two' }], { idempotent: true });
    let life = 0;
    const tool = toolThat(async ({ ask }) => ask(fetching(`life ${String(life)}`)), { idempotent: true });
    const cast = { agents: [mainOf(tool)], tools: [tool, net] };
    const { log } = await crash({ at: points[4]![1], time, ...cast }, (kernel) => kernel.spawn(cast.agents[0]!, null, { id: 'main', grants: ['call:*'] }).result());
    life++;
    const { kernel, until } = await boot({ time, log, ...cast });
    expect(await until(kernel.agent('main').result())).toMatchObject({ ok: false, code: 'TOOL_FAILED', message: expect.stringMatching(/asks for something else than before, as number 1/) as string });
  });
});

function mainOf(tool: ReturnType<typeof toolThat>) {
  return defineAgent('main', function* (ctx) {
    return yield* attempt(ctx.tool(tool, null));
  });
}

describe('a tool of another origin', () => {
  const forecast = (run: () => unknown = () => 'sun', origin = 'plugin-weather@1.0.0') => defineTool({ name: 'weather', description: '', origin, input: z.object({ city: z.string() }), run });
  const main = (tool: ReturnType<typeof forecast>) => defineAgent('main', function* (ctx) {
    return [yield* attempt(ctx.tool(tool, { city: 7 } as never)), yield* attempt(ctx.tool(tool, { city: 'Rome' }))];
  });

  test('is named with it in the header and in each call', async () => {
    const tool = forecast();
    const { kernel, store, until } = await boot({ time, agents: [main(tool)], tools: [tool] });
    await until(kernel.spawn(main(tool), null, { grants: ['call:*'] }).result());
    await until(kernel.flush());
    const entries = await entriesOf(store);
    expect(ofKind(entries, 'LOG_OPENED')[0]?.data.tools['weather']).toMatchObject({ origin: 'plugin-weather@1.0.0' });
    expect(ofKind(entries, 'TOOL_CALLED')[0]?.data.origin).toBe('plugin-weather@1.0.0');
  });

  test('need not be there for a replay, which says that it was missing; what its schema had refused stays refused', async () => {
    const tool = forecast();
    const agents = [main(tool)];
    const { kernel, store, until } = await boot({ time, agents, tools: [tool] });
    const result = await until(kernel.spawn(main(tool), null, { grants: ['call:*'] }).result());
    expect(result).toMatchObject([{ ok: false, code: 'TOOL_INPUT_INVALID' }, { ok: true, value: 'sun' }]);
    await until(kernel.stop());
    const { changed } = await assertReplays(store, { agents, tools: [] });
    expect(changed).toMatchObject([{ what: 'tool', name: 'weather', present: null }]);
    expect((await assertReplays(store, { agents, tools: [tool] })).changed).toEqual([]);
  });

  test('may be of yet another one in a replay, and once a kernel takes the log up: what it was is told, what it answered stays', async () => {
    const [old, young] = [forecast(), forecast(() => 'rain', 'plugin-weather@2.0.0')];
    const { kernel, store, until } = await boot({ time, agents: [main(old)], tools: [old] });
    await until(kernel.spawn(main(old), null, { grants: ['call:*'] }).result());
    await until(kernel.stop());
    const { changed } = await assertReplays(store, { agents: [main(young)], tools: [young] });
    expect(changed).toMatchObject([{ what: 'tool', name: 'weather' }]);

    const bytes = new TextDecoder().decode(store.bytes());
    const called = ofKind(await entriesOf(store), 'TOOL_CALLED')[0]!.busSeq;
    const cut = new MemoryLogStore({ bytes: time.ports.codec.utf8(`${bytes.split('\n').slice(0, called + 1).join('\n')}\n`), codec: time.ports.codec });
    const again = await boot({ time: new VirtualTime(), log: cut, agents: [main(young)], tools: [young] });
    expect(await again.until(again.kernel.agent('main-1').result())).toMatchObject([{ ok: false }, { ok: false, code: 'TOOL_OUTCOME_UNKNOWN' }]);
  });
});
