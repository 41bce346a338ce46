/** Sandboxes in the engine of this machine, and what is around them. */
import { spawnSync } from 'node:child_process';
import { chownSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { textOfOutput, type ExecOptions } from '@omnipaw/host';
import { DockerSandbox, LABELS, type DockerSandboxOptions } from '@omnipaw/sandbox-docker';
import Docker from 'dockerode';
import { onTestFinished, vi } from 'vitest';

/** Containers take their time where many tests run at once. */
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

export const SCRIPT = fileURLToPath(new URL('../../../../testing/sandbox-image.sh', import.meta.url));
/** Nobody's, if these tests run as root. */
const UID = 61_234;

let made: string | undefined;

/** The name of an image with busybox and git. */
export function testImage(): string {
  if (made === undefined) {
    const { status, stdout, stderr } = spawnSync('bash', [SCRIPT], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`No image for tests: ${stderr}`);
    made = stdout.trim();
  }
  return made;
}

/** As whom commands run here. */
export function expectedUid(): number {
  return process.getuid!() === 0 ? UID : process.getuid!();
}

/** A directory that belongs to whom commands run as, and is gone after the test. */
export function workspace(): string {
  const { directory, remove } = permanentWorkspace();
  onTestFinished(remove);
  return directory;
}

/** The same, for several tests. */
export function permanentWorkspace(): { readonly directory: string; readonly remove: () => void } {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), 'omnipaw-sandbox-')));
  if (process.getuid!() === 0) chownSync(directory, UID, UID);
  return { directory, remove: () => { rmSync(directory, { recursive: true, force: true }); } };
}

export function sandboxIn(root: string, options: Partial<DockerSandboxOptions> = {}): DockerSandbox {
  const sandbox = new DockerSandbox({ root, ...options, image: options.image ?? testImage() });
  onTestFinished(async () => { await sandbox.close(); });
  return sandbox;
}

/** Where nobody listens, whatever `DOCKER_HOST` says. */
export function noEngine(): Docker {
  return new Docker({ protocol: 'http', host: '127.0.0.1', port: 1 });
}

export interface Ran {
  readonly endedBy: string;
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a line of shell, with words as `$1`, `$2`, …. */
export async function sh(sandbox: DockerSandbox, line: string | readonly [line: string, ...args: string[]], options: Partial<ExecOptions> = {}): Promise<Ran> {
  const [script, ...args] = typeof line === 'string' ? [line] : line;
  const given = { cwd: '.', env: {}, timeoutMs: 30_000, maxOutputBytes: 64 * 1024, signal: new AbortController().signal, ...options };
  const { endedBy, exitCode, stdout, stderr } = await sandbox.exec([...sandbox.shell, script, 'sh', ...args], given);
  return { endedBy, exitCode, stdout: textOfOutput(stdout), stderr: textOfOutput(stderr) };
}

/** The containers that a process has made and that are there, whatever they do. */
export async function containersOf(pid: number, docker = new Docker()): Promise<readonly Docker.ContainerInfo[]> {
  const all = await docker.listContainers({ all: true, filters: { label: [LABELS.owner] } });
  return all.filter(({ Labels }) => Labels[LABELS.owner]!.split('/')[3] === String(pid));
}
