/** Whatever becomes of calls and kernels: nothing of ours is left on the engine, and nothing else is touched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { CommandRunner } from '@omnipaw/host';
import { LABELS, type DockerSandbox } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../../testing/bundle.js';
import { describeWith } from '../../../testing/components.js';
import { containersOf, noEngine, sandboxIn, sh, testImage, workspace } from './support/sandbox.js';

/** How many calls: `SANDBOX_CALLS=1000 npm test -- packages/sandbox-docker/test/leftovers` tries as many as anybody asks for. */
const CALLS = Number(process.env['SANDBOX_CALLS'] ?? 40);
const PATIENCE_MS = 60_000 + CALLS * 2_000;

const program = await bundle(new URL('support/killed-program.ts', import.meta.url), ['dockerode']);

/** Starts a process that runs a command in a container, and kills it while the command runs; its id. */
async function killedKernel(root: string): Promise<number> {
  const child = spawn(process.execPath, [program, root, testImage()], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  return child.pid!;
}

async function thingsOf(docker: Docker): Promise<unknown> {
  const [{ Volumes }, networks] = await Promise.all([docker.listVolumes(), docker.listNetworks()]);
  return { volumes: Volumes.map(({ Name }) => Name).sort(), networks: networks.map(({ Id }) => Id).sort() };
}

describeWith('docker', 'of a kernel that was killed', () => {
  test('the command ends, too, and its containers are removed by the next one, and no others', async () => {
    const docker = new Docker();
    const root = workspace();
    const bystander = await docker.createContainer({ Image: testImage(), Cmd: ['true'], Labels: { app: 'somebody else' } });
    onTestFinished(async () => { await bystander.remove(); });
    const living = sandboxIn(root, { warm: 1 });
    await living.prepare();

    const pid = await killedKernel(root);
    const left = await containersOf(pid);
    expect(left.length).toBeGreaterThanOrEqual(1);
    // Nobody has asked for it: its standard input is at an end.
    await expect.poll(async () => (await containersOf(pid)).filter(({ State }) => State === 'running').length, { timeout: 20_000 }).toBe(0);

    await sandboxIn(root).prepare();
    expect(await containersOf(pid)).toEqual([]);
    expect(await containersOf(process.pid)).toHaveLength(1);
    await expect(bystander.inspect()).resolves.toMatchObject({ State: { Status: 'created' } });
  }, PATIENCE_MS);

  test.each([
    ['of another machine', (owner: string[]) => ['elsewhere', ...owner.slice(1)]],
    ['of another space of processes', (owner: string[]) => [...owner.slice(0, 2), 'pid:[1]', ...owner.slice(3)]],
    ['with a label that somebody else has written', () => ['x']],
  ])('a container %s is left alone', async (_what, change) => {
    const docker = new Docker();
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const [mine] = await containersOf(process.pid);
    const owner = mine!.Labels[LABELS.owner]!.split('/');
    // A process with that number has started at another time, so here it would be known to be over.
    const other = change([...owner.slice(0, 4), '1']).join('/');
    const container = await docker.createContainer({ Image: testImage(), Cmd: ['true'], Labels: { [LABELS.owner]: other } });
    onTestFinished(async () => { await container.remove(); });
    await sandboxIn(workspace()).prepare();
    await expect(container.inspect()).resolves.toMatchObject({ State: { Status: 'created' } });
  });

  test('a container of a machine that has started again since is removed, unless it runs: then there is another one with the same name', async () => {
    const docker = new Docker();
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const [host, , ...rest] = (await containersOf(process.pid))[0]!.Labels[LABELS.owner]!.split('/');
    const options = { Image: testImage(), Cmd: ['sleep', '60'], Labels: { [LABELS.owner]: [host, 'before', ...rest].join('/') }, HostConfig: { NetworkMode: 'none' } };
    const named = (name: string): Docker.ContainerCreateOptions => ({ ...options, name: `omnipaw-${process.pid}-${name}` });
    const running = await docker.createContainer(named('running'));
    onTestFinished(async () => { await running.remove({ force: true }); });
    await running.start();
    const left = await docker.createContainer(named('left'));
    await sandboxIn(workspace()).prepare();
    await expect(left.inspect()).rejects.toMatchObject({ statusCode: 404 });
    await expect(running.inspect()).resolves.toMatchObject({ State: { Running: true } });
  });

  test('a container of a process whose number another one has by now is removed', async () => {
    const docker = new Docker();
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const owner = (await containersOf(process.pid))[0]!.Labels[LABELS.owner]!.split('/');
    const container = await docker.createContainer({ name: `omnipaw-${process.pid}-other`, Image: testImage(), Cmd: ['true'], Labels: { [LABELS.owner]: [...owner.slice(0, 4), '1'].join('/') } });
    await sandboxIn(workspace()).prepare();
    await expect(container.inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('a container that has got its labels from an image, which was made of one of ours, is nobody\'s business', async () => {
    const docker = new Docker();
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const owner = (await containersOf(process.pid))[0]!.Labels[LABELS.owner]!.split('/');
    const container = await docker.createContainer({ Image: testImage(), Cmd: ['true'], Labels: { [LABELS.owner]: [...owner.slice(0, 4), '1'].join('/') } });
    onTestFinished(async () => { await container.remove(); });
    await sandboxIn(workspace()).prepare();
    await expect(container.inspect()).resolves.toMatchObject({ State: { Status: 'created' } });
  });
});

/** What one call is, and how it must end: by whom and with which code, or with which error. */
type Ending = readonly [end: string, call: (sandbox: DockerSandbox, root: string) => Promise<{ readonly endedBy: string; readonly exitCode: number | null }>];

const ENDINGS: readonly Ending[] = [
  ['itself 0', (sandbox) => sh(sandbox, 'echo done')],
  ['itself 3', (sandbox) => sh(sandbox, 'exit 3')],
  ['itself 137', (sandbox) => sh(sandbox, 'kill -9 $$')],
  ['itself 137', (sandbox) => sh(sandbox, 'kill -9 -1; sleep 60')],
  ['timeout', (sandbox) => sh(sandbox, 'sleep 60', { timeoutMs: 300 })],
  ['timeout', (sandbox) => sh(sandbox, 'sleep 60', { timeoutMs: 1 })],
  ['abort', (sandbox) => sh(sandbox, 'sleep 60', { signal: AbortSignal.timeout(200) })],
  ['abort', (sandbox) => sh(sandbox, 'sleep 60', { signal: AbortSignal.abort() })],
  ['itself 0', (sandbox) => sh(sandbox, 'setsid sleep 60 & sleep 60 & exit 0')],
  ['memory', (sandbox) => sh(sandbox, 'tail -c 1000000000 /dev/zero')],
  ['output', (sandbox) => sh(sandbox, 'yes')],
  ['itself 0', (sandbox) => sh(sandbox, 'head -c 2000000 /dev/zero')],
  ['itself 127', (sandbox) => (sandbox as CommandRunner).exec(['/nosuch'], { cwd: '.', env: {}, timeoutMs: 9_000, maxOutputBytes: 10, signal: new AbortController().signal })],
  ['disk', (_sandbox, root) => sh(sandboxIn(root, { limits: { maxDiskBytes: 1 } }), 'dd if=/dev/zero of=$(mktemp ./XXXXXX) bs=1M count=8; sleep 60')],
  ['PATH_REFUSED', (sandbox) => sh(sandbox, 'pwd', { cwd: '../x' })],
  ['SANDBOX_FAILED', (_sandbox, root) => sh(sandboxIn(root, { network: 'omnipaw-none' }), 'id')],
  ['SANDBOX_UNREACHABLE', (_sandbox, root) => sh(sandboxIn(root, { docker: noEngine() }), 'id')],
];

async function endOf(call: ReturnType<Ending[1]>): Promise<string> {
  try {
    const { endedBy, exitCode } = await call;
    return endedBy === 'itself' ? `itself ${exitCode}` : endedBy;
  } catch (thrown) {
    return String((thrown as { readonly code?: unknown }).code);
  }
}

describeWith('docker', 'after many calls with every kind of ending', () => {
  test('no container, volume or network is left', async () => {
    const docker = new Docker();
    const root = workspace();
    const before = await thingsOf(docker);
    const sandbox = sandboxIn(root, { warm: 1, limits: { memoryBytes: 32 * 1024 * 1024 } });
    const pids: number[] = [process.pid];
    const ends: string[] = [];
    let next = 0;
    const caller = async (): Promise<void> => {
      while (next < CALLS) {
        const number = next++;
        // One more than there are endings: with that the kernel is killed.
        const ending = ENDINGS[number % (ENDINGS.length + 1)];
        if (ending === undefined) pids.push(await killedKernel(root));
        else ends.push(`${number}: ${await endOf(ending[1](sandbox, root))}`);
      }
    };
    await Promise.all([caller(), caller(), caller()]);
    expect(await sandbox.close()).toEqual([]);
    await sandboxIn(root).prepare();
    const wanted = Array.from({ length: CALLS }, (_none, number) => ENDINGS[number % (ENDINGS.length + 1)]).flatMap((ending, number) => (ending === undefined ? [] : [`${number}: ${ending[0]}`]));
    expect(ends.sort()).toEqual(wanted.sort());
    expect(pids.length).toBeGreaterThan(1);
    for (const pid of pids) expect(await containersOf(pid)).toEqual([]);
    expect(await thingsOf(docker)).toEqual(before);
  }, PATIENCE_MS);
});
