/** What a call in a container costs, against the engine's own command with the same flags; needs an engine. `kit` is what the kernel's benchmarks are made with. */
import { spawnSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEFAULT_LIMITS, DockerSandbox } from '@omnipaw/sandbox-docker';

const CALLS = 20;
const UID = process.getuid?.() || 61_234;
const { memoryBytes, cpus, maxProcesses, maxOpenFiles, maxFileBytes, tmpBytes } = DEFAULT_LIMITS;
const FLAGS = [
  ...['run', '--rm', '--init', '--network', 'none', '--ipc', 'private', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--read-only', '--log-driver', 'none'],
  ...['--memory', memoryBytes, '--memory-swap', memoryBytes, '--cpus', cpus, '--pids-limit', maxProcesses, '--shm-size', tmpBytes],
  ...['--ulimit', `nofile=${maxOpenFiles}`, '--ulimit', `fsize=${maxFileBytes}`, '--ulimit', 'core=0', '--ulimit', 'msgqueue=0', '--ulimit', 'sigpending=1024', '--cgroupns', 'private', '--tmpfs', `/tmp:rw,noexec,nosuid,nodev,mode=1777,size=${tmpBytes}`],
  ...['--user', `${UID}:${UID}`, '--workdir', '/workspace', '--entrypoint', '/bin/sh'],
].map(String);

export function suitesWith({ takeTurns, spread, ratioOf }) {
  return {
    docker: async ({ rounds, scale, onRound }) => {
      const image = testImage();
      if (image === undefined) return [];
      const calls = Math.max(2, Math.round(CALLS * scale));
      const results = await takeTurns(
        {
          'docker run --rm': inTurn(calls, (root) => ({ call: () => command(['docker', ...FLAGS, '--mount', `type=bind,src=${root},dst=/workspace`, image, '-c', 'true']) })),
          'a call in a new container': inSandbox(calls, image, 0),
          'a call in one that waits': inSandbox(calls, image, 1),
        },
        rounds,
        onRound,
      );
      const ms = (result) => result.ms / calls;
      const row = (name, of) => ({ name, unit: 'ms', ...spread(results[name], ms), ...(of === undefined ? {} : { ratio: ratioOf(results, name, of, ms), of }) });
      return [row('docker run --rm'), row('a call in a new container', 'docker run --rm'), row('a call in one that waits', 'a call in a new container')];
    },
  };
}

/** Undefined, and said, where there is no engine. */
function testImage() {
  const { status, stdout, stderr } = spawnSync('bash', [fileURLToPath(new URL('../../../testing/sandbox-image.sh', import.meta.url))], { encoding: 'utf8' });
  if (status === 0) return stdout.trim();
  console.error(`Left out, for want of an engine: docker. ${stderr.trim()}`);
  return undefined;
}

/** The time of calls, one after the other, without that of what `before` does. */
function inTurn(calls, callIn) {
  return async (directory) => {
    if (process.getuid?.() === 0) chownSync(directory, UID, UID);
    const { before = () => undefined, call, after = () => undefined } = callIn(directory);
    let ms = 0;
    for (let done = 0; done < calls; done++) {
      await before();
      const start = performance.now();
      await call();
      ms += performance.now() - start;
    }
    await after();
    return { ms };
  };
}

function inSandbox(calls, image, warm) {
  return inTurn(calls, (root) => {
    const sandbox = new DockerSandbox({ root, image, warm });
    const { signal } = new AbortController();
    return {
      before: () => sandbox.prepare(),
      call: async () => {
        const { exitCode } = await sandbox.exec(['true'], { cwd: '.', env: {}, timeoutMs: 30_000, maxOutputBytes: 1_000, signal });
        if (exitCode !== 0) throw new Error(`The call ended with ${exitCode}.`);
      },
      after: () => sandbox.close(),
    };
  });
}

function command([program, ...args]) {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
}
