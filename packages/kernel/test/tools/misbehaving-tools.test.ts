import { defineTool, OmniError, unchecked, type ToolContext } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { ofKind } from '../support/index.js';
import { attempt, runProgram, type Attempted } from './run-program.js';

/** Calls a tool that misbehaves and then one that does not; the kernel must go on. */
async function misbehave(run: (args: unknown, context: ToolContext) => unknown): Promise<Attempted> {
  const bad = defineTool({ name: 'bad', description: 'misbehaves', input: unchecked<object>(), run, retry: { limit: 0, backoffMs: 1 } });
  const good = defineTool({ name: 'good', description: 'behaves', input: unchecked<object>(), run: () => 'fine' });
  const { value, entries, problems } = await runProgram(
    function* (ctx) {
      const first = yield* attempt(ctx.tool(bad, {}));
      return [first, yield* ctx.tool(good, {})] as const;
    },
    { tools: [bad, good] },
  );
  const [outcome, afterwards] = value;
  expect(afterwards).toBe('fine');
  expect(problems).toEqual([]);

  // What the program saw is what the log holds, and each call has one result.
  const results = ofKind(entries, 'TOOL_RESULT');
  expect(results.map(({ data }) => data.tool)).toEqual(['bad', 'good']);
  const recorded = results[0]!.data.result;
  if (outcome.ok) expect(recorded).toEqual({ ok: true, value: outcome.value });
  else expect(recorded).toMatchObject({ ok: false, error: { code: outcome.code, message: outcome.message } });
  return outcome;
}

function failsWith(code: string, message: string | RegExp): object {
  return { ok: false, code, message: expect.stringMatching(message) };
}

/** Behaves badly wherever one looks at it. */
const hostile = new Proxy({}, {
  get: () => { throw new Error('no'); },
  getPrototypeOf: () => { throw new Error('no'); },
  ownKeys: () => { throw new Error('no'); },
});

const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

function errorWith(property: 'message' | 'cause' | 'name' | 'stack', get: () => unknown): Error {
  return Object.defineProperty(new Error('x'), property, { get });
}

function throwNo(): never {
  throw new Error('no');
}

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;

describe('whatever a tool throws is a typed error in the program and an entry in the log', () => {
  const thrown: readonly (readonly [what: string, thrown: unknown, message: RegExp])[] = [
    ['an error', new TypeError('broken'), /Tool "bad" threw TypeError: broken/],
    ['a string', 'plain words', /threw a string: plain words/],
    ['null', null, /threw null/],
    ['undefined', undefined, /threw a undefined|threw undefined/],
    ['a number', 42, /42/],
    ['a bigint', 42n, /42/],
    ['a symbol', Symbol('sign'), /sign/],
    ['a function', () => 1, /function/],
    ['a plain object', { reason: 'because' }, /because/],
    ['a cycle', cyclic, /unprintable/],
    ['an object without a prototype', Object.create(null), /object/],
    ['an error without a message', new Error(''), /Error/],
    ['an error whose message is no string', Object.assign(new Error('x'), { message: { nested: true } }), /bad/],
    ['an error whose message getter throws', errorWith('message', throwNo), /bad/],
    ['an error whose cause getter throws', errorWith('cause', throwNo), /bad/],
    ['an error whose name getter throws', errorWith('name', throwNo), /bad/],
    ['an error that is its own cause', Object.assign(new Error('loop'), { get cause() { return this; } }), /loop/],
    ['an error with lone surrogates', new Error('half \ud800 pair'), /half \ufffd pair/],
    ['a hostile proxy', hostile, /bad/],
    ['a revoked proxy', revoked, /bad/],
    ['an object that throws when printed', { toJSON: throwNo, toString: throwNo }, /bad/],
  ];

  it.each(thrown)('%s, thrown', async (_what, value, message) => {
    expect(await misbehave(() => { throw value; })).toMatchObject({ ...failsWith('TOOL_FAILED', message), failureClass: 'PERMANENT' });
  });

  it.each(thrown)('%s, as a rejection', async (_what, value, message) => {
    expect(await misbehave(async () => { throw value; })).toMatchObject(failsWith('TOOL_FAILED', message));
  });

  it('an OmniError keeps its code, its class and its details', async () => {
    const error = new OmniError('QUOTA_OF_THE_SERVICE', 'Come back tomorrow.', { failureClass: 'POLICY_VIOLATION', details: { left: 0 } });
    expect(await misbehave(() => Promise.reject(error))).toEqual({
      ok: false, code: 'QUOTA_OF_THE_SERVICE', message: 'Come back tomorrow.', failureClass: 'POLICY_VIOLATION', details: { left: 0 },
    });
  });

  it('an OmniError loses details that are not JSON, and nothing else', async () => {
    const error = new OmniError('ODD', 'Odd details.', { details: { when: new Date(0) } });
    expect(await misbehave(() => { throw error; })).toMatchObject({ code: 'ODD', message: 'Odd details.', details: null });
  });

  it('no tool can declare an invariant breached', async () => {
    const error = new OmniError('INVARIANT_BREACH', 'The sky is falling.', { failureClass: 'INVARIANT_BREACH' });
    expect(await misbehave(() => { throw error; })).toMatchObject({ ok: false, failureClass: 'PERMANENT' });
  });

  it('an error message as long as a book is cut', async () => {
    const outcome = await misbehave(() => { throw new Error('long '.repeat(1_000_000)); });
    expect(outcome).toMatchObject({ ok: false, code: 'TOOL_FAILED' });
    expect(JSON.stringify(outcome).length).toBeLessThan(1024 * 1024);
  });

  it('an error with details as long as a book is cut', async () => {
    const error = new OmniError('TALKATIVE', 'See the details.', { details: { text: 'long '.repeat(1_000_000) } });
    const outcome = await misbehave(() => { throw error; });
    expect(outcome).toMatchObject({ ok: false, code: 'TALKATIVE' });
    expect(JSON.stringify(outcome).length).toBeLessThan(1024 * 1024);
  });
});

