import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hostEnvironment, hostTools, LocalRunner, Workspace, type Command, type CommandResult, type CommandRunner, type ExecOptions, type HostTools } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore, secret, type OmniError, type Tool } from '@omnipaw/kernel';
import { assertReplays } from '@omnipaw/testing';
import { describe, expect, test, vi } from 'vitest';
import { PROGRAM } from '../../src/fs/contained/program.generated.js';
import { call } from '../support/call.js';
import { callAll, everythingIn, FILE_CALLS, prepareFiles } from '../support/file-calls.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

/** A process for each call takes its time where many tests run at once. */
vi.setConfig({ testTimeout: 120_000 });

const bytes = (text: string): CommandResult['stdout'] => ({ head: Buffer.from(text), tail: new Uint8Array(), cutBytes: 0 });

/** Tools whose work is done where a runner runs what it is given. */
function containedIn(root: string, exec: CommandRunner['exec']): HostTools['fs'] {
  return hostTools({ root, runners: [{ mode: 'test', exec }], environment: { SANDBOX_MODE: 'test' }, fs: { contained: true } }).fs;
}

/** A command that ends like this. */
function ending(more: Partial<CommandResult>): CommandRunner['exec'] {
  return () => Promise.resolve({ endedBy: 'itself', exitCode: 0, stdout: bytes(''), stderr: bytes(''), ...more });
}

/** What stands for a container where there is none: another process. */
function elsewhere(root: string): CommandRunner['exec'] {
  const local = new LocalRunner(new Workspace(root), { environment: hostEnvironment(), maxProcesses: 64 });
  return (command, options) => local.exec(command, options);
}

async function errorOf(promise: Promise<unknown>): Promise<OmniError> {
  return promise.then(
    () => { throw new Error('It did not fail.'); },
    (thrown: unknown) => thrown as OmniError,
  );
}

