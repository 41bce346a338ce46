/** A Podman of the test's own: its images, its containers, its service; everything in one directory, which is gone afterwards. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Docker from 'dockerode';
import { vi } from 'vitest';
import { SCRIPT } from './sandbox.js';

/**
 * Lets containers have fewer processes than Podman asks for where it is told no number: Linux gives those only to a root that has
 * CAP_SYS_RESOURCE, which root in a machine like CI's has not.
 */
const RUNTIME = `#!/bin/sh
for word; do
  if [ "$before" = --bundle ]; then sed -i 's/"RLIMIT_NPROC","hard":[0-9]*,"soft":[0-9]*/"RLIMIT_NPROC","hard":4096,"soft":4096/' "$word/config.json"; fi
  before=$word
done
exec "$(command -v runc || command -v crun)" "$@"
`;

export interface Podman {
  readonly docker: Docker;
  readonly image: string;
  stop(): Promise<void>;
}

/** With runc, if it is there, and not Podman's usual crun, which refuses a Linux that has cgroups of both versions. */
export async function startPodman(): Promise<Podman> {
  const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-podman-'));
  const file = (name: string, lines: readonly string[]): string => {
    writeFileSync(path.join(directory, name), `${lines.join('\n')}\n`);
    return path.join(directory, name);
  };
  const runtime = file('runtime', [RUNTIME]);
  chmodSync(runtime, 0o755);
  const env = {
    ...process.env,
    CONTAINERS_CONF: file('containers.conf', ['[engine]', 'runtime = "bounded"', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"', '[engine.runtimes]', `bounded = ["${runtime}"]`]),
    CONTAINERS_STORAGE_CONF: file('storage.conf', ['[storage]', 'driver = "overlay"', `graphroot = "${directory}/images"`, `runroot = "${directory}/run"`]),
  };
  const image = execFileSync('bash', [SCRIPT, 'podman'], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const socketPath = path.join(directory, 'podman.sock');
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socketPath}`], { env, cwd: directory, stdio: 'ignore' });
  await vi.waitUntil(() => existsSync(socketPath), 20_000);
  const stop = async (): Promise<void> => {
    service.kill();
    await once(service, 'exit');
    // The places where it has mounted images.
    execFileSync('podman', ['unmount', '--all', '--force'], { env, stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  };
  return { docker: new Docker({ socketPath, host: undefined }), image, stop };
}
