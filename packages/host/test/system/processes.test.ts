/**
 * Commands that want to run on: none may leave a process behind.
 *
 * Each is bounded by itself, so that a mistake here harms no machine: whatever it starts ends within half a minute, and of
 * what multiplies there are never more than a few dozen.
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import path from 'node:path';
import { bashTool, LocalRunner, Workspace, type BashArguments, type BashResult } from '@omnipaw/host';
import { describe, expect, test } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';
import { namespacePrefix } from '../../src/system/namespace.js';
import { hasOwnIds, threadsOfMachine } from '../../src/system/process-limit.js';
import { call } from '../support/call.js';
import { processesWith } from '../support/processes.js';
import { temporaryDirectory } from '../support/workspace.js';

const hasNamespaces = (await namespacePrefix(process.env)).length > 0;
const MAX_PROCESSES = 12;

/** Starts itself again and again, in a session of its own, until it is 24 generations old; each lives for a while. */
const MULTIPLYING = `#!/bin/bash
[ "$2" -ge 24 ] && exit
setsid "$0" "$1" $(($2 + 1)) &
setsid sleep 20.\${1} &
sleep 20.\${1}
`;

interface Scene {
  readonly mark: string;
  readonly run: (args: BashArguments) => Promise<BashResult>;
}

function scene(namespaces: 'none' | undefined): Scene {
  const root = temporaryDirectory();
  writeFileSync(path.join(root, 'multiply'), MULTIPLYING, { mode: 0o755 });
  const options = { environment: process.env, maxProcesses: MAX_PROCESSES, ...(namespaces === undefined ? {} : { namespaces }) };
  const tool = bashTool('bash', new LocalRunner(new Workspace(root), options));
  // `sleep` takes a fraction, so each test has sleepers of its own, known by their arguments.
  const mark = String(parseInt(randomUUID().slice(0, 8), 16));
  return { mark, run: (args) => call(tool, { args: [mark], ...args }) };
}

const kinds = [
  ['in a namespace', undefined],
  ['found by their mark', 'none'],
] as const;

