import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hostTools, type CommandRunner } from '@omnipaw/host';
import type { OmniError, Entry} from '@omnipaw/kernel';
import { createKernel, defineAgent, MemoryLogStore, readEntries } from '@omnipaw/kernel';
import { assertReplays } from '@omnipaw/testing';
import { DockerSandbox, LABELS } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { containersOf, expectedUid, noEngine, sandboxIn, sh, testImage, workspace } from './support/sandbox.js';

describeWith('docker', 'a command in a container', () => {
  test('is told its words as they are, and says what it says on two streams', async () => {
    const words = ["it's", '"; touch injected; "', '$(touch injected)', '`touch injected`', '\ntouch injected\n', '-c', '', '\\', '🐾'];
    const { exitCode, stdout, stderr } = await sh(sandboxIn(workspace()), ['printf "[%s]" "$@"; echo "$WORD" >&2; ls', ...words], { env: { WORD: "a 'b' $(c)" } });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: words.map((word) => `[${word}]`).join(''), stderr: "a 'b' $(c)\n" });
  });

  test('runs without a shell in between, too', async () => {
    const { signal } = new AbortController();
    const result = await sandboxIn(workspace()).exec(['echo', '$HOME', '*'], { cwd: '.', env: {}, timeoutMs: 30_000, maxOutputBytes: 100, signal });
    expect(Buffer.from(result.stdout.head).toString()).toBe('$HOME *\n');
  });

  test.each([
    ['exit 3', 3],
    ['nosuchprogram', 127],
    ['touch plain; ./plain', 126],
    ['kill -9 $$', 137],
    ['kill -TERM $$', 143],
    ['sleep 30 & exit 0', 0],
  ])('that ends by itself has its exit code: %s', async (line, exitCode) => {
    await expect(sh(sandboxIn(workspace()), line)).resolves.toMatchObject({ endedBy: 'itself', exitCode });
  });

  test('is killed when its time is up', async () => {
    const { endedBy, exitCode, stdout } = await sh(sandboxIn(workspace()), 'echo begun; trap "" TERM INT; sleep 60; echo over', { timeoutMs: 3_000 });
    expect({ endedBy, exitCode, stdout }).toEqual({ endedBy: 'timeout', exitCode: null, stdout: 'begun\n' });
  });

  test('is killed when nobody wants it any more, also before it has begun', async () => {
    const sandbox = sandboxIn(workspace());
    const abort = new AbortController();
    const running = sh(sandbox, 'echo begun; sleep 60', { signal: abort.signal, onOutput: () => { abort.abort(); } });
    await expect(running).resolves.toMatchObject({ endedBy: 'abort', stdout: 'begun\n' });
    await expect(sh(sandbox, 'touch begun', { signal: AbortSignal.abort() })).resolves.toMatchObject({ endedBy: 'abort', stdout: '' });
    await expect(sh(sandbox, 'ls')).resolves.toMatchObject({ stdout: '' });
  });

  test('is killed when it takes more memory than it may', async () => {
    const sandbox = sandboxIn(workspace(), { limits: { memoryBytes: 32 * 1024 * 1024 } });
    await expect(sh(sandbox, 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done')).resolves.toMatchObject({ endedBy: 'memory', exitCode: null });
  });

  test('is killed when it prints more than anybody keeps', async () => {
    const { endedBy, stdout } = await sh(sandboxIn(workspace()), 'yes');
    expect(endedBy).toBe('output');
    expect(stdout.length).toBeLessThan(100_000);
  });

  test('is killed when it fills up the disk', async () => {
    const root = workspace();
    const sandbox = sandboxIn(root, { limits: { maxDiskBytes: 64 * 1024 * 1024, maxFileBytes: 8 * 1024 * 1024 } });
    await expect(sh(sandbox, 'i=0; while [ $i -lt 500 ]; do dd if=/dev/zero of=$i bs=1M count=8 2>/dev/null; i=$((i+1)); done')).resolves.toMatchObject({ endedBy: 'disk', exitCode: null });
    expect(readdirSync(root).length).toBeLessThan(500);
  });

  test('runs where it is told, below the root and nowhere else', async () => {
    const root = workspace();
    mkdirSync(path.join(root, "it's a folder"));
    writeFileSync(path.join(root, 'file'), '');
    const sandbox = sandboxIn(root);
    await expect(sh(sandbox, 'pwd', { cwd: "it's a folder" })).resolves.toMatchObject({ stdout: "/workspace/it's a folder\n" });
    await expect(sh(sandbox, 'pwd', { cwd: '../x' })).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    await expect(sh(sandbox, 'pwd', { cwd: 'file' })).rejects.toMatchObject({ code: 'PATH_REFUSED' });
    await expect(sh(sandbox, 'pwd', { cwd: 'none' })).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(sh(sandbox, 'a\0b')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await expect(sh(sandbox, 'a', { env: { 'A B': '' } })).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
  });

  test('changes files in the workspace and nowhere else, as the user that it runs as', async () => {
    const root = workspace();
    const sandbox = sandboxIn(root);
    await expect(sh(sandbox, 'mkdir d; echo kept > d/file; echo gone > /file; echo gone > /tmp/file')).resolves.toMatchObject({ exitCode: 0 });
    await expect(sh(sandbox, 'cat d/file; ls /tmp /file')).resolves.toMatchObject({ stdout: 'kept\n/tmp:\n' });
    for (const name of ['d', 'd/file']) expect(statSync(path.join(root, name)).uid).toBe(expectedUid());
    expect(readFileSync(path.join(root, 'd/file'), 'utf8')).toBe('kept\n');
  });

  test('that takes away its own rights to the workspace has taken them from no other one', async () => {
    const root = workspace();
    const sandbox = sandboxIn(root, { warm: 1 });
    await sandbox.prepare();
    for (const mode of ['0', '500', '600']) await expect(sh(sandbox, `touch file && chmod ${mode} . && echo done`)).resolves.toMatchObject({ stdout: 'done\n' });
    await expect(sh(sandbox, 'ls')).resolves.toMatchObject({ stdout: 'file\n' });
  });

  test.runIf(process.getuid?.() === 0)('has nothing of what is mounted below the workspace', async () => {
    const root = workspace();
    const below = path.join(root, 'below');
    mkdirSync(below, { mode: 0o777 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', below]);
    onTestFinished(() => { execFileSync('umount', [below]); });
    writeFileSync(path.join(below, 'file'), '');
    await expect(sh(sandboxIn(root), 'ls -d below; ls -A below')).resolves.toMatchObject({ exitCode: 0, stdout: 'below\n' });
  });

  test('has a container of its own with labels that say whose it is, and nothing is left of it', async () => {
    const caller = { agent: 'worker-1', tool: 'host.system.bash', idempotencyKey: 'a1b2/worker-1/3/0' };
    const abort = new AbortController();
    let running: Promise<unknown> | undefined;
    await new Promise<void>((resolve) => {
      running = sh(sandboxIn(workspace()), 'echo begun; sleep 60', { caller, signal: abort.signal, onOutput: () => { resolve(); } });
    });
    const seen = await containersOf(process.pid);
    abort.abort();
    await running;
    expect(seen).toHaveLength(1);
    expect(seen[0]!.Labels).toMatchObject({ [LABELS.kernel]: 'a1b2', [LABELS.agent]: 'worker-1', [LABELS.tool]: 'host.system.bash', [LABELS.call]: 'a1b2/worker-1/3/0' });
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('is not what an image makes of it: neither its entry point, nor its user, nor its volumes', async () => {
    const docker = new Docker();
    const name = 'omnipaw/sandbox-test-strange';
    const container = await docker.createContainer({ Image: testImage(), Cmd: ['sh', '-c', 'mkdir -m 777 /data && echo kept > /data/file'], HostConfig: { NetworkMode: 'none' } });
    await container.start();
    await container.wait();
    await container.commit({ repo: name, changes: 'ENTRYPOINT ["/bin/false"]\nUSER root\nVOLUME /data /tmp/ /workspace\nENV PATH=/bin:/usr/bin' });
    await container.remove();
    onTestFinished(async () => { await docker.getImage(name).remove(); });
    const volumesBefore = (await docker.listVolumes()).Volumes.length;
    const root = workspace();
    const { exitCode, stdout, stderr } = await sh(sandboxIn(root, { image: name, limits: { tmpBytes: 2 ** 20 } }), 'id -u; cat /data/file; touch /tmp/mine mine; dd if=/dev/zero of=/data/large bs=1M count=10');
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 1, stdout: `${expectedUid()}\n`, stderr: expect.stringContaining('No space left on device') });
    expect(readdirSync(root)).toEqual(['mine']);
    expect((await docker.listVolumes()).Volumes.length).toBe(volumesBefore);
  });

  test('is lost when somebody removes its container', async () => {
    const docker = new Docker();
    const onOutput = (): void => { void containersOf(process.pid).then(([mine]) => docker.getContainer(mine!.Id).remove({ force: true })); };
    const running = sh(sandboxIn(workspace()), 'echo begun; sleep 60', { onOutput });
    await expect(running).rejects.toMatchObject({ code: 'SANDBOX_LOST', message: expect.stringContaining('Nobody knows what the command has done') });
  });

  test.runIf(process.getuid?.() === 0)('is refused when it would run as root', async () => {
    const sandbox = new DockerSandbox({ root: '/usr/share', image: testImage() });
    await expect(sh(sandbox, 'id')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED' });
    await expect(sh(sandboxIn(workspace(), { user: { uid: 0, gid: 0 } }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED' });
    await expect(sh(sandboxIn(workspace(), { user: { uid: 4321, gid: 0 } }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_REFUSED', message: expect.stringContaining("root's group") });
    const root = workspace();
    chmodSync(root, 0o777);
    await expect(sh(sandboxIn(root, { user: { uid: 4321, gid: 4322 } }), 'id -u; id -g')).resolves.toMatchObject({ stdout: '4321\n4322\n' });
  });

  test('fails with what is missing: the image, the network, the engine', async () => {
    const root = workspace();
    await expect(sh(sandboxIn(root, { image: 'omnipaw/none' }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING', message: expect.stringContaining('docker pull omnipaw/none') });
    await expect(sh(sandboxIn(root, { network: 'omnipaw-none' }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_FAILED', message: expect.stringContaining('omnipaw-none') });
    const docker = noEngine();
    await expect(sh(sandboxIn(root, { docker }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_UNREACHABLE' });
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('finds the engine again when it was not there at first', async () => {
    const sandbox = sandboxIn(workspace(), { image: 'omnipaw/sandbox-test-late' });
    await expect(sh(sandbox, 'id')).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING' });
    const docker = new Docker();
    await docker.getImage(testImage()).tag({ repo: 'omnipaw/sandbox-test-late', tag: 'latest' });
    onTestFinished(async () => { await docker.getImage('omnipaw/sandbox-test-late').remove(); });
    await expect(sh(sandbox, 'echo here')).resolves.toMatchObject({ stdout: 'here\n' });
  });

  test('runs beside others', async () => {
    const sandbox = sandboxIn(workspace());
    const results = await Promise.all([1, 2, 3, 4].map((number) => sh(sandbox, ['echo $1 > file-$1; cat file-$1', String(number)])));
    expect(results.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n', '4\n']);
  });
});

describeWith('docker', 'containers that wait', () => {
  test('are used once each, for calls that do not know of each other', async () => {
    const sandbox = sandboxIn(workspace(), { warm: 2 });
    await sandbox.prepare();
    const waiting = (await containersOf(process.pid)).map(({ Id }) => Id);
    expect(waiting).toHaveLength(2);
    await expect(sh(sandbox, 'echo one > /tmp/x; export X=1; hostname', { env: { Y: '2' } })).resolves.toMatchObject({ exitCode: 0 });
    await expect(sh(sandbox, 'cat /tmp/x; echo "[$X$Y]"')).resolves.toMatchObject({ stdout: '[]\n' });
    await sandbox.prepare();
    const next = (await containersOf(process.pid)).map(({ Id }) => Id);
    expect(next).toHaveLength(2);
    expect(next.filter((id) => waiting.includes(id))).toEqual([]);
    expect(await sandbox.close()).toEqual([]);
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('are passed over when somebody has ended them', async () => {
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const [waiting] = await containersOf(process.pid);
    await new Docker().getContainer(waiting!.Id).kill();
    await expect(sh(sandbox, 'echo done')).resolves.toMatchObject({ stdout: 'done\n' });
  });
});

describeWith('docker', 'host tools with SANDBOX_MODE=docker', () => {
  test('run their commands in containers, output is on record while they run, and a replay needs no engine', async () => {
    const root = workspace();
    const host = hostTools({ root, runners: [sandboxIn(root)], environment: { SANDBOX_MODE: 'docker' } });
    const worker = defineAgent('worker', function* (ctx) {
      const first = yield* ctx.tool(host.system.bash, { command: 'echo one; sleep 1; echo $1 > file; ls /workspace', args: ['two'] });
      const second = yield* ctx.tool(host.fs.readFile, { path: 'file' });
      const third = yield* ctx.tool(host.system.bash, { command: 'sleep 60', timeoutMs: 500 });
      return [first.stdout, second.content, third.endedBy, third.timedOut, first.where.replace(/[0-9a-f]{64}$/, '…')];
    });
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [worker], tools: host.all });
    const result = await kernel.spawn(worker, null, { grants: ['call:host.*'] }).result();
    await kernel.stop();
    expect(result).toEqual(['one\nfile\n', 'two\n', 'timeout', true, `docker ${testImage()} sha256:…`]);
    const entries: Entry[] = [];
    for await (const entry of readEntries(log)) entries.push(entry as unknown as Entry);
    expect(entries.filter(({ kind }) => kind === 'TOOL_PROGRESS').map(({ data }) => (data as { value?: unknown }).value)).toContainEqual({ stdout: 'one\n', stderr: '' });
    const nowhere = new DockerSandbox({ root, docker: noEngine() });
    const { all: tools } = hostTools({ root, runners: [nowhere], environment: { SANDBOX_MODE: 'docker' } });
    await expect(assertReplays(log, { agents: [worker], tools })).resolves.toMatchObject({ replay: 'REPRODUCED' });
  });

  test('an engine that is not there fails the call, and the kernel goes on', async () => {
    const root = workspace();
    const docker = noEngine();
    const host = hostTools({ root, runners: [new DockerSandbox({ root, docker })], environment: { SANDBOX_MODE: 'docker' } });
    const worker = defineAgent('worker', function* (ctx) {
      try {
        yield* ctx.tool(host.system.bash, { command: 'id' });
      } catch (error) {
        yield* ctx.tool(host.fs.writeFile, { path: 'report', content: (error as OmniError).code });
      }
      return 'went on';
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [worker], tools: host.all });
    await expect(kernel.spawn(worker, null, { grants: ['call:host.*'] }).result()).resolves.toBe('went on');
    await kernel.stop();
    expect(readFileSync(path.join(root, 'report'), 'utf8')).toBe('SANDBOX_UNREACHABLE');
  });

  test('let git run there, too, where that is asked for', async () => {
    const root = workspace();
    const sandbox = sandboxIn(root);
    const environment = { SANDBOX_MODE: 'docker' };
    const init = 'git init -q -b main && echo one > file && git add file && git -c user.name=Ada -c user.email=ada@example.org commit -q -m First';
    await expect(sh(sandbox, init)).resolves.toMatchObject({ exitCode: 0 });
    const callers: string[] = [];
    const runner: CommandRunner = { mode: 'docker', exec: (command, options) => { callers.push(command[0]); return sandbox.exec(command, options); } };
    const host = hostTools({ root, runners: [runner], environment, git: { contained: true } });
    const worker = defineAgent('worker', function* (ctx) {
      return (yield* ctx.tool(host.git.log, {})).commits.map(({ message }) => message.trim());
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [worker], tools: host.all });
    await expect(kernel.spawn(worker, null, { grants: ['call:host.*'] }).result()).resolves.toEqual(['First']);
    await kernel.stop();
    expect(new Set(callers)).toEqual(new Set(['git']));
  });
});
