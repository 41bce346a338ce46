import { OmniError, type Json } from '@omnipaw/kernel';
import type { IsolateJob } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { codeOf, jobOf, openPool, SHORT, valueOf } from './support.js';

describe('a handler', () => {
  test('gets its arguments and gives a result', async () => {
    const pool = openPool();
    const job = jobOf('async ({ a, b }) => ({ sum: a + b, list: [1, "ä\\u0000😀", null, true] })', { args: { a: 1, b: 2 } });
    expect(await valueOf(pool.run(job))).toEqual({ sum: 3, list: [1, 'ä\0😀', null, true] });
  });

  test('is the default export of a module, or has a method "run"', async () => {
    const pool = openPool();
    for (const code of ['({ default: () => 1 })', '({ run() { return this.one }, one: 1 })', '({ default: { run: async () => 1 } })', '(() => 1)']) {
      expect(await valueOf(pool.run(jobOf('', { code }))), code).toBe(1);
    }
  });

  test('that is none is told so', async () => {
    const outcome = openPool().run(jobOf('', { code: '({ default: 5 })' }));
    await expect(valueOf(outcome)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/default export is no handler but number/) });
  });

  test('that returns nothing gives null, and leaves out what is undefined', async () => {
    const pool = openPool();
    expect(await valueOf(pool.run(jobOf('async () => {}')))).toBeNull();
    expect(await valueOf(pool.run(jobOf('async () => ({ a: undefined, b: 1 })')))).toEqual({ b: 1 });
  });

  test.each([
    ['NaN', /NaN, which is not JSON/],
    ['({ deep: { bad: -Infinity } })', /"bad" is -Infinity/],
    ['({ f() {} })', /"f" is a function/],
    ['[Symbol("x")]', /is a symbol/],
    ['10n', /bigint/],
    ['(() => { const a = {}; a.a = a; return a; })()', /circular/],
    ['"\\ud800"', /lone surrogate/],
    ['({ get a() { throw new Error("no") } })', /no/],
  ])('whose result is %s has none', async (result, message) => {
    const outcome = openPool().run(jobOf(`async () => (${result})`));
    await expect(valueOf(outcome)).rejects.toMatchObject({ code: 'PLUGIN_RESULT_INVALID', message: expect.stringMatching(message) });
  });

  test('that throws fails with what it threw and where', async () => {
    const job = jobOf('async () => { const inner = () => { throw new TypeError("no such city"); }; inner(); }');
    await expect(valueOf(openPool().run(job))).rejects.toMatchObject({
      ...{ code: 'PLUGIN_FAILED', failureClass: 'PERMANENT', message: 'The handler threw TypeError: no such city (at inner (plugin.js:1:48)).' },
      details: { name: 'TypeError', stack: ['inner (plugin.js:1:48)', 'plugin.js:1:77'] },
    });
  });

  test.each([
    ['"a word"', /threw a word/],
    ['null', /threw null/],
    ['undefined', /threw undefined/],
    ['({ get message() { throw 1 }, toString() { throw 2 } })', /threw something without a message/],
    ['new Proxy({}, { get() { throw 3 } })', /threw something without a message/],
    ['Object.assign(new Error("x\\ud800".repeat(1e5)), { name: 7 })', /threw x\ufffd/],
  ])('may throw %s', async (thrown, message) => {
    await expect(valueOf(openPool().run(jobOf(`async () => { throw ${thrown}; }`)))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(message) });
  });

  test('that throws after it has exchanged what writes JSON fails with what it threw', async () => {
    for (const exchanged of ['() => { throw 1; }', '() => 7', 'undefined']) {
      const outcome = await openPool().run(jobOf(`async () => { JSON.stringify = ${exchanged}; throw new Error("the real one"); }`));
      expect(outcome).toMatchObject({ ok: false, error: { code: 'PLUGIN_FAILED', message: expect.stringContaining('the real one') as unknown } });
    }
  });

  test('whose code cannot be compiled, every time, or fails before there is a handler, fails', async () => {
    const pool = openPool({ workers: 1 });
    await expect(valueOf(pool.run(jobOf('', { code: '(' })))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/SyntaxError/) });
    await expect(valueOf(pool.run(jobOf('', { code: '(' })))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/SyntaxError/) });
    const early = jobOf('', { code: '(() => { throw new Error("too early") })()' });
    await expect(valueOf(pool.run(early))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/too early \(at plugin.js:1:/) });
  });

  test('that waits for nobody fails at once', async () => {
    const outcome = openPool().run(jobOf('async () => { await new Promise(() => {}); }'));
    await expect(valueOf(outcome)).rejects.toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/never comes/) });
  });
});