describe.skipIf(process.platform !== 'linux').each(kinds)('processes %s', (_, namespaces) => {
  test.each([
    ['in the background', 'sleep 20.$1 & echo started'],
    ['in a session of its own', 'setsid sleep 20.$1 & echo started'],
    ['that lost its parent', '(setsid bash -c "sleep 20.$1 & disown" bash "$1" &) ; echo started'],
    ['that ignores every signal it can', 'trap "" HUP INT TERM; (trap "" HUP INT TERM; setsid sleep 20.$1) & echo started'],
    ['without its output', 'setsid nohup sleep 20.$1 >/dev/null 2>&1 & echo started'],
    ['stopped', 'sleep 20.$1 & kill -STOP $!; echo started'],
  ])('are gone after the command: one %s', async (_what, command) => {
    const { mark, run } = scene(namespaces);
    await expect(run({ command })).resolves.toMatchObject({ exitCode: 0, stdout: 'started\n', endedBy: 'itself' });
    expect(processesWith(`20.${mark}`)).toEqual([]);
  });

  test('are gone after a timeout, wherever they have gone', async () => {
    const { mark, run } = scene(namespaces);
    const result = await run({ command: 'echo before; setsid sleep 20.$1 & setsid setsid sleep 20.$1 & sleep 20.$1', timeoutMs: 300 });
    expect(result).toMatchObject({ exitCode: null, signal: null, endedBy: 'timeout', timedOut: true, stdout: 'before\n' });
    expect(processesWith(`20.${mark}`)).toEqual([]);
  });

  test('that multiply end by the limit, all of them', async () => {
    const { mark, run } = scene(namespaces);
    const result = await run({ command: './multiply "$1" 0; sleep 20.$1', timeoutMs: 15_000 });
    expect(result.endedBy).toBe('processes');
    expect(processesWith(mark)).toEqual([]);
  }, 30_000);

  test('are limited by the system itself, too, and let everybody else go first', async () => {
    const { run } = scene(namespaces);
    const maxThreads = 4 * MAX_PROCESSES;
    const idsOfMachine = readFileSync('/proc/sys/kernel/pid_max', 'utf8');
    const { stdout } = await run({ command: 'nice; ulimit -u; cat /proc/sys/kernel/pid_max' });
    const [niceness, ofUser, endOfIds] = stdout.split('\n').map(Number);
    expect(niceness).toBe(19);
    const hasUsers = namespaces === undefined && hasNamespaces && process.getuid!() !== 0;
    if (hasUsers) expect(ofUser).toBe(maxThreads);
    else if (namespaces === 'none' || !hasNamespaces) expect(ofUser).toBeLessThan(maxThreads + 4 * threadsOfMachine());
    else if (hasOwnIds(release())) expect(endOfIds).toBe(301 + maxThreads);
    expect(readFileSync('/proc/sys/kernel/pid_max', 'utf8')).toBe(idsOfMachine);
  });

  test('that multiply faster than they are ended are gone after a timeout, too', async () => {
    const { mark, run } = scene(namespaces);
    // A chain: each starts the next one and ends, so there are few at a time, and never the same ones.
    const chain = 'f() { [ $2 -lt 400 ] || exit; setsid bash -c "$3" "$0" "$1" $(($2 + 1)) "$3" & }; f "$@"; sleep 0.02';
    await run({ command: `${chain}; sleep 20.$1`, args: [mark, '0', chain], timeoutMs: 500 });
    expect(processesWith(mark)).toEqual([]);
  }, 30_000);

  test('that print without an end are ended, and the beginning and the end of what they printed is kept', async () => {
    const { mark, run } = scene(namespaces);
    const result = await run({ command: 'echo begin; yes "$1"', timeoutMs: 25_000 });
    expect(result.endedBy).toBe('output');
    expect(result.truncated).toMatchObject({ code: 'OUTPUT_TRUNCATED', stderrBytes: 0 });
    expect(result.truncated!.stdoutBytes).toBeGreaterThan(1_000_000);
    expect(result.stdout.length).toBeLessThan(70_000);
    expect(result.stdout).toMatch(/^begin\n.*OUTPUT_TRUNCATED: \d+ bytes cut here/s);
    expect(processesWith(mark)).toEqual([]);
  }, 30_000);

  test('that make too large a file are kept from it', async () => {
    const { run } = scene(namespaces);
    // In blocks of 1024 bytes, as bash counts them.
    await expect(run({ command: 'ulimit -f; ulimit -c' })).resolves.toMatchObject({ stdout: `${1024 * 1024}\n0\n` });
    await expect(run({ command: 'truncate -s 1G small && truncate -s 2G large; stat -c %s small large' })).resolves.toMatchObject({ stdout: `${1024 ** 3}\n0\n` });
  });

  test('say by which signal they ended', async () => {
    const { run } = scene(namespaces);
    await expect(run({ command: 'kill -KILL $$' })).resolves.toMatchObject({ exitCode: 137, signal: 'SIGKILL', endedBy: 'itself' });
    await expect(run({ command: 'exit 7' })).resolves.toMatchObject({ exitCode: 7, signal: null });
    await expect(run({ command: 'no-such-program' })).resolves.toMatchObject({ exitCode: 127 });
  });
});

// Nothing that could be installed: a container or a policy of the system may forbid namespaces.
if (!hasNamespaces) console.warn('Left out, because this system gives no namespaces of processes: what only they can do.');
else describe('a namespace of processes', () => {
  test('ends what clears its environment and leaves its session', async () => {
    const { mark, run } = scene(undefined);
    await run({ command: 'env -i setsid sleep 20.$1 & echo started' });
    expect(processesWith(`20.${mark}`)).toEqual([]);
  });

  test('ends with the process of the kernel, also when that is killed', async () => {
    const program = await bundle(new URL('killed-program.ts', import.meta.url));
    const mark = String(parseInt(randomUUID().slice(0, 8), 16));
    const killed = spawn(process.execPath, [program, temporaryDirectory(), mark], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(killed.stdout, 'data');
    await expect.poll(() => processesWith(`20.${mark}`).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    killed.kill('SIGKILL');
    await expect.poll(() => processesWith(`20.${mark}`), { timeout: 10_000 }).toEqual([]);
  }, 30_000);

  test('shows a command no process but its own, and lets it signal no other', async () => {
    const { run } = scene(undefined);
    const result = await run({ command: `kill -0 ${process.pid} 2>/dev/null && echo signalled; cat /proc/${process.pid}/environ 2>/dev/null; ls -d /proc/[0-9]* | wc -l` });
    expect(Number(result.stdout)).toBeLessThan(10);
  });

  test('has nothing below its /proc that would show the processes outside', async () => {
    const { run } = scene(undefined);
    const takenOff = 'umount /proc 2>/dev/null; unshare --user --map-root-user --mount umount /proc 2>/dev/null';
    const { stdout } = await run({ command: `${takenOff}; readlink /proc/[0-9]*/ns/pid` });
    expect(stdout).not.toContain(readlinkSync('/proc/self/ns/pid'));
  });
});
