/**
 * How Linux itself holds the limit of processes, which it does at once, while whoever counts them comes later the more there are.
 * It counts threads as well.
 */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';

/** What the wrapper of a command sets; empty for what it leaves alone. */
export interface ProcessLimit {
  /** For all processes of the command's user (`ulimit -u`); root has no such limit. */
  readonly ofUser: string;
  /** One more than the highest id in the command's namespace (`kernel.pid_max`). */
  readonly endOfIds: string;
}

/** Since which Linux the highest id belongs to a namespace. Before, it is the one of the machine. */
const OWN_IDS_SINCE = [6, 14] as const;
/** Linux gives an id below this one only once. */
const RESERVED_IDS = 300;

/** For each process that a command may have: one that compiles or tests has about that many. */
const THREADS_PER_PROCESS = 4;

/** The limit for a command with a prefix from `namespacePrefix`. */
export function processLimit(prefix: readonly string[], maxProcesses: number): ProcessLimit {
  const maxThreads = THREADS_PER_PROCESS * maxProcesses;
  // The namespace has users of its own, whose processes are those of the command.
  if (prefix.includes('--user')) return { ofUser: String(maxThreads), endOfIds: '' };
  if (prefix.length > 0) return { ofUser: '', endOfIds: hasOwnIds(release()) ? String(RESERVED_IDS + 1 + maxThreads) : '' };
  // Those of this user alone would be too few: in a container, Linux counts what the same user has outside, which nobody sees in here.
  const others = threadsOfMachine();
  return { ofUser: others > 0 ? String(others + maxThreads) : '', endOfIds: '' };
}

export function hasOwnIds(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => parseInt(part, 10));
  return major > OWN_IDS_SINCE[0] || (major === OWN_IDS_SINCE[0] && minor >= OWN_IDS_SINCE[1]);
}

/** How many threads there are now, of all users and outside of a container, too; 0 where that is not told. Quick, however many. */
export function threadsOfMachine(): number {
  try {
    return Number(/ \d+\/(\d+) /.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
