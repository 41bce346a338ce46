/** Which process a container belongs to, as text for a label; and whether it is over. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process id comes again; with these it is known which process it is. Empty where the system does not tell. */
interface Owner {
  readonly host: string;
  readonly boot: string;
  readonly namespace: string;
  readonly pid: string;
  readonly started: string;
}

const FIELDS = ['host', 'boot', 'namespace', 'pid', 'started'] as const;

/** This process. */
export function thisOwner(): string {
  const here = { ...place(), pid: String(process.pid), started: startOf(String(process.pid)) ?? '' };
  return FIELDS.map((field) => here[field]).join('/');
}

/**
 * Whether that process is known to have ended. Of another machine, of an earlier boot of this one, of another space of processes,
 * or where the system does not tell of these, nobody here knows: two machines may well have the same name.
 */
export function isOver(label: string): boolean {
  const parts = label.split('/');
  if (parts.length !== FIELDS.length) return false;
  const owner = Object.fromEntries(FIELDS.map((field, index) => [field, parts[index]])) as unknown as Owner;
  const here = place();
  if (here.boot === '' || here.namespace === '') return false;
  if (owner.boot !== here.boot || owner.namespace !== here.namespace) return false;
  if (!isAlive(Number(owner.pid))) return true;
  // Of somebody else's process a system may not tell when it has started: then it is taken for the one that is meant.
  const started = owner.started === '' ? undefined : startOf(owner.pid);
  return started !== undefined && started !== owner.started;
}

function place(): Pick<Owner, 'host' | 'boot' | 'namespace'> {
  return {
    host: hostname(),
    boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '',
    namespace: attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '',
  };
}

/** When a process has started, in ticks since the machine has: the 22nd field, and the second may have anything in it. Empty for one that has ended; undefined where it is not told. */
function startOf(pid: string): string | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const hasEnded = fields[0] === 'Z' || fields[0] === 'X';
  return hasEnded ? '' : fields[19];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
