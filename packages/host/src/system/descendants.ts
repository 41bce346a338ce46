/**
 * Finds and ends all that a command has started, on Linux.
 *
 * A process can leave its group and its session, and its parent can die before it; its environment it keeps, unless it starts
 * another program with another one. So every command has a variable of its own, by which its descendants are found in
 * `/proc/PID/environ`; and the children of what is found, by their parents, belong to it too.
 *
 * They are stopped before they are killed, and looked for again until there is none: what forks faster than it is killed
 * stands still first.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostError } from '../errors.js';

export const TAG_VARIABLE = 'OMNIPAW_COMMAND';

const ROUNDS = 400;
const ROUND_MS = 5;
/** One is not enough: a process may end between the list of processes and the look at it, and its child not be on the list. */
const EMPTY_LOOKS = 3;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly isMarked: boolean;
}

/** The ids of all processes of a command that run. */
export function descendantsOf(tag: string): readonly number[] {
  const living = processes(Buffer.from(`${TAG_VARIABLE}=${tag}\0`));
  const found = new Set(living.filter(({ isMarked }) => isMarked).map(({ pid }) => pid));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const { pid, parent } of living) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

/** Ends all processes of a command, and throws `PROCESSES_LEFT` when that does not succeed within seconds. */
export async function endDescendants(tag: string): Promise<void> {
  for (let round = 0, empty = 0; round < ROUNDS; round++) {
    empty = killDescendants(tag) === 0 ? empty + 1 : 0;
    if (empty === EMPTY_LOOKS) return;
    await sleep(ROUND_MS);
  }
  const left = descendantsOf(tag);
  if (left.length > 0) throw hostError('PROCESSES_LEFT', `Processes of a command could not be killed: ${left.slice(0, 20).join(', ')}. End them by hand.`, { details: { pids: left } });
}

/** Kills all processes of a command that can be found now, and says how many that are. */
export function killDescendants(tag: string): number {
  const stopped = stopAll(tag);
  for (const pid of stopped) send(pid, 'SIGKILL');
  return stopped.length;
}

/** Between two looks without a turn in between; over when a look finds nobody who is not stopped already. */
function stopAll(tag: string): readonly number[] {
  const stopped = new Set<number>();
  for (let look = 0; look < 10; look++) {
    const running = descendantsOf(tag).filter((pid) => !stopped.has(pid));
    if (running.length === 0) break;
    for (const pid of running) {
      send(pid, 'SIGSTOP');
      stopped.add(pid);
    }
  }
  return [...stopped];
}

/** A process that has ended meanwhile, or belongs to somebody else by now, gets nothing. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw thrown;
  }
}

/** The newest first, since those are the ones that may be gone soon. */
function processes(mark: Buffer): Process[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.sort((one, other) => other - one).flatMap((pid) => processOf(pid, mark));
}

/** `PID (NAME) STATE PARENT …`, and the name may have anything in it. */
function processOf(pid: number, mark: Buffer): Process[] {
  const isMarked = readProc(`/proc/${pid}/environ`).includes(mark);
  const stat = readProc(`/proc/${pid}/stat`).toString('latin1');
  const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isOver = parent === undefined || state === 'Z' || state === 'X';
  return isOver ? [] : [{ pid, parent: Number(parent), isMarked }];
}

/** Empty for a process that is gone, or of another user: then it is none of ours. */
function readProc(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0);
  }
}