describe('whatever a tool returns is JSON or a typed error', () => {
  class Account { balance = 1; }
  const deep = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

  it('nothing at all is null', async () => {
    expect(await misbehave(() => undefined)).toEqual({ ok: true, value: null });
    expect(await misbehave(async () => {})).toEqual({ ok: true, value: null });
  });

  it('a synchronous answer is as good as a promise', async () => {
    expect(await misbehave(() => ({ now: true }))).toEqual({ ok: true, value: { now: true } });
  });

  it('250 levels of nesting pass', async () => {
    expect(await misbehave(() => deep(250))).toMatchObject({ ok: true });
  });

  it.each<readonly [what: string, value: unknown, path: string]>([
    ['a Map', new Map([[1, 2]]), '$'],
    ['a Set inside', { found: [new Set([1])] }, '$.found[0]'],
    ['a bigint', 1n, '$'],
    ['a bigint inside', { size: 1n }, '$.size'],
    ['a cycle', { cyclic }, '$.cyclic'],
    ['-0', -0, '$'],
    ['NaN inside', [1, NaN], '$[1]'],
    ['Infinity inside', { a: { b: Infinity } }, '$.a.b'],
    ['a lone surrogate', 'x\udc00', '$'],
    ['a lone surrogate in a key', { ok: { 'x\ud800': 1 } }, '$.ok'],
    ['a function', () => 1, '$'],
    ['a method', { run() { return 1; } }, '$.run'],
    ['a Date', { at: new Date(0) }, '$.at'],
    ['an instance of a class', { account: new Account() }, '$.account'],
    ['undefined inside', { a: [{ 'odd key': undefined }] }, '$.a[0]["odd key"]'],
    ['a symbol', Symbol('x'), '$'],
    ['a symbol as key', { [Symbol('x')]: 1 }, '$'],
    ['a hole', Object.assign(new Array<number>(3), { 0: 1, 2: 3 }), '$'],
    ['300 levels', deep(300), '$'],
    ['an error', new Error('returned, not thrown'), '$'],
    ['a boxed string', Object('boxed'), '$'],
    ['bytes', { bytes: new Uint8Array(4) }, '$.bytes'],
    ['a promise inside', { later: Promise.resolve(1) }, '$.later'],
  ])('%s is refused, with its place', async (_what, value, path) => {
    const outcome = await misbehave(() => Promise.resolve(value));
    expect(outcome).toMatchObject({ ok: false, code: 'SERIALIZATION_ERROR' });
    const { details } = outcome as { details: { path: string } };
    if (path === '$') expect(details.path.startsWith('$')).toBe(true);
    else expect(details.path.startsWith(path)).toBe(true);
  });

  it.each<readonly [what: string, value: unknown]>([
    ['a getter that throws', { get a(): never { return throwNo(); } }],
    ['a hostile proxy', { inside: hostile }],
    ['a revoked proxy', { inside: revoked }],
  ])('%s is refused', async (_what, value) => {
    expect(await misbehave(() => value)).toMatchObject({ ok: false });
    expect(await misbehave(async () => value)).toMatchObject({ ok: false });
  });

  it('more than maxValueBytes is refused', async () => {
    expect(await misbehave(() => 'x'.repeat(1024 * 1024 + 1))).toMatchObject({ ok: false, code: 'VALUE_TOO_LARGE' });
    expect(await misbehave(async () => new Array(400_000).fill('é'))).toMatchObject({ ok: false, code: 'VALUE_TOO_LARGE' });
  });

  it('__proto__ is a key like any other', async () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"constructor":1}') as object;
    expect(await misbehave(() => value)).toEqual({ ok: true, value });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('a tool that changes its result later changes nothing', async () => {
    const result = { list: [1] };
    const outcome = await misbehave(() => {
      setImmediate(() => result.list.push(2));
      return result;
    });
    expect(outcome).toEqual({ ok: true, value: { list: [1] } });
  });
});

describe('a thenable is no better than it behaves', () => {
  it('one that calls both callbacks, and calls them again, has the outcome of the first call', async () => {
    expect(await misbehave(() => ({
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve('first');
        reject(new Error('second'));
        resolve('third');
      },
    }))).toEqual({ ok: true, value: 'first' });
  });

  it('one that rejects first has failed', async () => {
    expect(await misbehave(() => ({
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        reject(new Error('first'));
        resolve('second');
      },
    }))).toMatchObject(failsWith('TOOL_FAILED', /first/));
  });

  it('one whose then throws has failed', async () => {
    expect(await misbehave(() => ({ then: throwNo }))).toMatchObject(failsWith('TOOL_FAILED', /no/));
  });

  it('one whose then can not even be looked at has failed', async () => {
    expect(await misbehave(() => ({ get then(): never { return throwNo(); } }))).toMatchObject(failsWith('TOOL_FAILED', /no/));
    expect(await misbehave(() => hostile)).toMatchObject({ ok: false });
    expect(await misbehave(() => revoked)).toMatchObject({ ok: false });
  });

  it('one that never answers is timed out', async () => {
    expect(await misbehave(() => ({ then() {} }))).toMatchObject({ ok: false, code: 'TOOL_TIMEOUT' });
  });
});
