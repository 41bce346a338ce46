import { defineAgent, defineTool, replay, unchecked, type Entry, type Extension, type Observer } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { describe, expect, it } from 'vitest';
import { boot, entriesOf } from '../support/index.js';

const grants = ['call:*', 'delegate:*'];

/** A parent, its child, and a tool for each. */
function family(time: VirtualTime) {
  const work = defineTool({ name: 'work', description: '', input: unchecked<{ ms: number }>(), run: ({ ms }) => time.sleep(ms).then(() => ms) });
  const child = defineAgent('child', function* (ctx) {
    return yield* ctx.tool(work, { ms: 10 });
  });
  const parent = defineAgent('parent', function* (ctx) {
    const before = yield* ctx.tool(work, { ms: 5 });
    return before + (yield* ctx.delegate(child, undefined, { grants: ['call:work'] }));
  });
  return { agents: [parent, child], tools: [work], parent };
}

describe('an observer', () => {
  it('sees each agent, its ticks and its tool calls, and each of them begins and ends inside its agent', async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    const around = async (name: string, next: () => Promise<void>): Promise<void> => {
      seen.push(`> ${name}`);
      await next();
      seen.push(`< ${name}`);
    };
    const observer: Observer = {
      aroundAgentLoop: ({ agent, parent }, next) => around(`${agent} of ${String(parent)}`, next),
      aroundTick: (info, next) => {
        seen.push(`> tick ${info.agent}/${String(info.tick)}`);
        next();
        seen.push(`< tick ${info.agent}/${String(info.tick)} ${String(info.outcome)}`);
      },
      aroundToolCall: ({ agent, tool, attempt }, next) => around(`${tool} of ${agent}, attempt ${String(attempt)}`, next),
    };
    const { parent, ...config } = family(time);
    const { kernel, until } = await boot({ ...config, time, extensions: [{ name: 'watch', observer }] });
    expect(await until(kernel.spawn(parent, undefined, { grants }).result())).toBe(15);
    await time.settle();

    // Every beginning has its end.
    const opened = seen.filter((line) => line.startsWith('> ')).map((line) => line.slice(2));
    expect(opened).toHaveLength(2 + 3 + 2 + 2);
    for (const name of opened) expect(seen.findIndex((line) => line.startsWith(`< ${name}`))).toBeGreaterThan(seen.indexOf(`> ${name}`));
    // Ticks are synchronous: nothing comes between the beginning and the end of one but the birth of a child.
    for (const [index, line] of seen.entries()) {
      if (line.startsWith('> tick') && !seen[index + 1]!.startsWith('< tick')) expect(seen[index + 1]).toBe('> child-1 of parent-1');
    }
    // What belongs to an agent lies inside its loop.
    for (const [agent, of] of [['parent-1', 'null'], ['child-1', 'parent-1']] as const) {
      const from = seen.indexOf(`> ${agent} of ${of}`);
      const to = seen.indexOf(`< ${agent} of ${of}`);
      for (const [index, line] of seen.entries()) {
        if (line.includes(`tick ${agent}/`) || line.includes(`work of ${agent}`)) expect(index > from && index < to, line).toBe(true);
      }
    }
  });

  it('sees every attempt of a call', async () => {
    const time = new VirtualTime();
    const seen: string[] = [];
    const flaky = defineTool({ name: 'flaky', description: '', input: unchecked<object>(), timeoutMs: 10, idempotent: true, run: (_args, { attempt }) => (attempt === 1 ? new Promise(() => {}) : 'done') });
    const main = defineAgent('main', function* (ctx) {
      return yield* ctx.tool(flaky, {});
    });
    const observer: Observer = { aroundToolCall: async ({ attempt, intentSeq }, next) => {
      await next();
      seen.push(`${String(intentSeq)}/${String(attempt)}`);
    } };
    const { kernel, until } = await boot({ time, agents: [main], tools: [flaky], extensions: [{ name: 'watch', observer }] });
    expect(await until(kernel.spawn(main, undefined, { grants }).result())).toBe('done');
    await time.settle();
    expect(seen).toEqual(['3/1', '3/2']);
  });

  it('is told of the end of a call whose agent was ended, and of an agent that the kernel cut short', async () => {
    const time = new VirtualTime();
    const ended: string[] = [];
    const hang = defineTool({ name: 'hang', description: '', input: unchecked<object>(), run: () => new Promise(() => {}) });
    const main = defineAgent('main', function* (ctx) {
      yield* ctx.tool(hang, {});
    });
    const observer: Observer = {
      aroundAgentLoop: async ({ agent }, next) => {
        await next();
        ended.push(agent);
      },
      aroundToolCall: async ({ agent, tool }, next) => {
        await next();
        ended.push(`${tool} of ${agent}`);
      },
    };
    const { kernel, until } = await boot({ time, agents: [main], tools: [hang], extensions: [{ name: 'watch', observer }] });
    kernel.spawn(main, undefined, { grants });
    kernel.spawn(main, undefined, { grants });
    await time.settle();
    kernel.revoke('main-1', 'enough');
    await time.settle();
    expect([...ended].sort()).toEqual(['hang of main-1', 'main-1']);
    await until(kernel.stop());
    await time.settle();
    expect([...ended].sort()).toEqual(['hang of main-1', 'hang of main-2', 'main-1', 'main-2']);
  });
});

