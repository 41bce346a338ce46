import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire, SourceMap, type SourceMapping, type SourceMapPayload } from 'node:module';
import { transformSync } from 'esbuild';
import { QuickJS } from 'quickjs-wasi';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { CheckedCodes } from '../../src/isolate/checked-codes.js';
import { engineModule } from '../../src/isolate/engine-module.js';
import { CompiledCodes } from '../../src/isolate/compiled-codes.js';
import { compile, Engine, NoScript } from '../../src/isolate/engine.js';
import { clean } from '../../src/isolate/failure.js';
import { readGuestJson } from '../../src/isolate/guest-json.js';
import { parseGuestMessage } from '../../src/isolate/guest-message.js';
import { GuestVm } from '../../src/isolate/guest-vm.js';
import { preludeScript } from '../../src/isolate/guest/prelude.js';
import { Heartbeat } from '../../src/isolate/heartbeat.js';
import { capMemory, PAGE_BYTES } from '../../src/isolate/memory-cap.js';
import { Patience } from '../../src/isolate/patience.js';
import { isHostMessage, isWorkerMessage, type WorkerMessage } from '../../src/isolate/protocol.js';
import { sourcePlaces } from '../../src/isolate/source-places.js';
import { mapStack } from '../../src/isolate/stack.js';
import { answerUrl } from '../../src/isolate/url-answers.js';
import { programFile } from '../../src/programs.js';
import { compileWasm } from '../../src/isolate/webassembly.js';
import { DEFAULT_LIMITS } from '@omnipaw/plugins';

describe('the hard maximum of memory', () => {
  const engine = readFileSync(createRequire(import.meta.url).resolve('quickjs-wasi/quickjs.wasm'));

  test('holds when the engine counts nothing', async () => {
    const maxBytes = 8 * 1024 * 1024;
    const vm = await QuickJS.create({ wasm: (await compileWasm(capMemory(engine, maxBytes))) as never });
    expect(() => vm.evalCode('const all = []; for (;;) all.push(new Uint8Array(100_000).fill(1));')).toThrow(/memory/);
    expect(vm._getMemory().buffer.byteLength).toBeLessThanOrEqual(maxBytes);
    vm.dispose();
  });

  test('changes nothing but the limit', () => {
    // A header, and a memory that begins with 2 pages: without a maximum, and with one of 300.
    const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
    const after = [0, 2, 1, 0x61];
    for (const memory of [[5, 3, 1, 0, 2], [5, 5, 1, 1, 2, 0xac, 2]]) {
      expect([...capMemory(Uint8Array.from([...header, ...memory, ...after]), 200 * PAGE_BYTES - 1)]).toEqual([...header, 5, 5, 1, 1, 2, 200, 1, ...after]);
    }
  });

  test('is not put on what has no such memory', () => {
    expect(() => capMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 1)).toThrow(/no memory of its own/);
    expect(() => capMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 0, 9), 1)).toThrow(/begins with 9 pages/);
    expect(() => capMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 0x80), 1)).toThrow(TypeError);
    expect(() => capMemory(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1), 1e9)).toThrow(/one plain memory/);
  });
});

