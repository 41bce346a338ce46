/** Whatever becomes of calls and kernels: nothing of ours is left on the engine, and nothing else is touched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostTools, type CommandRunner } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore, type OmniKernel, type Tool } from '@omnipaw/kernel';
import { LABELS, type DockerSandbox } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { expect, onTestFinished, test } from 'vitest';
import { bundle } from '../../../testing/bundle.js';
import { describeWith } from '../../../testing/components.js';
import { ToolEnds } from '../../cli/src/calls/tool-ends.js';
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

  /** A container as that process would have made it, but for what is changed. */
  async function container(change: { readonly owner?: (parts: readonly string[]) => readonly string[]; readonly until?: string; readonly name?: string }): Promise<Docker.Container> {
    const sandbox = sandboxIn(workspace(), { warm: 1 });
    await sandbox.prepare();
    const { [LABELS.owner]: mine } = (await containersOf(process.pid))[0]!.Labels;
    // A process with that number has started at another time, so it is known to be over.
    const owner = (change.owner ?? ((parts) => parts))([...mine!.split('/').slice(0, 4), '1']).join('/');
    const made = await new Docker().createContainer({
      ...(change.name === undefined ? {} : { name: `omnipaw-${process.pid}-${change.name}` }),
      Image: testImage(),
      Cmd: ['sleep', '60'],
      Labels: { [LABELS.owner]: owner, [LABELS.until]: change.until ?? '2100-01-01T00:00:00.000Z' },
      HostConfig: { NetworkMode: 'none' },
    });
    onTestFinished(async () => { await made.remove({ force: true }).catch(() => undefined); });
    return made;
  }

  const elsewhere = (parts: readonly string[]): readonly string[] => ['elsewhere', 'boot', ...parts.slice(2)];
  const otherSpace = (parts: readonly string[]): readonly string[] => [...parts.slice(0, 2), 'pid:[1]', ...parts.slice(3)];

  test.each([
    ['of another machine, or of an earlier boot of this one', { name: 'elsewhere', owner: elsewhere }],
    ['of another space of processes', { name: 'space', owner: otherSpace }],
    ['with labels that somebody else has written', { name: 'somebody', owner: () => ['x'], until: 'x' }],
    ['that has its labels from an image, which was made of one of ours', { until: '2000-01-01T00:00:00.000Z' }],
  ])('a container %s is left alone, whether it runs or not', async (_what, change) => {
    const [running, waiting] = [await container({ ...change, ...('name' in change ? { name: `${change.name}-running` } : {}) }), await container(change)];
    await running.start();
    await sandboxIn(workspace()).prepare();
    await expect(running.inspect()).resolves.toMatchObject({ State: { Running: true } });
    await expect(waiting.inspect()).resolves.toMatchObject({ State: { Status: 'created' } });
  });

  test.each([
    ['of a process whose number another one has by now', { name: 'number' }],
    ['of another machine, when its time is over', { name: 'late', owner: elsewhere, until: new Date(Date.now() - 1_000).toISOString() }],
    ['of another space of processes, when its time is over', { name: 'space', owner: otherSpace, until: new Date(Date.now() - 1_000).toISOString() }],
  ])('a container %s is removed', async (_what, change) => {
    const left = await container(change);
    await sandboxIn(workspace()).prepare();
    await expect(left.inspect()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('containers say when their time is over: a quarter of an hour after that of the command, or a day later if they wait', async () => {
    const hoursLeft = async (): Promise<number> => (Date.parse((await containersOf(process.pid))[0]!.Labels[LABELS.until]!) - Date.now()) / 3_600_000;
    const seen: number[] = [];
    const waiting = sandboxIn(workspace(), { warm: 1 });
    await waiting.prepare();
    seen.push(await hoursLeft());
    await waiting.close();
    const abort = new AbortController();
    const onOutput = (): void => { void hoursLeft().then((hours) => { seen.push(hours); abort.abort(); }); };
    await sh(sandboxIn(workspace()), 'echo begun; sleep 60', { timeoutMs: 3_600_000, signal: abort.signal, onOutput });
    expect(seen).toEqual([expect.closeTo(24.25, 1), expect.closeTo(1.25, 1)]);
  });
});

describeWith('docker', 'of a kernel that was stopped', () => {
  /** A kernel whose agent has a command run in a container. */
  async function running(watch: (tools: readonly Tool[]) => readonly Tool[]): Promise<{ readonly kernel: OmniKernel; readonly sandbox: DockerSandbox }> {
    const root = workspace();
    const sandbox = sandboxIn(root);
    const host = hostTools({ root, runners: [sandbox], environment: { SANDBOX_MODE: 'docker' } });
    const worker = defineAgent('worker', function* (ctx) {
      yield* ctx.tool(host.system.bash, { command: 'echo begun; sleep 60' });
    });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [worker], tools: watch(host.all) });
    const begun = new Promise<void>((resolve) => { kernel.subscribe(({ kind }) => { if (kind === 'TOOL_PROGRESS') resolve(); }); });
    kernel.spawn(worker, null, { grants: ['call:host.system.bash'] }).result().catch(() => undefined);
    await begun;
    expect(await containersOf(process.pid)).toHaveLength(1);
    return { kernel, sandbox };
  }

  test('nothing is left when the sandbox is closed then', async () => {
    const { kernel, sandbox } = await running((tools) => tools);
    await kernel.stop();
    expect(await sandbox.close()).toEqual([]);
    expect(await containersOf(process.pid)).toEqual([]);
  });

  test('nothing is left of a run on the command line, which ends when its tools have', async () => {
    const ends = new ToolEnds();
    const { kernel } = await running((tools) => ends.watch(tools));
    await kernel.stop();
    await ends.settled();
    expect(await containersOf(process.pid)).toEqual([]);
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

/** An engine that has much to do can tell of the memory after the end: then it is that of a process that was killed. Seen in one of 72. */
function toldLate(wanted: string, end: string): string {
  return wanted === 'memory' && end === 'itself 137' ? wanted : end;
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
        else ends.push(`${number}: ${toldLate(ending[0], await endOf(ending[1](sandbox, root)))}`);
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
