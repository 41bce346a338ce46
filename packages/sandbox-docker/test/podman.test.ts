/** What can differ where Podman is the engine: it makes containers its own way, and talks as Docker does only nearly. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LABELS, type DockerSandbox, type DockerSandboxOptions } from '@omnipaw/sandbox-docker';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import { startPodman, type Podman } from './support/podman.js';
import { containersOf, expectedUid, sandboxIn, sh, workspace } from './support/sandbox.js';

describeWith('podman', 'a command in a container of Podman', () => {
  let podman: Podman;
  beforeAll(async () => { podman = await startPodman(); });
  afterAll(async () => { await podman.stop(); });
  const sandboxOf = (root: string, options: Partial<DockerSandboxOptions> = {}): DockerSandbox => sandboxIn(root, { docker: podman.docker, image: podman.image, ...options });

  test('is told its words as they are, changes the workspace as its user, and leaves nothing else', async () => {
    const root = workspace();
    const { exitCode, stdout, stderr } = await sh(sandboxOf(root), ['printf "[%s]" "$@" | tee file; echo "$WORD" >&2; echo gone > /tmp/file; pwd; exit 3', "it's", '$(touch x)', '🐾'], { env: { WORD: "a 'b'" } });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 3, stdout: "[it's][$(touch x)][🐾]/workspace\n", stderr: "a 'b'\n" });
    expect(readFileSync(path.join(root, 'file'), 'utf8')).toBe("[it's][$(touch x)][🐾]");
    expect(statSync(path.join(root, 'file')).uid).toBe(expectedUid());
    expect(await containersOf(process.pid, podman.docker)).toEqual([]);
  });

  test('has no rights, no network, nothing to write to, and its limits', async () => {
    const sandbox = sandboxOf(workspace(), { limits: { maxProcesses: 64, maxOpenFiles: 99, tmpBytes: 2 ** 20 } });
    const { stdout } = await sh(sandbox, 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status | tr -d "\\t"; tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d " "; tail -n +2 /proc/net/route; ulimit -n; cat /sys/fs/cgroup/pids/pids.max || cat /sys/fs/cgroup/pids.max');
    const none = '0'.repeat(16);
    expect(stdout.trim().split('\n')).toEqual([...['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'].map((name) => `Cap${name}:${none}`), 'NoNewPrivs:1', 'Seccomp:2', 'lo', '99', '64']);
    const { stderr } = await sh(sandbox, 'touch /x; dd if=/dev/zero of=/tmp/x bs=1M count=9');
    expect(stderr).toMatch(/Read-only file system[\s\S]*No space left on device/);
    await expect(sh(sandbox, 'unshare -r true; touch file; chmod 4755 file')).resolves.toMatchObject({ stderr: expect.stringMatching(/(Operation not permitted[\s\S]*){2}/) });
  });

  test('has nothing of what is mounted below the workspace', async () => {
    const root = workspace();
    const below = path.join(root, 'below');
    mkdirSync(below, { mode: 0o777 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', below]);
    onTestFinished(() => { execFileSync('umount', [below]); });
    writeFileSync(path.join(below, 'file'), '');
    await expect(sh(sandboxOf(root), 'ls -d below; ls -A below')).resolves.toMatchObject({ exitCode: 0, stdout: 'below\n' });
  });

  test('is killed when its time is up, when nobody wants it any more, and when it prints too much', async () => {
    const sandbox = sandboxOf(workspace());
    const abort = new AbortController();
    await expect(sh(sandbox, 'echo begun; trap "" TERM; sleep 60', { timeoutMs: 3_000 })).resolves.toMatchObject({ endedBy: 'timeout', stdout: 'begun\n' });
    await expect(sh(sandbox, 'echo begun; sleep 60', { signal: abort.signal, onOutput: () => { abort.abort(); } })).resolves.toMatchObject({ endedBy: 'abort', stdout: 'begun\n' });
    await expect(sh(sandbox, 'yes')).resolves.toMatchObject({ endedBy: 'output' });
    expect(await containersOf(process.pid, podman.docker)).toEqual([]);
  });

  test('has one that waited to itself, and those of a process that has ended are removed', async () => {
    const sandbox = sandboxOf(workspace(), { warm: 1 });
    await sandbox.prepare();
    const [waiting] = await containersOf(process.pid, podman.docker);
    await expect(sh(sandbox, 'cat /tmp/x; echo one > /tmp/x')).resolves.toMatchObject({ exitCode: 0 });
    await expect(sh(sandbox, 'cat /tmp/x')).resolves.toMatchObject({ exitCode: 1 });
    const ended = [...waiting!.Labels[LABELS.owner]!.split('/').slice(0, 4), '1'].join('/');
    const left = await podman.docker.createContainer({ name: 'omnipaw-before', Image: podman.image, Cmd: ['true'], Labels: { [LABELS.owner]: ended } });
    await sandboxOf(workspace()).prepare();
    await expect(left.inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(await sandbox.close()).toEqual([]);
    expect(await containersOf(process.pid, podman.docker)).toEqual([]);
  });

  test('fails with what is missing: the image, or a network', async () => {
    await expect(sh(sandboxOf(workspace(), { image: 'omnipaw/none' }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_IMAGE_MISSING' });
    await expect(sh(sandboxOf(workspace(), { network: 'omnipaw-none' }), 'id')).rejects.toMatchObject({ code: 'SANDBOX_FAILED' });
  });
});