describe('what crosses', () => {
  const start = { kind: 'start', slot: 1, codeDigest: 'd', code: 'c', fileName: 'f', args: 'null', now: 0, seed: [1, 2, 3, 4], limits: DEFAULT_LIMITS };

  test('to a worker has a form', () => {
    for (const message of [start, { ...start, code: undefined }, { kind: 'settle', slot: 1, call: 0, isOk: true, text: '1' }, { kind: 'dispose', slot: 1 }, { kind: 'forget', codeDigest: 'd' }]) {
      expect(isHostMessage(message), JSON.stringify(message)).toBe(true);
    }
    const wrong = [null, 1, 'start', [], {}, { kind: '__proto__' }, { kind: 'toString' }, { kind: 'dispose' }, { kind: 'dispose', slot: -1 }, { kind: 'dispose', slot: 1, more: 1 }, { ...start, seed: [1] }, { ...start, limits: {} }, { ...start, now: NaN }];
    for (const message of wrong) expect(isHostMessage(message), JSON.stringify(message)).toBe(false);
  });

  test('from a worker has a form', () => {
    const failed = { kind: 'failed', slot: 1 };
    const right = [
      ...[{ kind: 'call', slot: 1, call: 0, name: 'n', args: '{}' }, { kind: 'log', slot: 1, text: '' }, { kind: 'rest', slot: 1, settled: 0, ranMs: 0 }, { kind: 'done', slot: 1, result: '1' }],
      ...[{ ...failed, failure: { reason: 'stalled' } }, { ...failed, failure: { reason: 'script', message: '' } }, { ...failed, failure: { reason: 'limit', limit: 'fuel', used: 1 } }, { ...failed, failure: { reason: 'threw', name: '', message: '', stack: '', code: '' } }],
    ];
    for (const message of right) expect(isWorkerMessage(message), JSON.stringify(message)).toBe(true);
    const wrong = [
      ...[undefined, { kind: 'call', slot: 1, call: 0, name: {}, args: '{}' }, { kind: 'call', slot: 1.5, call: 0, name: 'n', args: '{}' }, { ...failed }, { ...failed, failure: null }],
      ...[{ ...failed, failure: { reason: 'limit', limit: '__proto__', used: 1 } }, { ...failed, failure: { reason: 'constructor' } }, { kind: 'done', slot: 1, result: { value: 1 } }, { kind: 'rest', slot: 1, settled: -1, ranMs: 0 }, { kind: 'rest', slot: 1, settled: 0 }],
    ];
    for (const message of wrong) expect(isWorkerMessage(message), JSON.stringify(message)).toBe(false);
  });

  test('from a guest is a letter and a text, or nothing', () => {
    expect(parseGuestMessage('C12,5,a.b,c{"d":1}')).toEqual({ kind: 'call', call: 12, name: 'a.b,c', args: '{"d":1}' });
    expect(parseGuestMessage('D[1]')).toEqual({ kind: 'done', text: '[1]' });
    expect(parseGuestMessage('F{"name":"N","message":7,"more":1}')).toEqual({ kind: 'threw', name: 'N', message: '', stack: '', code: '' });
    for (const text of ['', 'X', 'C', 'C1', 'C-1,1,a', 'C1,1e9,a', 'C9999999999,1,a', 'F{', '<null>']) expect(parseGuestMessage(text), text).toBeUndefined();
    expect(parseGuestMessage('Fnull')).toEqual({ kind: 'threw', name: '', message: '', stack: '', code: '' });
  });

  test('as JSON is neither deep nor strange', () => {
    expect(readGuestJson('{"a":["]",{"b":"\\"[["}]}', 3)).toEqual({ ok: true, value: { a: [']', { b: '"[[' }] } });
    expect(readGuestJson('[[[]]]', 2)).toMatchObject({ ok: false, depth: 3 });
    expect(readGuestJson('['.repeat(1e6))).toMatchObject({ ok: false, depth: 1e6 });
    for (const text of ['', '{', 'undefined', '1e999', '"\\ud800"', '[1,]']) expect(readGuestJson(text), text).toMatchObject({ ok: false });
    expect(JSON.stringify(readGuestJson('{"__proto__":{"a":1},"b":{"\\u005f_proto__":1,"c":2}}'))).toBe('{"ok":true,"value":{"b":{"c":2}}}');
  });
});

