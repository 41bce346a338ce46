import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKernel, defineAgent, MemoryLogStore, readEntries, secret } from '@omnipaw/kernel';
import { hostEnvironment, hostTools, LocalRunner, Workspace, type CommandRunner, type ExecOptions } from '@omnipaw/host';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { call, codeOf } from '../support/call.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

describe.skipIf(process.platform === 'win32')('host.system.bash', () => {
  test('gives a command a few variables, and none of those of the process', async () => {
    const root = temporaryDirectory();
    const environment = { PATH: process.env['PATH'], TZ: 'UTC', API_KEY: 'leaked', LD_PRELOAD: '/x.so', BASH_ENV: '/x.sh', NODE_OPTIONS: '-r x' };
    const { stdout } = await call(hostTools({ root, environment }).system.bash, { command: 'env' });
    const names = stdout.trim().split('\n').map((line) => line.split('=')[0]);
    expect(names.sort()).toEqual(['HOME', 'LANG', 'OMNIPAW_COMMAND', 'PATH', 'PWD', 'SHLVL', 'TZ', '_']);
    expect(stdout).toContain(`HOME=${root}`);
  });

  test('looks for programs in no place where agents can write', async () => {
    const root = tree({ 'bin/git': '#!/bin/sh\necho fooled\n' });
    const usual = realpathSync('/usr/bin');
    const environment = { PATH: `${root}/bin:.:bin::${root}:/usr/bin:${usual}` };
    await expect(call(hostTools({ root, environment }).system.bash, { command: 'echo $PATH' })).resolves.toMatchObject({ stdout: `${usual}\n` });
    await expect(call(hostTools({ root, environment: { PATH: 'bin' } }).system.bash, { command: 'echo $PATH' })).resolves.toMatchObject({ stdout: '/usr/local/bin:/usr/bin:/bin\n' });
  });

  test('looks for programs in no such place by way of a link, either, nor where a name begins with two dots', async () => {
    const outside = temporaryDirectory();
    const root = tree({ 'bin/fooled': 'echo bin', '..bin/fooled': 'echo dots', 'later/x': '' });
    for (const name of ['bin', '..bin']) chmodSync(path.join(root, name, 'fooled'), 0o755);
    const link = path.join(outside, 'link');
    symlinkSync(root, link);
    symlinkSync(outside, path.join(root, 'swapped'));
    const places = [`${link}/bin`, `${root}/..bin`, `${link}/later/not-yet`, `${root}/swapped`, '/usr/bin', '/bin'];
    const { system } = hostTools({ root: link, environment: { PATH: places.join(':') } });
    await expect(call(system.bash, { command: 'echo $PATH; fooled' })).resolves.toMatchObject({
      stdout: `${[...new Set([outside, ...['/usr/bin', '/bin'].map((place) => realpathSync(place))])].join(':')}\n`,
      exitCode: 127,
    });
  });

  test('reads no start-up file that lies in the root', async () => {
    const root = tree({ '.bashrc': 'echo injected', '.profile': 'echo injected', '.bash_profile': 'echo injected' });
    await expect(call(hostTools({ root }).system.bash, { command: 'echo clean' })).resolves.toMatchObject({ stdout: 'clean\n' });
  });

  test('runs where it is told, below the root', async () => {
    const root = tree({ 'folder/file.txt': '' });
    const { system } = hostTools({ root });
    await expect(call(system.bash, { command: 'pwd; ls', cwd: 'folder' })).resolves.toMatchObject({ stdout: `${root}/folder\nfile.txt\n` });
    await expect(call(system.bash, { command: 'pwd' })).resolves.toMatchObject({ stdout: `${root}\n` });
    expect(await codeOf(call(system.bash, { command: 'pwd', cwd: '..' }))).toBe('PATH_REFUSED');
    expect(await codeOf(call(system.bash, { command: 'pwd', cwd: 'none' }))).toBe('FILE_NOT_FOUND');
    expect(await codeOf(call(system.bash, { command: 'pwd', cwd: 'folder/file.txt' }))).toBe('PATH_REFUSED');
  });

  test('reads no command as an option', async () => {
    const { system } = hostTools({ root: temporaryDirectory() });
    await expect(call(system.bash, { command: '--version' })).resolves.toMatchObject({ stdout: '', exitCode: 127 });
    await expect(call(system.bash, { command: '-c', args: ['touch', 'x'] })).resolves.toMatchObject({ exitCode: 127 });
    await expect(call(system.bash, { command: '- || echo "$0 $1"', args: ['-x'] })).resolves.toMatchObject({ stdout: 'bash -x\n' });
  });

  describe('is not made to run what stands in its data', () => {
    const attempts = ['; touch injected', '$(touch injected)', '`touch injected`', '| touch injected', '&& touch injected', '\ntouch injected\n', "'; touch injected; '", '"; touch injected; "', '--help', '-c touch injected', '$IFS', '* ?', '\\'];

    test.each(attempts)('as an argument: %j', async (attempt) => {
      const { system, fs } = hostTools({ root: temporaryDirectory() });
      await expect(call(system.bash, { command: 'printf "[%s]" "$@"', args: [attempt, 'next'] })).resolves.toMatchObject({ stdout: `[${attempt}][next]`, stderr: '' });
      await expect(call(fs.listDir, { path: '.' })).resolves.toMatchObject({ items: [] });
    });

    test.each(attempts)('as the value of a variable: %j', async (attempt) => {
      const { system, fs } = hostTools({ root: temporaryDirectory(), bash: { variables: ['WORD'] } });
      await expect(call(system.bash, { command: 'printf "[%s]" "$WORD"', env: { WORD: attempt } })).resolves.toMatchObject({ stdout: `[${attempt}]`, stderr: '' });
      await expect(call(fs.listDir, { path: '.' })).resolves.toMatchObject({ items: [] });
    });

    test.each(attempts.filter((attempt) => !/[\n\\]/.test(attempt)))('as the working directory: %j', async (attempt) => {
      const root = temporaryDirectory();
      mkdirSync(path.join(root, attempt));
      const { system, fs } = hostTools({ root });
      await expect(call(system.bash, { command: 'pwd', cwd: attempt })).resolves.toMatchObject({ stdout: `${root}/${attempt}\n`, stderr: '' });
      await expect(call(fs.listDir, { path: '.' })).resolves.toMatchObject({ items: [{ name: attempt }] });
    });

    test.each(['BASH_ENV', 'ENV', 'LD_PRELOAD', 'PATH', 'HOME', 'IFS', 'PS4', 'SHELLOPTS', 'NODE_OPTIONS', 'GIT_SSH_COMMAND', 'OMNIPAW_COMMAND', 'BASH_FUNC_echo%%', 'A=B', '', 'A B', '__proto__', 'word'])(
      'as the name of a variable: %j',
      async (name) => {
        const { system } = hostTools({ root: temporaryDirectory(), bash: { variables: ['WORD'] } });
        const env = JSON.parse(`{${JSON.stringify(name)}: "() { touch injected; }"}`);
        // Left out by the schema.
        if (name === '__proto__') await expect(call(system.bash, { command: 'env | grep -c injected', env })).resolves.toMatchObject({ stdout: '0\n' });
        else expect(await codeOf(call(system.bash, { command: 'env', env }))).toBe('TOOL_INPUT_INVALID');
      },
    );

    test.each([[{ command: 'echo a\0b' }], [{ command: 'echo', args: ['a\0b'] }], [{ command: 'echo', env: { WORD: 'a\0b' } }], [{ command: '' }], [{ command: 'x', timeoutMs: 30_001 }], [{ command: 'x', shell: 'zsh' }]])(
      'nor takes %j',
      async (args) => {
        const { system } = hostTools({ root: temporaryDirectory(), bash: { variables: ['WORD'] } });
        expect(await codeOf(call(system.bash, args as never))).toBe('TOOL_INPUT_INVALID');
      },
    );
  });

  test('gives what it was made with to every command', async () => {
    const { system } = hostTools({ root: temporaryDirectory(), bash: { env: { STAGE: 'test' } } });
    await expect(call(system.bash, { command: 'echo $STAGE' })).resolves.toMatchObject({ stdout: 'test\n' });
  });

  test('makes text of any bytes, and cuts between characters', async () => {
    const { system } = hostTools({ root: temporaryDirectory() });
    await expect(call(system.bash, { command: String.raw`printf '\xff\x00ok'` })).resolves.toMatchObject({ stdout: '\uFFFD\0ok', truncated: null, where: 'local' });
    const { stdout, truncated } = await call(system.bash, { command: String.raw`for i in {1..30000}; do printf 'x\xf0\x9f\x90\xbe'; done; echo end` });
    expect(stdout).not.toContain('\uFFFD');
    expect(stdout).toMatch(/^x.*OUTPUT_TRUNCATED.*end\n$/su);
    expect(truncated).toEqual({ code: 'OUTPUT_TRUNCATED', stdoutBytes: 150_004 - 65_536, stderrBytes: 0 });
  });

  test('tells of output while it comes, with whose it is', async () => {
    const heard: string[] = [];
    const { system } = hostTools({
      root: temporaryDirectory(),
      bash: { onOutput: ({ agent, stream, bytes, idempotencyKey }) => heard.push(`${agent.split('-')[0]!} ${stream} ${Buffer.from(bytes).toString()} ${typeof idempotencyKey}`) },
    });
    await call(system.bash, { command: 'echo one; sleep 0.05; echo two >&2' });
    expect(heard).toEqual(['caller stdout one\n string', 'caller stderr two\n string']);
  });

  test('fails the call when whoever listens throws, after the command has ended', async () => {
    const root = temporaryDirectory();
    const { system, fs } = hostTools({ root, bash: { onOutput: () => { throw new Error('full'); } } });
    expect(await codeOf(call(system.bash, { command: 'echo one; sleep 0.05; echo two; touch done' }))).toBe('TOOL_FAILED');
    await expect(call(fs.listDir, { path: '.' })).resolves.toMatchObject({ items: [{ name: 'done' }] });
  });

  test('has no secret in the log, neither given nor printed', async () => {
    const { system } = hostTools({ root: temporaryDirectory(), bash: { variables: ['TOKEN'] } });
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(system.bash, { command: 'echo "$TOKEN"; echo "$TOKEN" >&2', env: { TOKEN: secret('token') } });
    });
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [agent], tools: [system.bash], secrets: () => 'hunter2' });
    await expect(kernel.spawn(agent, null, { grants: ['call:host.system.bash', 'read:secret:token'] }).result()).resolves.toMatchObject({ stdout: '[secret token]\n' });
    await kernel.stop();
    for await (const entry of readEntries(log)) expect(JSON.stringify(entry)).not.toContain('hunter2');
  });

  test('has no half of a secret in the log, where output is cut', async () => {
    const { system } = hostTools({ root: temporaryDirectory(), bash: { variables: ['TOKEN'] } });
    // 32 KiB are kept of the beginning, which ends in a secret; as much of the end, which begins in one.
    const command = String.raw`echo first; printf '%32757s\n%s\n%5000s\n%s\n%32758s\n' x "$TOKEN" x "$TOKEN" x; echo last`;
    const plain = await call(system.bash, { command, env: { TOKEN: 'hunter2' } });
    expect(plain.stdout).toMatch(/\nhunt\n.*OUTPUT_TRUNCATED.*\ner2\n/);
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(system.bash, { command, env: { TOKEN: secret('token') } });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [agent], tools: [system.bash], secrets: () => 'hunter2' });
    const { stdout, truncated } = await kernel.spawn(agent, null, { grants: ['call:host.system.bash', 'read:secret:token'] }).result();
    await kernel.stop();
    expect(stdout).not.toMatch(/hunt|er2/);
    expect(stdout).toMatch(/^first\n[^]*OUTPUT_TRUNCATED[^]*\nlast\n$/);
    expect(stdout).toContain(`[OUTPUT_TRUNCATED: ${truncated!.stdoutBytes} bytes cut here]`);
  });

  test('is killed when its agent is', async () => {
    const root = temporaryDirectory();
    const { system } = hostTools({ root });
    const agent = defineAgent('agent', function* (ctx) {
      return yield* ctx.tool(system.bash, { command: 'echo started > started; sleep 20; touch late' });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [agent], tools: [system.bash] });
    const result = kernel.spawn(agent, null, { grants: ['call:host.system.bash'] }).result();
    const outcome = expect(result).rejects.toMatchObject({ code: 'KERNEL_STOPPED' });
    await expect.poll(() => call(hostTools({ root }).fs.stat, { path: 'started' }).catch(() => undefined)).toBeDefined();
    await kernel.stop();
    await outcome;
  });
});