describe('a projection of an extension', () => {
  const recorder = () => {
    const folded: Entry[] = [];
    const extension: Extension = { name: 'recorder', version: '3', projection: { apply: (entry) => { folded.push(entry); } } };
    return { folded, extension };
  };

  it('folds every entry once and in order, and again from the beginning when the log is opened again', async () => {
    const time = new VirtualTime();
    const { parent, ...config } = family(time);
    const first = recorder();
    const one = await boot({ ...config, time, extensions: [first.extension] });
    await one.until(one.kernel.spawn(parent, undefined, { grants }).result());
    await one.until(one.kernel.stop());
    expect(first.folded.map(({ busSeq }) => busSeq)).toEqual(first.folded.map((_, index) => index));

    const second = recorder();
    const two = await boot({ ...config, time, log: one.store, extensions: [second.extension] });
    expect(JSON.parse(JSON.stringify(second.folded.slice(0, first.folded.length)))).toEqual(JSON.parse(JSON.stringify(first.folded)));
    expect(second.folded.slice(first.folded.length).map(({ kind }) => kind)).toEqual(['KERNEL_STARTED']);
    await two.until(two.kernel.spawn(parent, undefined, { grants }).result());
    await two.until(two.kernel.stop());
    expect(JSON.parse(JSON.stringify(second.folded))).toEqual(await entriesOf(one.store));
  });

  it('sees an entry before the subscribers do, and neither can change it', async () => {
    const order: string[] = [];
    const time = new VirtualTime();
    const { parent, ...config } = family(time);
    const deface = (entry: Entry): void => {
      for (const change of [() => { (entry as { kind: string }).kind = 'X'; }, () => { (entry.data as Record<string, unknown>)['result'] = { ok: true, value: 1_000 }; }]) {
        try {
          change();
        } catch { /* frozen */ }
      }
    };
    const { kernel, until, store } = await boot({
      ...config, time,
      extensions: [{ name: 'vandal', projection: { apply: (entry) => {
        order.push(`projection ${String(entry.busSeq)}`);
        deface(entry);
      } } }],
    });
    kernel.subscribe((entry) => {
      order.push(`subscriber ${String(entry.busSeq)}`);
      deface(entry);
    });
    expect(await until(kernel.spawn(parent, undefined, { grants }).result())).toBe(15);
    await until(kernel.flush());
    const count = (await entriesOf(store)).length;
    expect(order.slice(1)).toEqual(Array.from({ length: count - 1 }, (_, index) => [`projection ${String(index + 1)}`, `subscriber ${String(index + 1)}`]).flat());
  });
});

describe('an extension', () => {
  it('stands in the header of the log, with its version', async () => {
    const { store, until, kernel } = await boot({ extensions: [{ name: 'quota', version: '2.1.0' }, { name: 'otel' }] });
    await until(kernel.flush());
    expect((await entriesOf(store))[0]).toMatchObject({ kind: 'LOG_OPENED', data: { extensions: { quota: '2.1.0', otel: '0' } } });
  });

  it('that is a spectator does not, and the log is taken up and replayed with and without it', async () => {
    const seen: number[] = [];
    const fold = { apply: ({ busSeq }: { readonly busSeq: number }) => { seen.push(busSeq); }, save: () => seen.length, load: () => undefined };
    const spectator = { name: 'camera', version: '1', isSpectator: true as const, projection: fold };
    const first = await boot({ extensions: [spectator] });
    await first.until(first.kernel.stop());
    const second = await boot({ log: first.store, time: first.time });
    await second.until(second.kernel.stop());
    const third = await boot({ log: first.store, time: first.time, extensions: [spectator] });
    await third.until(third.kernel.stop());
    const entries = await entriesOf(first.store);
    expect(entries.map(({ kind, data }) => [kind, (data as { readonly extensions?: object }).extensions])).toEqual([['LOG_OPENED', {}], ['KERNEL_STARTED', {}], ['KERNEL_STARTED', {}]]);
    expect([...first.problems, ...second.problems, ...third.problems]).toEqual([]);
    expect((await replay(first.store, {})).changed).toEqual([]);
  });

  it('that calls itself a spectator and decides all the same is named', async () => {
    const { store, until, kernel } = await boot({ extensions: [{ name: 'judge', isSpectator: true, guard: { review: () => undefined } }] });
    await until(kernel.stop());
    expect((await entriesOf(store))[0]).toMatchObject({ data: { extensions: { judge: '0' } } });
  });
});