describe('the rules of URLs', () => {
  test('are those of the standard', () => {
    expect(JSON.parse(answerUrl('["parse","../b?x#y","https://u:p@host.example:8080/a/c"]'))).toMatchObject({ href: 'https://u:p@host.example:8080/b?x#y', port: '8080', hash: '#y', username: 'u' });
    expect(JSON.parse(answerUrl('["change","https://a.example/","port","81"]'))).toMatchObject({ host: 'a.example:81' });
    expect(JSON.parse(answerUrl('["pairs","?a=1&a=%20"]'))).toEqual([['a', '1'], ['a', ' ']]);
    expect(JSON.parse(answerUrl('["form","a b","&"]'))).toBe('a+b=%26');
  });

  test('answer no other question', () => {
    for (const question of ['', '{', 'null', '{}', '[]', '["parse"]', '["parse",1]', '["parse","x"]', '["change","https://a.example/","__proto__","x"]', '["change","https://a.example/","origin","x"]', '["require","fs"]', `["parse","https://${'a'.repeat(300_000)}/"]`]) {
      expect(answerUrl(question), question.slice(0, 60)).toBe('null');
    }
  });

  test('take no host that is too long for the network, wherever it stands', () => {
    const long = 'ü'.repeat(1_025);
    const refused = [`https://${long}`, ` \t//${long}/a`, `ht\ntps:${long}`, `https:\\\\${long}`, `WSS:///${long}?`, `https://u@${long}`];
    for (const url of refused) expect(answerUrl(JSON.stringify(['parse', url, 'https://a.example/'])), url.slice(0, 20)).toBe('null');
    for (const part of ['host', 'hostname']) expect(answerUrl(JSON.stringify(['change', 'https://a.example/', part, long]))).toBe('null');
    expect(answerUrl(JSON.stringify(['parse', '/a', `https://${long}`]))).toBe('null');
    const taken = [`https://a.example/${long}`, `/${long}`, long, `?${long}`, `data:text/plain,${long}`, `https://${'a'.repeat(60)}.example/`];
    for (const url of taken) expect(answerUrl(JSON.stringify(['parse', url, 'https://a.example/'])), url.slice(0, 20)).not.toBe('null');
    expect(answerUrl(JSON.stringify(['change', 'https://a.example/', 'search', long]))).not.toBe('null');
  });
});

test('what a guest has said is told without what moves or turns it on a terminal', () => {
  expect(clean('a\u001b[31m\u202eb\u2066c\u200fd\u061ce\u009b\ud800\tf\ng')).toBe('a\ufffd[31m\ufffdb\ufffdc\ufffdd\ufffde\ufffd\ufffd\tf\ng');
});

test('codes whose digest is known are kept up to so many characters, the last ones', () => {
  const codes = new CheckedCodes(100);
  for (const name of ['a', 'b', 'c']) codes.add(name, name.repeat(40));
  expect(['a', 'b', 'c'].map((name) => codes.has(name, name.repeat(40)))).toEqual([false, true, true]);
  codes.add('c', 'c'.repeat(40));
  codes.add('large', 'd'.repeat(101));
  expect(codes.has('b', 'b'.repeat(40)) && codes.has('c', 'c'.repeat(40))).toBe(true);
  expect(codes.has('large', 'd'.repeat(101)) || codes.has('b', 'other')).toBe(false);
});

test('an engine that could not be compiled is tried again', async () => {
  const tooSmall = -16 * 1024 * 1024;
  const first = engineModule(tooSmall);
  await expect(first).rejects.toThrow(TypeError);
  const second = engineModule(tooSmall);
  await expect(second).rejects.toThrow(TypeError);
  expect(second).not.toBe(first);
});

describe('code that is compiled', () => {
  const request = { codeDigest: 'digest', fileName: 'plugin.js' };

  test('is compiled once, and what is no script is found out once', async () => {
    const asked: string[] = [];
    const codes = new CompiledCodes((code) => {
      asked.push(code);
      return code === 'wrong' ? Promise.reject(new NoScript('SyntaxError: unexpected token')) : Promise.resolve(Uint8Array.of(1));
    });
    for (const code of ['right', undefined]) expect(await codes.get({ ...request, code })).toEqual(Uint8Array.of(1));
    for (const code of ['wrong', undefined]) expect(await codes.get({ ...request, codeDigest: 'other', code })).toEqual({ reason: 'script', message: 'SyntaxError: unexpected token' });
    expect(asked).toEqual(['right', 'wrong']);
    codes.forget('digest');
    expect(await codes.get({ ...request, code: undefined })).toMatchObject({ reason: 'crashed' });
  });

  test('is tried again if it could not be compiled for want of memory, though it is given once', async () => {
    let tries = 0;
    const codes = new CompiledCodes(() => (tries++ === 0 ? Promise.reject(new RangeError('WebAssembly.instantiate(): Out of memory')) : Promise.resolve(Uint8Array.of(1))));
    expect(await codes.get({ ...request, code: 'code' })).toEqual({ reason: 'crashed', message: 'The code could not be compiled: WebAssembly.instantiate(): Out of memory' });
    expect(await codes.get({ ...request, code: undefined })).toEqual(Uint8Array.of(1));
  });

  test('by the engine is told from what the engine takes for none', async () => {
    const module = await engineModule(64 * 1024 * 1024);
    await expect(compile(module, '() => {', 'plugin.js')).rejects.toThrow(NoScript);
    await expect(compile({} as never, '() => {}', 'plugin.js')).rejects.not.toThrow(NoScript);
  });
});