test('the program that runs in containers is what its sources make', () => {
  const script = fileURLToPath(new URL('../../../../scripts/contained-program.mjs', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

describe.skipIf(process.platform === 'win32')('tools for files that run elsewhere', () => {
  test('give, throw and do what those on this machine do', async () => {
    const [here, there] = [temporaryDirectory(), temporaryDirectory()];
    for (const root of [here, there]) prepareFiles(root);
    const expected = await callAll(hostTools({ root: here }).fs);
    const came = await callAll(containedIn(there, elsewhere(there)));
    for (const [index, [title, tool]] of FILE_CALLS.entries()) expect(came[index], `${tool}: ${title}`).toEqual(expected[index]);
    expect(everythingIn(there)).toEqual(everythingIn(here));
    // Or the table would show less than it says.
    const codes = new Set(expected.map((one) => ('code' in one ? one.code : 'none')));
    for (const code of ['none', 'PATH_REFUSED', 'FILE_NOT_FOUND', 'FILE_TOO_LARGE', 'FILE_NOT_TEXT', 'FILE_CHANGED', 'FILE_SYSTEM_FAILED', 'PATCH_REJECTED', 'SEARCH_INVALID', 'SEARCH_TOO_COSTLY']) expect(codes).toContain(code);
  });

  test('say what the system did not do', async () => {
    const root = temporaryDirectory();
    const fs = containedIn(root, ([...command], options) => elsewhere(root)(['sh', '-c', 'ulimit -f 8 && exec "$@"', 'sh', ...command], options));
    for (const offset of [{}, { offset: 0 }]) {
      const error = await errorOf(call(fs.writeFile, { path: 'large', content: 'x'.repeat(100_000), ...offset }));
      expect(error).toMatchObject({ code: 'FILE_SYSTEM_FAILED', details: { path: 'large', reason: 'could not be used (EFBIG)' } });
      expect((error.cause as Error).message).toBe('write failed with EFBIG');
    }
  });

  test('make files that are for whom this process makes them', async () => {
    const root = temporaryDirectory();
    let told: unknown;
    const fs = containedIn(root, (command, options) => {
      told = JSON.parse(jsonOf(options));
      // A thread, which a test may be, can't set that of its process.
      return elsewhere(root)(command, { ...options, env: { OMNIPAW_CALL_0: JSON.stringify({ ...(told as object), umask: 0o27 }) } });
    });
    await call(fs.writeFile, { path: 'folder/file', content: '' });
    expect(told).toMatchObject({ tool: 'writeFile', args: { path: 'folder/file', content: '' }, ...umaskHere() });
    expect(statSync(path.join(root, 'folder')).mode & 0o777).toBe(0o750);
    expect(statSync(path.join(root, 'folder/file')).mode & 0o777).toBe(0o640);
  });

  test('are the same tools, which run on this machine where commands do', async () => {
    const root = tree({ 'a.txt': 'one' });
    const exec = (): never => { throw new Error('run'); };
    const options = { root, runners: [{ mode: 'test', exec }], fs: { contained: true } };
    const { fs } = hostTools({ ...options, environment: {} });
    await expect(call(fs.readFile, { path: 'a.txt' })).resolves.toMatchObject({ content: 'one' });
    const described = (tools: HostTools['fs']): unknown => Object.values(tools).map(({ name, version, description, input, idempotent }) => ({ name, version, description, input: Object.keys(input), idempotent }));
    expect(described(containedIn(root, exec))).toEqual(described(fs));
    const notContained = hostTools({ ...options, fs: {}, environment: { SANDBOX_MODE: 'test' } });
    await expect(call(notContained.fs.readFile, { path: 'a.txt' })).resolves.toMatchObject({ content: 'one' });
  });
});

/** What a command was told by its variables. */
function jsonOf({ env }: ExecOptions): string {
  return Object.values(env).join('');
}

/** Known on Linux alone. */
function umaskHere(): object {
  return process.platform === 'linux' ? { umask: parseInt(spawnSync('sh', ['-c', 'umask'], { encoding: 'utf8' }).stdout, 8) } : {};
}

describe('a call that is made elsewhere', () => {
  test('is told to one node, in words and variables that Linux takes, for whom it is', async () => {
    const asked: (readonly [Command, ExecOptions])[] = [];
    const fs = containedIn(temporaryDirectory(), (...given) => {
      asked.push(given);
      return ending({ stdout: bytes(JSON.stringify({ value: { bytes: 3, sha256: 'a'.repeat(64) } })) })(...given);
    });
    const content = '🐾'.repeat(200_000);
    await call(fs.writeFile, { path: 'a.txt', content });
    const [[command, options]] = asked as [readonly [Command, ExecOptions]];
    expect(command).toEqual(['node', '--input-type=commonjs', '-e', PROGRAM]);
    expect(Buffer.byteLength(PROGRAM)).toBeLessThan(100 * 1024);
    expect(options).toMatchObject({ cwd: '.', timeoutMs: 60_000, caller: { agent: 'caller-1', tool: 'host.fs.write_file' } });
    for (const [name, value] of Object.entries(options.env)) expect(Buffer.byteLength(`${name}=${value}`)).toBeLessThan(128 * 1024);
    expect(JSON.parse(jsonOf(options))).toMatchObject({ tool: 'writeFile', args: { path: 'a.txt', content } });
  });

  test('is refused when it is larger than a process can be told', async () => {
    const fs = containedIn(temporaryDirectory(), () => { throw new Error('run'); });
    const writer = defineAgent('writer', function* (ctx) {
      yield* ctx.tool(fs.writeFile, { path: 'a.txt', content: 'x'.repeat(1536 * 1024) });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [writer], tools: Object.values(fs), maxValueBytes: 2 ** 22 });
    const error = await errorOf(kernel.spawn(writer, null, { grants: ['call:*'] }).result());
    await kernel.stop();
    expect(error).toMatchObject({ code: 'FILE_TOO_LARGE', message: expect.stringContaining('Write in pieces (offset)') });
  });

  test.each([
    [{ endedBy: 'timeout' }, /^The call was ended in its container: it took more than 60 seconds\. Whether it was done nobody knows: look at the files\.$/],
    [{ endedBy: 'abort' }, /nobody wants it any more/],
    [{ endedBy: 'output' }, /printed more/],
    [{ endedBy: 'processes' }, /more processes/],
    [{ endedBy: 'memory' }, /more memory/],
    [{ endedBy: 'disk' }, /disk of the root was filling up/],
  ] as const)('fails when it was ended: %j', async ({ endedBy }, message) => {
    const fs = containedIn(temporaryDirectory(), ending({ endedBy, exitCode: null }));
    const error = await errorOf(call(fs.delete, { path: 'a.txt' }));
    expect(error).toMatchObject({ code: 'FILE_SYSTEM_FAILED', failureClass: 'PERMANENT', details: { endedBy, reason: expect.stringMatching(/./) } });
    expect(error.message).toMatch(message);
    expect((await errorOf(call(fs.readFile, { path: 'a.txt' }))).message).not.toContain('look at the files');
  });

  test('says what to do where there is no node', async () => {
    const fs = containedIn(temporaryDirectory(), ending({ exitCode: 127, stderr: bytes('sh: node: not found\n') }));
    const error = await errorOf(call(fs.readFile, { path: 'a.txt' }));
    expect(error).toMatchObject({ code: 'SANDBOX_UNAVAILABLE', message: expect.stringContaining('Take an image that has it (node:22-alpine)') });
  });

  test('tells what node complained about, unless a part of a secret could be in it', async () => {
    const stderr = bytes(`[eval]:1\n${PROGRAM}\n\nSyntaxError: Unexpected token\n    at new Script (node:vm:100:7)\n\nNode.js v16.0.0\n`);
    const fs = containedIn(temporaryDirectory(), ending({ exitCode: 1, stderr }));
    expect((await errorOf(call(fs.readFile, { path: 'a.txt' }))).message).toBe('Nobody knows what was done: node ended with exit code 1 in the container (SyntaxError: Unexpected token).');
    const agent = defineAgent('agent', function* (ctx) {
      yield* ctx.tool(fs.writeFile, { path: 'a.txt', content: secret('WORD') });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [agent], tools: [fs.writeFile], secrets: () => 'hunter2' });
    const error = await errorOf(kernel.spawn(agent, null, { grants: ['call:*', 'read:secret:**'] }).result());
    await kernel.stop();
    expect(error.message).toBe('Nobody knows what was done: node ended with exit code 1 in the container.');
  });

  test('throws what its runner throws', async () => {
    const fs = containedIn(temporaryDirectory(), () => Promise.reject(Object.assign(new Error('none'), { code: 'ELSEWHERE' })));
    expect((await errorOf(call(fs.stat, { path: '.' }))).code).toBe('TOOL_FAILED');
  });
});

describe('an answer', () => {
  const results: Readonly<Record<string, readonly [args: object, value: unknown]>> = {
    readFile: [{ path: 'a' }, { content: 'x', bytes: 1, sha256: 'a'.repeat(64), lines: 1 }],
    writeFile: [{ path: 'a', content: '' }, { bytes: 1, sha256: 'a'.repeat(64) }],
    listDir: [{ path: '.' }, { items: [{ name: 'a', kind: 'file' }, { name: 'b\n', kind: 'other', refused: 'it has' }], more: false }],
    stat: [{ path: 'a' }, { kind: 'file', bytes: 1, modified: '+275760-09-13T00:00:00.000Z', isExecutable: true }],
    search: [{ path: '.', query: 'x' }, { matches: [{ path: 'a', line: 1, text: 'x' }], endedBy: null, filesSearched: 1, filesSkipped: 0 }],
    applyPatch: [{ patch: 'x' }, { files: [{ path: 'a', change: 'deleted', sha256: null }] }],
    delete: [{ path: 'a' }, { deleted: true }],
  };
  const answered = (name: string, text: string): Promise<unknown> => {
    const fs = containedIn(temporaryDirectory(), ending({ stdout: bytes(text) }));
    return call(fs[name as keyof typeof fs] as Tool, results[name]![0]);
  };

  test('is taken when it has the form of its tool, and none but that', async () => {
    for (const [name, [, value]] of Object.entries(results)) {
      await expect(answered(name, JSON.stringify({ value })), name).resolves.toEqual(value);
      const other = name === 'stat' ? 'delete' : 'stat';
      await expect(answered(other, JSON.stringify({ value })), name).rejects.toMatchObject({ code: 'FILE_SYSTEM_FAILED' });
    }
  });

  test('may be an error of these tools, whose class is not said by whoever answers', async () => {
    const error = { code: 'PATH_REFUSED', message: 'It is refused.', details: { path: 'a', reason: 'so' }, cause: 'open failed with EACCES' };
    const thrown = await errorOf(answered('stat', JSON.stringify({ error })));
    expect(thrown).toMatchObject({ code: 'PATH_REFUSED', failureClass: 'POLICY_VIOLATION', message: 'It is refused.', details: { path: 'a', reason: 'so' } });
    expect((thrown.cause as Error).message).toBe('open failed with EACCES');
  });

  const stat = { kind: 'file', bytes: 1, modified: '2024-03-01T10:00:00.000Z', isExecutable: true };
  test.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['half of one', '{"value":{"kind":"fi'],
    ['two of them', `${JSON.stringify({ value: stat })}\n${JSON.stringify({ value: stat })}`],
    ['something before it', `Welcome!\n${JSON.stringify({ value: stat })}`],
    ['neither', '{}'],
    ['both', JSON.stringify({ value: stat, error: { code: 'PATH_REFUSED', message: '' } })],
    ['no object', 'null'],
    ['a list', '[1]'],
    ['a field more', JSON.stringify({ value: { ...stat, more: 1 } })],
    ['a field less', JSON.stringify({ value: { ...stat, bytes: undefined } })],
    ['another kind', JSON.stringify({ value: { ...stat, kind: 'fifo' } })],
    ['no number', '{"value":{"kind":"file","bytes":1e999,"modified":"2024-03-01T10:00:00.000Z","isExecutable":true}}'],
    ['no date', JSON.stringify({ value: { ...stat, modified: 'yesterday' } })],
    ['a code of the kernel', JSON.stringify({ error: { code: 'INVARIANT_BREACH', message: 'x' } })],
    ['a code of other tools', JSON.stringify({ error: { code: 'FETCH_REFUSED', message: 'x' } })],
    ['a code that is none', JSON.stringify({ error: { code: '__proto__', message: 'x' } })],
    ['a class', JSON.stringify({ error: { code: 'PATH_REFUSED', message: 'x', failureClass: 'INVARIANT_BREACH' } })],
    ['details that are none', JSON.stringify({ error: { code: 'PATH_REFUSED', message: 'x', details: { a: { b: 1 } } } })],
    ['an error that is none', JSON.stringify({ error: 'PATH_REFUSED' })],
  ])('that is none is not taken: %s', async (_, text) => {
    const error = await errorOf(answered('stat', text));
    expect(error).toMatchObject({ code: 'FILE_SYSTEM_FAILED', failureClass: 'PERMANENT' });
    expect(error.message).toMatch(/^Nobody knows what was done: what runs in the container did not answer as it should\./);
  });

  test('that is no text, or of which a part is missing, is not taken', async () => {
    const broken = Buffer.concat([Buffer.from('{"value":{"deleted":true,"x":"'), Buffer.from([0xff]), Buffer.from('"}}')]);
    const cut = { head: Buffer.from('{"value":'), tail: Buffer.from('{"deleted":true}}'), cutBytes: 10 };
    for (const stdout of [{ ...bytes(''), head: broken }, cut]) {
      const fs = containedIn(temporaryDirectory(), ending({ stdout }));
      expect((await errorOf(call(fs.delete, { path: 'a' }))).code).toBe('FILE_SYSTEM_FAILED');
    }
  });
});

describe('writes elsewhere', () => {
  /** Calls that are answered when the test says so. */
  function answeredLater(value: unknown) {
    const begun: string[] = [];
    const answers: (() => void)[] = [];
    const exec: CommandRunner['exec'] = async (command, options) => {
      begun.push((JSON.parse(jsonOf(options)) as { readonly args: { readonly path: string } }).args.path);
      await new Promise<void>((resolve) => answers.push(resolve));
      return ending({ stdout: bytes(JSON.stringify({ value })) })(command, options);
    };
    return { begun, answers, exec };
  }

  test('are one after the other, and reads wait for nobody', async () => {
    const { begun, answers, exec } = answeredLater({ deleted: true });
    const fs = containedIn(temporaryDirectory(), exec);
    const writer = defineAgent('writer', function* (ctx, name: string) {
      return yield* name.startsWith('read') ? ctx.tool(fs.stat, { path: name }) : ctx.tool(fs.delete, { path: name });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [writer], tools: Object.values(fs) });
    const results = ['one', 'two', 'read-three'].map((name) => kernel.spawn(writer, name, { grants: ['call:*'] }).result().catch((error: unknown) => (error as OmniError).code));
    await vi.waitUntil(() => begun.length === 2);
    expect(begun.sort()).toEqual(['one', 'read-three']);
    for (const answer of answers.splice(0)) answer();
    await vi.waitUntil(() => begun.length === 3);
    answers[0]!();
    expect(await Promise.all(results)).toEqual([{ deleted: true }, { deleted: true }, 'FILE_SYSTEM_FAILED']);
    await kernel.stop();
  });

  test('are not begun when nobody wants them any more at their turn', async () => {
    const { begun, answers, exec } = answeredLater({ deleted: true });
    const fs = containedIn(temporaryDirectory(), exec);
    const context = (signal: AbortSignal): never => ({ agent: 'a', tool: 't', idempotencyKey: 'k', attempt: 1, signal, hasSecrets: false }) as never;
    const abort = new AbortController();
    const first = fs.delete.run({ path: 'one' } as never, context(new AbortController().signal));
    const second = errorOf(Promise.resolve(fs.delete.run({ path: 'two' } as never, context(abort.signal))));
    await vi.waitUntil(() => begun.length === 1);
    abort.abort();
    answers[0]!();
    await first;
    expect(await second).toMatchObject({ code: 'FILE_SYSTEM_FAILED', message: 'The call was ended in its container: nobody wants it any more.' });
    expect(begun).toEqual(['one']);
  });
});

test('a replay runs nothing anywhere', async () => {
  const root = temporaryDirectory();
  const exec = ending({ stdout: bytes(JSON.stringify({ value: { bytes: 3, sha256: 'a'.repeat(64) } })) });
  const worker = (fs: HostTools['fs']) =>
    defineAgent('worker', function* (ctx) {
      return (yield* ctx.tool(fs.writeFile, { path: 'a.txt', content: 'one' })).bytes;
    });
  const fs = containedIn(root, exec);
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [worker(fs)], tools: Object.values(fs) });
  await expect(kernel.spawn(worker(fs), null, { grants: ['call:host.fs.*'] }).result()).resolves.toBe(3);
  await kernel.stop();
  const none = containedIn(root, () => { throw new Error('run'); });
  await expect(assertReplays(log, { agents: [worker(none)], tools: Object.values(none) })).resolves.toMatchObject({ replay: 'REPRODUCED' });
  expect(readdirSync(root)).toEqual([]);
});
