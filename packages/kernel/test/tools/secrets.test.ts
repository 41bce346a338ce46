import { defineAgent, defineTool, OmniError, secret, unchecked, type Json, type Policy } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { boot, ofKind } from '../support/index.js';
import { attempt, runProgram } from './run-program.js';

const VALUE = 'hunter2-and-some-more';
const GRANTS = ['call:*', 'read:secret:**'];

interface Attack {
  readonly args?: unknown;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly run: (args: { token: string }) => unknown;
}

/** A tool that gets a secret and gives away what it can. */
async function leak({ args = { token: secret('KEY') }, secrets = { KEY: VALUE }, run }: Attack) {
  const tool = defineTool({ name: 'login', description: '', input: unchecked<{ token: string }>(), run });
  return runProgram(
    function* (ctx) {
      return yield* attempt(ctx.tool(tool, args as never));
    },
    { tools: [tool], grants: GRANTS, secrets: (name) => secrets[name] },
  );
}

describe('a secret', () => {
  it('reaches the tool, and the log has only its name', async () => {
    const seen: string[] = [];
    const { value, entries, text } = await leak({ run: ({ token }) => { seen.push(token); } });
    expect(seen).toEqual([VALUE]);
    expect(value).toEqual({ ok: true, value: null });
    expect(ofKind(entries, 'TOOL_CALLED')[0]!.data.args).toEqual({ token: { $secret: 'KEY' } });
    expect(text).not.toContain(VALUE);
  });

  const echoes: readonly (readonly [what: string, run: (args: { token: string }) => unknown])[] = [
    ['as its result', ({ token }) => token],
    ['inside a text', ({ token }) => `Authorization: Bearer ${token}, again: ${token}`],
    ['in a list', ({ token }) => [[{ a: token }]]],
    ['as a key', ({ token }) => ({ [token]: 1, [`x-${token}`]: { [token]: token } })],
    ['in a message', ({ token }) => { throw new Error(`401 for ${token}`); }],
    ['in a cause', ({ token }) => { throw new Error('401', { cause: new Error(`with ${token}`) }); }],
    ['as a string that is thrown', ({ token }) => { throw token; }],
    ['as an object that is thrown', ({ token }) => { throw { request: { headers: { authorization: token } } }; }],
    ['in the details of an error', ({ token }) => { throw new OmniError('DENIED', 'no', { details: { token, [token]: [token] } }); }],
    ['as the code of an error', ({ token }) => { throw new OmniError(token, 'no'); }],
    ['in a rejection', ({ token }) => Promise.reject(new Error(`401 for ${token}`))],
    ['in the path to what is not JSON', ({ token }) => ({ [token]: undefined })],
  ];

  it.each(echoes)('that a tool gives away %s is blotted out', async (_what, run) => {
    const { text } = await leak({ run });
    expect(text).not.toContain(VALUE);
    expect(text).toContain('[secret KEY]');
  });

  it.each(echoes)('with quotes and line breaks, given away %s, is blotted out', async (_what, run) => {
    const key = '-----BEGIN KEY-----\nab"c\\d\n-----END KEY-----\n';
    const { text } = await leak({ secrets: { KEY: key }, run });
    const inLog = JSON.stringify(key).slice(1, -1);
    expect(text).not.toContain(inLog);
    expect(text).not.toContain(JSON.stringify(inLog).slice(1, -1));
  });

  it('in a URL that a tool complains about is blotted out', async () => {
    const key = 'a+b/c=&d';
    const { text } = await leak({ secrets: { KEY: key }, run: ({ token }) => { throw new Error(`404 https://host/?key=${encodeURIComponent(token)}`); } });
    expect(text).not.toContain(encodeURIComponent(key));
  });

  it('that begins with another one leaves nothing of itself', async () => {
    const secrets = { SHORT: 'abcd', LONG: 'abcd-and-the-rest' };
    for (const args of [{ token: secret('SHORT'), other: secret('LONG') }, { other: secret('LONG'), token: secret('SHORT') }]) {
      const { text } = await leak({ args, secrets, run: (given) => given });
      expect(text).not.toContain('and-the-rest');
    }
  });

  it.each(['$&', '$`', "$'", '$$', '$1'])('whose name is %s is not put back by the blotting', async (name) => {
    const { text } = await leak({ args: { token: secret(name) }, secrets: { [name]: VALUE }, run: ({ token }) => `it is ${token}!` });
    expect(text).not.toContain(VALUE);
    expect(text).toContain(`it is [secret ${name}]!`);
  });

  it('that is empty blots nothing', async () => {
    const { value } = await leak({ secrets: { KEY: '' }, run: () => 'text' });
    expect(value).toEqual({ ok: true, value: 'text' });
  });

  it('that nobody has is SECRET_NOT_FOUND, and the tool does not run', async () => {
    let calls = 0;
    const { value } = await leak({ secrets: {}, run: () => calls++ });
    expect(value).toMatchObject({ ok: false, code: 'SECRET_NOT_FOUND', details: { secret: 'KEY' } });
    expect(calls).toBe(0);
  });

  it.each(['__proto__', 'constructor'])('named %s is not found by accident', async (name) => {
    const { value } = await leak({ args: { token: secret(name) }, secrets: Object.create(null) as Record<string, string>, run: () => 1 });
    expect(value).toMatchObject({ ok: false, code: 'SECRET_NOT_FOUND' });
  });

  it('whose provider throws fails the call', async () => {
    const tool = defineTool({ name: 'login', description: '', input: unchecked<{ token: string }>(), run: () => 1 });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, { token: secret('KEY') }));
      },
      { tools: [tool], grants: GRANTS, secrets: () => { throw new Error('the vault is sealed'); } },
    );
    expect(value).toMatchObject({ ok: false, code: 'TOOL_FAILED', message: expect.stringContaining('the vault is sealed') });
  });

  it('is checked by the schema once it is there', async () => {
    const input = z.object({ token: z.string().regex(/^sk-[0-9]{8}$/) });
    const tool = defineTool({ name: 'login', description: '', input, run: () => 'in' });
    const outcomes = await runProgram(
      function* (ctx) {
        return [
          yield* attempt(ctx.tool(tool, { token: secret('GOOD') })),
          yield* attempt(ctx.tool(tool, { token: secret('BAD') })),
          yield* attempt(ctx.tool(tool, { token: 'sk-x' })),
        ] as const;
      },
      { tools: [tool], grants: GRANTS, secrets: (name) => ({ GOOD: 'sk-12345678', BAD: 'password1' })[name] },
    );
    expect(outcomes.value).toMatchObject([{ ok: true, value: 'in' }, { ok: false, code: 'TOOL_INPUT_INVALID' }, { ok: false, code: 'TOOL_INPUT_INVALID' }]);
    expect(outcomes.text).not.toContain('password1');
  });
});