describe('patience', () => {
  const run = { owner: 'plugin-a', code: 'x'.repeat(3_000_000), codeDigest: 'digest', limits: DEFAULT_LIMITS };

  test('with code that was ended is less each time, with this owner and this code', () => {
    const patience = new Patience();
    const seen = [2_000, 1_000, 500, 500].map(() => {
      const now = patience.of(run);
      patience.remember(run);
      return now;
    });
    expect(seen).toEqual([2_000, 1_000, 500, 500]);
    expect([patience.of({ ...run, owner: 'plugin-b' }), patience.of({ ...run, codeDigest: 'other' })]).toEqual([2_000, 2_000]);
    expect(patience.of({ ...run, limits: { ...DEFAULT_LIMITS, cpuMs: 150 } })).toBe(150);
  });

  test('is what it was once a call has come to its end', () => {
    const patience = new Patience();
    for (let time = 0; time < 5; time++) patience.remember(run);
    patience.forget(run);
    expect(patience.of(run)).toBe(2_000);
  });

  test('with code that is compiled is as long as that takes, whatever was ended before', () => {
    const patience = new Patience();
    expect(patience.toCompile(run)).toBe(5_000);
    for (let time = 0; time < 5; time++) patience.remember(run);
    expect(patience.toCompile(run)).toBe(3_500);
    expect(patience.toCompile({ ...run, limits: { ...DEFAULT_LIMITS, cpuMs: 150 } })).toBe(3_500);
  });
});

test('a heartbeat says whether code is compiled or runs', () => {
  const heartbeat = new Heartbeat();
  const seen = [() => {}, () => { heartbeat.compile(3); }, () => { heartbeat.enter(3); }, () => { heartbeat.leave(); }].map((act) => {
    act();
    return heartbeat.read();
  });
  expect(seen.map(({ running, isCompiling }) => [running, isCompiling])).toEqual([[0, false], [3, true], [3, false], [0, false]]);
  expect(new Set(seen.map(({ beats }) => beats)).size).toBe(3);
});

test('a program is made by several threads of a process at once', async () => {
  const file = programFile('isolate/worker');
  // Where another thread would have it, if it were named by the process.
  const taken = `${file}.${process.pid}`;
  mkdirSync(taken, { recursive: true });
  onTestFinished(() => rmSync(taken, { recursive: true }));
  vi.resetModules();
  const again = await import('../../src/programs.js');
  expect(again.programFile('isolate/worker')).toBe(file);
});

describe('a call in an engine', () => {
  const engine = async () => {
    const module = await engineModule(64 * 1024 * 1024);
    return { module, engine: await Engine.create(module, await compile(module, preludeScript(), 'guest')) };
  };
  const start = { kind: 'start', slot: 1, codeDigest: '', code: undefined, fileName: 'plugin.js', args: 'null', now: 0, seed: [1, 2, 3, 4], limits: DEFAULT_LIMITS } as const;

  test('whose words cannot be taken says why, and not that there is no memory', async () => {
    const made = await engine();
    const said: unknown[] = [];
    const tell = (message: WorkerMessage): void => {
      if (message.kind === 'log') throw new Error('the port is closed');
      said.push(message);
    };
    const guest = new GuestVm({ engine: made.engine, heartbeat: new Heartbeat(), tell });
    guest.start(start, await compile(made.module, '() => { console.log("x"); for (;;); }', 'plugin.js'));
    expect(said).toEqual([{ kind: 'failed', slot: 1, failure: { reason: 'crashed', message: 'What the plugin said could not be taken: Error: the port is closed' } }]);
    guest.leave()?.dispose();
  });
});