describe('SANDBOX_MODE', () => {
  const docker: CommandRunner = {
    mode: 'docker',
    exec: async (command, { cwd }: ExecOptions) => {
      const nothing = { head: new Uint8Array(), tail: new Uint8Array(), cutBytes: 0 };
      return { endedBy: 'itself', exitCode: 0, stdout: { ...nothing, head: Buffer.from(`${cwd}: ${command.join(' ')}`) }, stderr: nothing };
    },
  };

  test('runs commands in the runner that it names', async () => {
    const host = hostTools({ root: temporaryDirectory(), runners: [docker], environment: { SANDBOX_MODE: 'docker' } });
    await expect(call(host.system.bash, { command: 'id' })).resolves.toMatchObject({ stdout: '.: bash --noprofile --norc -c -- id bash' });
  });

  test.each([[undefined], [''], ['local']])('is local when it is %j', (SANDBOX_MODE) => {
    expect(() => hostTools({ root: temporaryDirectory(), runners: [docker], environment: { SANDBOX_MODE } })).not.toThrow();
  });

  test.each(['docker', 'firecracker'])('that names a runner which is not there is refused at once: %s', (SANDBOX_MODE) => {
    const root = temporaryDirectory();
    writeFileSync(path.join(root, 'x'), '');
    expect(() => hostTools({ root, environment: { SANDBOX_MODE } })).toThrow(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE' }));
  });
});

test.skipIf(process.platform === 'win32')('what a command prints that is over at once is not lost', async () => {
  const runner = new LocalRunner(new Workspace(temporaryDirectory()), { environment: process.env, maxProcesses: 10 });
  const { signal } = new AbortController();
  for (let time = 0; time < 30; time++) {
    const { stdout } = await runner.exec(['echo', 'said'], { cwd: '.', env: {}, timeoutMs: 10_000, signal, maxOutputBytes: 100 });
    expect(Buffer.from(stdout.head).toString()).toBe('said\n');
  }
});

test.each([
  ['fs, git', {}, ['node', 'git']],
  ['git', {}, ['git']],
  ['fs,git', { fs: { contained: false } }, ['git']],
  ['', { fs: { contained: true } }, ['node']],
])('SANDBOX_TOOLS=%s names the tools that do their work where commands run, unless options do: %j', async (SANDBOX_TOOLS, options, expected) => {
  const programs = new Set<string>();
  const runner: CommandRunner = {
    mode: 'test',
    exec: ([program]) => {
      programs.add(program === 'git' ? 'git' : 'node');
      return Promise.reject(new Error('no'));
    },
  };
  const { fs, git } = hostTools({ root: tree({ '.git/HEAD': 'ref: refs/heads/main\n', '.git/config': '' }), runners: [runner], environment: { SANDBOX_MODE: 'test', SANDBOX_TOOLS }, ...options });
  await call(fs.listDir, { path: '.' }).catch(() => undefined);
  await call(git.status, {}).catch(() => undefined);
  expect([...programs]).toEqual(expected);
});

test('SANDBOX_TOOLS names no other tools', () => {
  const make = (): unknown => hostTools({ root: temporaryDirectory(), environment: { SANDBOX_TOOLS: 'fs,net' } });
  expect(make).toThrow(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE', message: expect.stringContaining('"net"') }));
});

describe('a .env file', () => {
  test('says where commands run, unless the environment does, and nothing else', () => {
    const folder = tree({ '.env': '# SANDBOX_MODE=x\nexport SANDBOX_MODE="docker" # in containers\r\n SANDBOX_IMAGE = mine:1 # ours\r\nSANDBOX_X=\'a#b\'\nSANDBOX_Y=\nAPI_KEY=secret\nPATH=/evil\n' });
    expect(hostEnvironment(folder)).toEqual({ ...process.env, SANDBOX_MODE: 'docker', SANDBOX_IMAGE: 'mine:1', SANDBOX_X: 'a#b', SANDBOX_Y: '' });
    vi.stubEnv('SANDBOX_MODE', 'local');
    expect(hostEnvironment(folder)['SANDBOX_MODE']).toBe('local');
    vi.unstubAllEnvs();
    expect(hostEnvironment(temporaryDirectory())).toEqual(process.env);
  });

  test('that agents can write says nothing of where they run', () => {
    const folder = realpathSync(tree({ '.env': 'API_KEY=secret\nSANDBOX_MODE=docker\n', 'below/.env': 'SANDBOX_IMAGE=theirs\n', 'beside/x': '' }));
    const outside = realpathSync(temporaryDirectory());
    symlinkSync(path.join(folder, 'below/.env'), path.join(outside, '.env'));
    const refused = expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE', message: expect.stringMatching(/SANDBOX_\w+ stands in .*\.env, which is in the root/) });
    for (const directory of [folder, path.join(folder, 'below'), outside]) expect(() => hostEnvironment(directory, folder)).toThrow(refused);
    expect(hostEnvironment(folder, path.join(folder, 'beside'))).toMatchObject({ SANDBOX_MODE: 'docker' });
    vi.stubEnv('SANDBOX_MODE', 'local');
    expect(hostEnvironment(folder, folder)).toMatchObject({ SANDBOX_MODE: 'local' });
    vi.unstubAllEnvs();
    const before = process.cwd();
    onTestFinished(() => { process.chdir(before); });
    process.chdir(folder);
    expect(() => hostTools({ root: '.' })).toThrow(refused);
    expect(() => hostTools({ root: 'beside' })).toThrow(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE', message: expect.stringContaining('there is no runner') }));
    expect(() => hostTools({ root: '.', environment: {} })).not.toThrow();
  });

  test('that can not be read is not passed over', () => {
    const folder = temporaryDirectory();
    mkdirSync(path.join(folder, '.env'));
    expect(() => hostEnvironment(folder)).toThrow(expect.objectContaining({ code: 'SANDBOX_UNAVAILABLE' }));
  });
});