describe('a reference to a secret', () => {
  const tool = defineTool({ name: 'login', description: '', input: unchecked<{ token: string }>(), run: ({ token }) => token.length });
  const secrets = (name: string): string => `the value of ${name}`;

  it('may come from anywhere, and so it needs a grant by its name', async () => {
    const fromAModel = JSON.parse('{"token":{"$secret":"PAYROLL"}}') as { token: string };
    const { value, entries } = await runProgram(
      function* (ctx) {
        return [yield* attempt(ctx.tool(tool, fromAModel)), yield* attempt(ctx.tool(tool, { token: secret('MAIL') }))] as const;
      },
      { tools: [tool], secrets, grants: ['call:*', 'read:secret:MAIL'] },
    );
    expect(value).toMatchObject([{ ok: false, code: 'PERMISSION_DENIED', details: { resource: 'secret:PAYROLL' } }, { ok: true }]);
    expect(ofKind(entries, 'TOOL_CALLED').map(({ data }) => data.secrets)).toEqual([
      { MAIL: { decision: 'ALLOW', by: 'grant 1 read:secret:MAIL' } },
    ]);
  });

  it('uses up a grant that has a limit', async () => {
    const { value } = await runProgram(
      function* (ctx) {
        return [yield* attempt(ctx.tool(tool, { token: secret('MAIL') })), yield* attempt(ctx.tool(tool, { token: secret('MAIL') }))] as const;
      },
      { tools: [tool], secrets, grants: ['call:*', { action: 'read', resource: 'secret:MAIL', limit: 1 }] },
    );
    expect(value).toMatchObject([{ ok: true }, { ok: false, code: 'PERMISSION_DENIED' }]);
  });

  it('shares no use of a grant with another secret of the same call', async () => {
    const both = defineTool({ name: 'both', description: '', input: unchecked<{ one: string; other: string }>(), run: () => 'ran' });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(both, { one: secret('MAIL'), other: secret('OTHER') }));
      },
      { tools: [both], secrets: () => 'value', grants: ['call:*', { action: 'read', resource: 'secret:*', limit: 1 }] },
    );
    expect(value).toMatchObject({ ok: false, code: 'PERMISSION_DENIED', details: { resource: 'secret:OTHER' } });
  });

  it('under a policy that asks is approved by its own name, not along with the call', async () => {
    const main = defineAgent('main', function* (ctx) {
      return yield* attempt(ctx.tool(tool, { token: secret('PAYROLL') }));
    });
    const policies: readonly Policy[] = [
      { name: 'calls', effect: 'ESCALATE', action: 'call', resource: 'login' },
      { name: 'payroll', effect: 'ESCALATE', action: 'read', resource: 'secret:PAYROLL' },
    ];
    const { kernel, until, time } = await boot({ agents: [main], tools: [tool], secrets, policies });
    const handle = kernel.spawn(main, undefined, {});
    expect(kernel.approvals().map(({ resource }) => resource)).toEqual(['login']);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    await time.settle();
    expect(kernel.approvals().map(({ resource }) => resource)).toEqual(['secret:PAYROLL']);
    kernel.decide(kernel.approvals()[0]!.id, { approved: true });
    expect(await until(handle.result())).toMatchObject({ ok: true });
  });

  it('is looked for in plain objects with this one key only', async () => {
    const odd = [{ $secret: 5 }, { $secret: 'MAIL', more: 1 }, { $secret: { $secret: 5 } }];
    const echo = defineTool({ name: 'echo', description: '', input: unchecked<unknown>(), run: (args) => args });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(echo, odd);
      },
      { tools: [echo], secrets },
    );
    expect(value).toEqual(odd);
  });
});