describe('calls', () => {
  test('go out as a name and JSON, and come back as JSON', async () => {
    const seen: [string, Json][] = [];
    const call = (name: string, args: Json): Promise<Json> => {
      seen.push([name, args]);
      return Promise.resolve({ echo: args });
    };
    const job = jobOf('async (args, ctx) => [await ctx.call("memory.get", { key: "k" }), await ctx.call("bare")]', { call });
    expect(await valueOf(openPool().run(job))).toEqual([{ echo: { key: 'k' } }, { echo: null }]);
    expect(seen).toEqual([['memory.get', { key: 'k' }], ['bare', null]]);
  });

  test('that fail and that nobody catches are told by their code, once, with the place where they were made', async () => {
    const denied: IsolateJob['call'] = () => Promise.reject(new OmniError('PERMISSION_DENIED', 'Agent "a" may not.'));
    const inner = 'async (args, ctx) => { const ask = () => ctx.call("tool"); await ask(); }';
    const said = { code: 'PLUGIN_FAILED', message: expect.stringMatching(/^The handler threw PERMISSION_DENIED: Agent "a" may not \(at ask \(plugin\.js:1:\d+\)\)\.$/) as unknown };
    const error = await valueOf(openPool().run(jobOf(inner, { call: denied }))).catch((thrown: unknown) => thrown as OmniError);
    expect(error).toMatchObject(said);
    // And so is one that comes by way of another handler.
    await expect(valueOf(openPool().run(jobOf(inner, { call: () => Promise.reject(error as OmniError) })))).rejects.toMatchObject(said);
  });

  test('that fail tell the guest a code and a message, and nothing more', async () => {
    const call = (name: string): Promise<Json> => Promise.reject(name === 'ours' ? new OmniError('PERMISSION_DENIED', 'not granted', { details: { secret: 1 } }) : new Error(`at ${import.meta.url}`));
    const handler = `async (args, ctx) => {
      const told = [];
      for (const name of ['ours', 'other']) await ctx.call(name).catch((error) => told.push(Object.getOwnPropertyNames(error).sort(), error.code, error.message, error.stack.includes('/')));
      return told;
    }`;
    const names = ['code', 'message'];
    expect(await valueOf(openPool().run(jobOf(handler, { call })))).toEqual([
      ...[names, 'PERMISSION_DENIED', 'not granted', false],
      ...[names, 'PLUGIN_CALL_FAILED', 'The host could not make the call.', false],
    ]);
  });

  test('that fail and are not caught fail the handler, with the code', async () => {
    const job = jobOf('async (args, ctx) => ctx.call("x")', { call: () => Promise.reject(new OmniError('PERMISSION_DENIED', 'not granted')) });
    await expect(valueOf(openPool().run(job))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', details: { code: 'PERMISSION_DENIED' } });
  });

  test('that fail by a mistake of the host are told to the operator', async () => {
    const mistake = new Error('a bug');
    const job = jobOf('async (args, ctx) => ctx.call("x")', { call: () => Promise.reject(mistake) });
    await expect(valueOf(openPool().run(job))).rejects.toMatchObject({ code: 'PLUGIN_FAILED', cause: mistake });
  });

  test('are under way at once', async () => {
    const job = jobOf('async (args, ctx) => Promise.all([1, 2, 3].map((n) => ctx.call("double", n)))', { call: (_name, n) => Promise.resolve(Number(n) * 2) });
    expect(await valueOf(openPool().run(job))).toEqual([2, 4, 6]);
  });

  test('have a name that is a string, and arguments that are JSON', async () => {
    const handler = `async (args, ctx) => {
      const errors = [];
      for (const name of [1, null, undefined, Symbol('s'), ['tool'], new String('tool'), { toString: () => 'tool' }]) await ctx.call(name).catch((error) => errors.push(error.name));
      for (const bad of [NaN, () => 1, 1n]) await ctx.call('tool', bad).catch((error) => errors.push(error.name));
      await ctx.call('tool', '\\ud800').catch((error) => errors.push(error.code));
      return errors;
    }`;
    const never = (): Promise<Json> => Promise.reject(new Error('was called'));
    expect(await valueOf(openPool().run(jobOf(handler, { call: never })))).toEqual([...Array.from({ length: 10 }, () => 'TypeError'), 'SERIALIZATION_ERROR']);
  });

  test('carry no "__proto__", however it is spelled', async () => {
    const seen: Json[] = [];
    const call = (_name: string, args: Json): Promise<Json> => Promise.resolve(seen.push(args));
    const handler = `async (args, ctx) => {
      const evil = JSON.parse('{"__proto__":{"polluted":1},"a":[{"__pro\\\\u0074o__":{"polluted":1},"b":1}],"constructor":2}');
      await ctx.call('x', evil);
      return evil;
    }`;
    const plain = '{"a":[{"b":1}],"constructor":2}';
    expect(JSON.stringify(await valueOf(openPool().run(jobOf(handler, { call }))))).toBe(plain);
    expect(JSON.stringify(seen)).toBe(`[${plain}]`);
  });

  test('whose result is too large fail, and the handler may go on', async () => {
    const job = jobOf('async (args, ctx) => ctx.call("x").catch((error) => error.code)', { call: () => Promise.resolve('x'.repeat(100)), limits: { callBytes: 100 } });
    expect(await valueOf(openPool().run(job))).toBe('VALUE_TOO_LARGE');
  });

  test('have sugar', async () => {
    const seen: Json[] = [];
    const call = (name: string, args: Json): Promise<Json> => Promise.resolve(seen.push([name, args]));
    const handler = `async (args, { tool, fetch, fs, shell, memory, shared }) => {
      await tool('weather.now', { city: 'x' });
      await fetch(new URL('https://a.example/b'), { method: 'GET' });
      await fs.readFile('a.txt');
      await fs.writeFile('a.txt', 'text');
      await fs.list();
      await shell('ls');
      await memory.get('k');
      await memory.set('k', 1);
      await memory.delete('k');
      await shared('team').get('k');
      await shared('team').set('k', 2);
    }`;
    await valueOf(openPool().run(jobOf(handler, { call })));
    expect(seen).toEqual([
      ['tool', { name: 'weather.now', args: { city: 'x' } }],
      ['tool', { name: 'host.net.fetch', args: { method: 'GET', url: 'https://a.example/b' } }],
      ['tool', { name: 'host.fs.read_file', args: { path: 'a.txt' } }],
      ['tool', { name: 'host.fs.write_file', args: { path: 'a.txt', content: 'text' } }],
      ['tool', { name: 'host.fs.list_dir', args: { path: '.' } }],
      ['tool', { name: 'host.system.bash', args: { command: 'ls' } }],
      ['memory.get', { key: 'k' }],
      ['memory.set', { key: 'k', value: 1 }],
      ['memory.delete', { key: 'k' }],
      ['shared.get', { namespace: 'team', key: 'k' }],
      ['shared.set', { namespace: 'team', key: 'k', value: 2 }],
    ]);
  });
});

describe('limits', () => {
  const cases: readonly (readonly [limit: string, handler: string, limits?: object])[] = [
    ['fuel', 'async () => { while (true) { } }'],
    ['fuel', 'async () => { for (;;) await null; }'],
    ['fuel', 'async () => { for (;;) { try { for (;;) { } } catch { } finally { for (;;) { } } } }'],
    ['fuel', 'async () => { const twice = () => { Promise.resolve().then(twice); Promise.resolve().then(twice); for (let i = 0; i < 1e4; i++); }; twice(); await new Promise(() => { }); }', { memoryBytes: 16_000_000 }],
    ['fuel', 'async () => { const again = () => setTimeout(again, 1); again(); await new Promise(() => { }); }'],
    ['fuel', 'async () => /^(a+)+$/.test("a".repeat(40) + "!")'],
    ['cpuMs', 'async () => { while (true) { } }', { fuel: 1e9, cpuMs: 200 }],
    ['cpuMs', 'async () => (3n ** 600_000n).toString().length', { cpuMs: 300 }],
    ['stuckMs', 'async () => { for (let n = 0; n < 2_000; n++) (3n ** 600_000n).toString(); }', { cpuMs: 600_000, fuel: 1e9 }],
    ['fuel', 'async () => { for (;;) new URL("https://a.example/"); }'],
    ['fuel', 'async () => { const long = "https://a.example/?" + "b".repeat(60_000); for (let n = 0; n < 800; n++) new URL(long); }'],
    ['memoryBytes', 'async () => { const all = []; for (;;) all.push({ x: new Array(1000).fill(1.1) }); }'],
    ['memoryBytes', 'async () => { const all = []; for (;;) all.push(new Uint8Array(1e6)); }'],
    ['memoryBytes', 'async () => { let s = "x"; for (;;) { s += s; s.charCodeAt(1); } }'],
    ['stackBytes', 'async () => { const deeper = () => deeper() + 1; deeper(); }'],
    ['resultBytes', 'async () => "x".repeat(1000)', { resultBytes: 1001 }],
    ['resultBytes', 'async () => "€".repeat(400)', { resultBytes: 1001 }],
    ['resultDepth', 'async () => [[[[]]]]', { resultDepth: 3 }],
    ['maxCalls', 'async (args, ctx) => { for (;;) await ctx.call("x"); }', { maxCalls: 5 }],
    ['maxPendingCalls', 'async (args, ctx) => { for (;;) ctx.call("x"); }', { maxPendingCalls: 5 }],
    ['callBytes', 'async (args, ctx) => ctx.call("x", "y".repeat(1000))', { callBytes: 1000 }],
    ['callBytes', 'async (args, ctx) => ctx.call("x".repeat(1000))'],
  ];

  test.each(cases.map(([limit, handler, limits = {}]) => ({ limit, handler, limits })))('$limit stops $handler', async ({ limit, handler, limits }) => {
    const pool = openPool({ workers: 1 });
    const outcome = pool.run(jobOf(handler, { limits: { ...SHORT, ...limits } }));
    await expect(valueOf(outcome)).rejects.toMatchObject({ code: 'PLUGIN_LIMIT_EXCEEDED', details: { limit } });
    expect(await valueOf(pool.run(jobOf('() => 1')))).toBe(1);
  });

  test('are what they say: just below, all is well', async () => {
    const pool = openPool();
    expect(await codeOf(pool.run(jobOf('() => "x".repeat(999)', { limits: { resultBytes: 1001 } })))).toMatch(/^ok/);
    expect(await codeOf(pool.run(jobOf('() => [[[]]]', { limits: { resultDepth: 3 } })))).toMatch(/^ok/);
    expect(await codeOf(pool.run(jobOf('async (a, ctx) => { for (let i = 0; i < 5; i++) await ctx.call("x"); }', { limits: { maxCalls: 5, maxPendingCalls: 1 } })))).toMatch(/^ok/);
    expect(await codeOf(pool.run(jobOf('async (a, ctx) => ctx.call("x", "y".repeat(998))', { limits: { callBytes: 1001 } })))).toMatch(/^ok/);
  });

  test('that the guest catches are still limits of what it can do', async () => {
    const handler = `async () => {
      const errors = [];
      const keep = [];
      try { for (;;) keep.push(new Uint8Array(1e6)); } catch (error) { errors.push(error.message); }
      keep.length = 0;
      const deeper = () => deeper() + 1;
      try { deeper(); } catch (error) { errors.push(error.message); }
      return errors;
    }`;
    expect(await valueOf(openPool().run(jobOf(handler)))).toEqual(['out of memory', 'Maximum call stack size exceeded']);
  });

  test('burn the same fuel every time', async () => {
    const used = async (): Promise<unknown> => {
      const outcome = await openPool().run(jobOf('async () => { for (;;) { JSON.parse("[1,2,3]"); await null; } }', { limits: { fuel: 50 } }));
      return outcome.ok ? undefined : outcome.error.details;
    };
    expect(await used()).toEqual(await used());
  });
});

describe('what a handler sees', () => {
  test('is the same for the same job: clock, chance, ids', async () => {
    const handler = `() => ({ now: Date.now(), later: (() => { for (let i = 0; i < 1e5; i++); return Date.now(); })(), zone: new Date(0).getTimezoneOffset(), text: new Date().toString(), random: [Math.random(), Math.random()], id: crypto.randomUUID(), bytes: [...crypto.getRandomValues(new Uint8Array(4))] })`;
    const first = await valueOf(openPool().run(jobOf(handler)));
    expect(await valueOf(openPool().run(jobOf(handler)))).toEqual(first);
    expect(first).toMatchObject({ now: 1_700_000_000_000, later: 1_700_000_000_000, zone: 0, text: 'Tue Nov 14 2023 22:13:20 GMT+0000' });
    const other = (await valueOf(openPool().run(jobOf(handler, { seed: 'another', now: 5 })))) as { random: Json; now: Json };
    expect(other.random).not.toEqual((first as typeof other).random);
    expect(other.now).toBe(5);
  });

  test('is nothing of an earlier call', async () => {
    const pool = openPool({ workers: 1 });
    const handler = '() => { const seen = globalThis.left ?? Math.left ?? [].left ?? "nothing"; globalThis.left = Math.left = Object.prototype.left = "left"; return seen; }';
    for (let run = 0; run < 5; run++) expect(await valueOf(pool.run(jobOf(handler)))).toBe('nothing');
  });

  test.each([
    ['returned', '"well"'],
    ['thrown', '(() => { throw new Error("no"); })()'],
    ['looped for ever', '(() => { for (;;); })()'],
    ['taken a lot of memory', 'new Array(2e6).fill("x").join("y").length'],
    ['gone too deep', '(function deeper() { return deeper() + 1; })()'],
    ['waited for nobody', 'new Promise(() => undefined)'],
    ['been given up', 'ctx.call("never")'],
  ])('is the same after a call that has %s in the same engine', async (_how, end) => {
    const pool = openPool({ workers: 1 });
    const probe = `async () => {
      const key = Symbol.for("left");
      const seen = [globalThis[key] ?? null, typeof Array.prototype.evil, JSON.stringify([1]), RegExp.$1 ?? null, Object.getOwnPropertyNames(globalThis).length];
      return [...seen, Math.random(), new Error("x").stack, await new Promise((resolve) => setTimeout(resolve, 1, "timer"))];
    }`;
    const before = await valueOf(pool.run(jobOf(probe)));
    const spoil = `async (args, ctx) => {
      globalThis[Symbol.for("left")] = "left";
      Array.prototype.evil = () => "evil";
      JSON.stringify = () => "evil";
      Object.defineProperty(Object.prototype, "then", { get() { return undefined; }, configurable: true });
      /(evil)/.exec("evil");
      setTimeout(() => { globalThis.late = true; }, 5);
      Promise.resolve().then(() => { Math.random = () => 4; });
      return ${end};
    }`;
    for (let n = 0; n < 3; n++) {
      const abort = new AbortController();
      const spoiled = pool.run(jobOf(spoil, { limits: SHORT, signal: abort.signal, call: () => { abort.abort(); return new Promise(() => undefined); } }));
      await spoiled;
      expect(await valueOf(pool.run(jobOf(probe)))).toEqual(before);
    }
  });

  test('are the globals of the language and a few more', async () => {
    const names = (await valueOf(openPool().run(jobOf('() => Object.getOwnPropertyNames(globalThis).sort()')))) as string[];
    const language = ['SharedArrayBuffer', 'Atomics', 'WeakRef', 'FinalizationRegistry', 'performance', 'process', 'require', 'fetch', 'send', 'guest', 'InternalError', 'print', 'gc', 'std', 'os', 'WebAssembly'];
    expect(names.filter((name) => language.includes(name))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(['URL', 'URLSearchParams', 'TextEncoder', 'TextDecoder', 'structuredClone', 'console', 'setTimeout', 'clearTimeout', 'crypto', 'queueMicrotask', 'atob', 'btoa']));
  });

  test('are timers in their order, without time', async () => {
    const handler = `async (args, ctx) => {
      const order = [];
      setTimeout((word) => order.push(word), 1000, 'late');
      setTimeout(() => order.push('soon'), 1);
      clearTimeout(setTimeout(() => order.push('never'), 2));
      order.push(await Promise.race([ctx.call('quick'), new Promise((resolve) => setTimeout(resolve, 0, 'time-out'))]));
      await new Promise((resolve) => setTimeout(resolve, 2000));
      return order;
    }`;
    expect(await valueOf(openPool().run(jobOf(handler)))).toEqual(['quick', 'soon', 'late']);
  });

  test('is its log, a line at a time and not without end', async () => {
    const lines: string[] = [];
    const handler = 'async (args, ctx) => { console.log("a", 1, { b: [2] }, new Error("c"), undefined); ctx.log("d"); for (let i = 0; i < 1e3; i++) console.error("x".repeat(1e4)); }';
    await valueOf(openPool().run(jobOf(handler, { log: (text) => { lines.push(text); } })));
    expect(lines.slice(0, 2)).toEqual(['a 1 {"b":[2]} Error: c undefined', 'd']);
    expect(lines.at(-1)).toBe('(More was logged than is kept.)');
    expect(lines.join('\n').length).toBeLessThan(280_000);
  });
});

describe('a pool', () => {
  test('refuses jobs that are none', async () => {
    const pool = openPool();
    const job = jobOf('() => 1');
    await expect(pool.run({ ...job, code: 'other' })).rejects.toThrow(TypeError);
    await expect(pool.run({ ...job, now: NaN })).rejects.toThrow(/"now"/);
    await expect(pool.run(jobOf('() => 1', { limits: { fuel: 1.5 } }))).rejects.toThrow(/"fuel"/);
    await expect(pool.run(jobOf('() => 1', { limits: { memoryBytes: 2 ** 40 } }))).rejects.toThrow(/"memoryBytes" is from/);
    await expect(pool.run(jobOf('() => 1', { limits: { stackBytes: 2 ** 24 } }))).rejects.toThrow(/"stackBytes" is from/);
    expect(() => openPool({ workers: 0 })).toThrow(TypeError);
  });

  test('aborts a call that runs, one that waits, and one that never began', async () => {
    const pool = openPool({ workers: 1 });
    for (const handler of ['async () => { for (;;) { } }', 'async (args, ctx) => ctx.call("never")']) {
      const controller = new AbortController();
      const call = (): Promise<Json> => {
        controller.abort();
        return new Promise(() => {});
      };
      const log = (): void => { controller.abort(); };
      const outcome = pool.run(jobOf(handler.replace('{ for', '{ console.log("here"); for'), { signal: controller.signal, call, log, limits: { fuel: 1e9, cpuMs: 60_000 } }));
      expect(await codeOf(outcome)).toBe('PLUGIN_ABORTED');
    }
    expect(await codeOf(pool.run(jobOf('() => 1', { signal: AbortSignal.abort() })))).toBe('PLUGIN_ABORTED');
    expect(await valueOf(pool.run(jobOf('() => 1')))).toBe(1);
  });

  test('that is closed aborts what is under way and takes nothing more', async () => {
    const pool = openPool();
    const waiting = pool.run(jobOf('async (args, ctx) => ctx.call("never")', { call: () => { setImmediate(() => void pool.close()); return new Promise(() => {}); } }));
    expect(await codeOf(waiting)).toBe('PLUGIN_ABORTED');
    expect(await codeOf(pool.run(jobOf('() => 1')))).toBe('PLUGIN_ABORTED');
  });

  test('serves more calls than it has room for', async () => {
    const pool = openPool({ workers: 1 });
    const outcomes = Array.from({ length: 60 }, (_, n) => pool.run(jobOf('async (n, ctx) => n + await ctx.call("x", n)', { args: n, call: (_name, args) => Promise.resolve(Number(args)) })));
    expect(await Promise.all(outcomes.map(valueOf))).toEqual(Array.from({ length: 60 }, (_, n) => 2 * n));
  });
});