test('a stack is told without what is ours, and without a map as it is', () => {
  const stack = '    at inner (plugin.js:3:5)\n    at <anonymous> (plugin.js:4:1)\n    at ours (guest:1:1)\n    at map (native)\n    at other (elsewhere.js:1:2)\n';
  expect(mapStack(stack, { fileName: 'plugin.js' })).toEqual(['inner (plugin.js:3:5)', 'plugin.js:4:1', 'other (elsewhere.js:1:2)']);
  const sourceMap = JSON.stringify({ version: 3, sources: ['plugin:src/a\u001b.ts'], names: [], mappings: ';;AAAA' });
  expect(mapStack(stack, { fileName: 'plugin.js', sourceMap })[0]).toBe('inner (src/a?.ts:1:1)');
  for (const broken of ['', '{', 'null', '{"version":3}', '{"version":3,"sources":[],"names":[],"mappings":"!!!"}']) expect(mapStack(stack, { fileName: 'plugin.js', sourceMap: broken }), broken).toHaveLength(3);
  expect(mapStack('    at x (plugin.js:1:1)\n'.repeat(1000), { fileName: 'plugin.js' })).toHaveLength(32);
});

describe('where a place of a bundle comes from', () => {
  const source = readFileSync(new URL('../../src/isolate/pool.ts', import.meta.url), 'utf8');
  const { code, map } = transformSync(source, { loader: 'ts', sourcemap: 'external', sourcefile: 'pool.ts' });

  test('is what the source map says, for each place at once', () => {
    const whole = new SourceMap(JSON.parse(map) as SourceMapPayload);
    const places = code.split('\n').flatMap((text, index) => Array.from({ length: text.length + 2 }, (_, column) => ({ line: index + 1, column: column + 1 })));
    const expected = places.map(({ line, column }) => {
      const entry = whole.findEntry(line - 1, column - 1) as SourceMapping;
      return entry.generatedLine === line - 1 ? { source: 'pool.ts', line: entry.originalLine + 1, column: entry.originalColumn + 1 } : undefined;
    });
    expect(sourcePlaces(map, places)).toEqual(expected);
    expect(expected.filter((place) => place !== undefined).length).toBeGreaterThan(1_000);
  });

  test('is unknown behind what cannot be read', () => {
    const places = [{ line: 1, column: 1 }, { line: 2, column: 1 }];
    for (const mappings of ['AAAA;!', 'AAAA;AAAAAA', 'AAAA;AAA', 'AAAA;AAAg', `AAAA;${'g'.repeat(9)}`, 'AAAA;A']) {
      expect(sourcePlaces(JSON.stringify({ sources: ['a.ts'], mappings }), places), mappings).toEqual([{ source: 'a.ts', line: 1, column: 1 }, undefined]);
    }
    expect(sourcePlaces(JSON.stringify({ sources: [7], mappings: 'AAAA' }), places)).toEqual([undefined, undefined]);
  });

  test('is asked of no map for a stack that has nothing of the code', () => {
    const parsed = vi.spyOn(JSON, 'parse');
    onTestFinished(() => { parsed.mockRestore(); });
    expect(mapStack('    at x (elsewhere.js:1:1)\n', { fileName: 'plugin.js', sourceMap: map })).toEqual(['x (elsewhere.js:1:1)']);
    expect(parsed).not.toHaveBeenCalled();
  });

  test('is found without an index of the whole map', () => {
    const indexed = vi.spyOn(SourceMap.prototype, 'findEntry');
    onTestFinished(() => { indexed.mockRestore(); });
    expect(mapStack('    at x (plugin.js:1:1)\n', { fileName: 'plugin.js', sourceMap: map })).toEqual([expect.stringMatching(/^x \(pool\.ts:\d+:1\)$/)]);
    expect(indexed).not.toHaveBeenCalled();
  });
});
