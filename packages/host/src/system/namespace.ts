/**
 * A process namespace for each command, where the system gives one: when its first process ends, Linux kills all that are in
 * it, whatever they have done to get away, and they see and signal no process outside of it.
 */
import { spawn } from 'node:child_process';

/** Ends the namespace with the process that has made it, also where that is killed. */
const WITH_PARENT = ['setpriv', '--pdeathsig', 'KILL'];
const OF_PROCESSES = ['--pid', '--fork', '--kill-child'];
/** What shows processes outside is taken away, not only covered: root may take off what covers it. */
const PROC_ANEW = 'umount --lazy --all --types proc && mount --types proc proc /proc && exec "$@"';
/** Root has a namespace at once. */
const AS_ROOT = ['unshare', ...OF_PROCESSES, '--mount', '/bin/sh', '-c', PROC_ANEW, 'sh'];
/** Others have it through a namespace of users, where that is allowed; in one, nobody may take off what covers the mounts that were there before. */
const AS_USER = ['unshare', '--user', '--map-current-user', ...OF_PROCESSES, '--mount-proc'];
const PROBE_TIMEOUT_MS = 5_000;

/** What to put before a command so that it gets a namespace; nothing where there is none. */
export async function namespacePrefix(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const prefix = process.getuid?.() === 0 ? AS_ROOT : AS_USER;
  for (const command of [[...WITH_PARENT, ...prefix], prefix]) if (await succeeds([...command, 'true'], env)) return command;
  return [];
}

function succeeds([program, ...args]: readonly string[], env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = spawn(program!, args, { env, stdio: 'ignore', timeout: PROBE_TIMEOUT_MS, killSignal: 'SIGKILL' });
    probe.on('error', () => { resolve(false); });
    probe.on('exit', (code) => { resolve(code === 0); });
  });
}