describe('redaction', () => {
  const person = { name: 'Ada', mail: 'ada@example.org', notes: ['mail: ada@example.org'] };

  it('by the tool and by the kernel happens before anything is recorded, and the program sees what is left', async () => {
    const tool = defineTool({
      name: 'person', description: '', input: unchecked<object>(), run: () => person,
      redact: (result) => ({ ...(result as typeof person), mail: '[gone]' }),
    });
    const { value, text } = await runProgram(
      function* (ctx) {
        return yield* ctx.tool(tool, {});
      },
      { tools: [tool], redact: (result, name) => JSON.parse(JSON.stringify(result).replaceAll('ada@example.org', `[${name}]`)) as Json },
    );
    expect(value).toEqual({ name: 'Ada', mail: '[gone]', notes: ['mail: [person]'] });
    expect(text).not.toContain('ada@example.org');
  });

  it.each<readonly [what: string, redact: (result: Json) => Json]>([
    ['throws', () => { throw new Error('no rule for this'); }],
    ['returns nothing', () => undefined as never],
    ['returns what is not JSON', () => new Map() as never],
  ])('that %s lets nothing through', async (_what, redact) => {
    for (const where of ['tool', 'kernel'] as const) {
      const tool = defineTool({
        name: 'person', description: '', input: unchecked<object>(), run: () => person, ...(where === 'tool' ? { redact } : {}),
      });
      const { value, text } = await runProgram(
        function* (ctx) {
          return yield* attempt(ctx.tool(tool, {}));
        },
        { tools: [tool], ...(where === 'kernel' ? { redact } : {}) },
      );
      expect(value.ok).toBe(false);
      expect(text).not.toContain('ada@example.org');
    }
  });

  it('applies to results that come too late as well', async () => {
    const tool = defineTool({
      name: 'person', description: '', input: unchecked<object>(), timeoutMs: 10, redact: () => '[gone]',
      run: (_args, { signal }) => new Promise((resolve) => { signal.addEventListener('abort', () => { setImmediate(() => { resolve(person); }); }); }),
    });
    const { entries, text } = await runProgram(
      function* (ctx) {
        yield* attempt(ctx.tool(tool, {}));
        yield* ctx.sleep(1);
        yield* ctx.sleep(1);
      },
      { tools: [tool] },
    );
    expect(ofKind(entries, 'STALE_RESULT')[0]!.data.outcome).toEqual({ ok: true, value: '[gone]' });
    expect(text).not.toContain('ada@example.org');
  });

  it('can not change what a tool keeps, nor be changed by it later', async () => {
    const kept = { list: ['a'] };
    const tool = defineTool({
      name: 'keep', description: '', input: unchecked<object>(), run: () => kept,
      redact: (result) => {
        (result as { list: string[] }).list.push('b');
        return result;
      },
    });
    const { value } = await runProgram(
      function* (ctx) {
        return yield* attempt(ctx.tool(tool, {}));
      },
      { tools: [tool] },
    );
    expect(value.ok).toBe(false);
    expect(kept).toEqual({ list: ['a'] });
  });
});
