/** Who holds a lock, and whether that thread can still be there: pure but for the look into the process table. */
import fs from 'node:fs';
import os from 'node:os';

/** A thread of a process, told apart from every other on this machine, earlier and later ones with the same number included. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** In clock ticks since the machine started. This one and the next three are known on Linux only. */
  readonly startTime: string | null;
  /** Its number, and when it was started: a kernel in a worker thread ends with it, and the process goes on. */
  readonly thread: string | null;
  /** Another one after each start of the machine. */
  readonly bootId: string | null;
  /** Two containers on one machine do not see each other's processes. */
  readonly pidNamespace: string | null;
}

export function thisProcess(): Holder {
  return {
    pid: process.pid,
    host: os.hostname(),
    startTime: statusOf('self')?.startTime ?? null,
    thread: thisThread(),
    bootId: ifReadable(() => fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: ifReadable(() => fs.readlinkSync('/proc/self/ns/pid')),
  };
}

/** Whether the holder is dead beyond doubt. Whatever can't be known from here counts as alive. */
export function isCertainlyDead(holder: Holder, observer: Holder): boolean {
  if (holder.host !== observer.host) return false;
  const isOtherBoot = holder.bootId !== null && observer.bootId !== null && holder.bootId !== observer.bootId;
  if (isOtherBoot) return true;
  return holder.pidNamespace === observer.pidNamespace && !(isRunning(holder.pid, holder.startTime) && isThreadRunning(holder));
}

/** Whether a process with this number runs; with a start time, whether it is that very process. */
export function isRunning(pid: number, startTime: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there and belongs to somebody else.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const status = statusOf(pid);
  if (status === undefined) return true;
  // A zombie holds nothing any more: it waits for its parent to take note of its end.
  return status.state !== 'Z' && status.state !== 'X' && (startTime === null || status.startTime === startTime);
}

/** Synchronous calls look from the thread that makes them. */
function thisThread(): string | null {
  const number = ifReadable(() => fs.readlinkSync('/proc/thread-self').split('/').at(-1)!);
  const startTime = statusOf('thread-self')?.startTime;
  return number === null || startTime === undefined ? null : `${number}@${startTime}`;
}

function isThreadRunning({ pid, thread }: Holder): boolean {
  const [number = '', startTime] = thread?.split('@') ?? [];
  const threads = ifReadable(() => fs.readdirSync(`/proc/${pid}/task`));
  // Where nothing is known of threads, the process is what counts.
  if (threads === null || thread === null) return true;
  const status = threads.includes(number) ? statusOf(`${pid}/task/${number}`) : { startTime: undefined };
  return status === undefined || status.startTime === startTime;
}

function statusOf(which: string | number): { state: string | undefined; startTime: string | undefined } | undefined {
  const line = ifReadable(() => fs.readFileSync(`/proc/${which}/stat`, 'utf8'));
  if (line === null) return undefined;
  // The second field, the name in parentheses, may hold anything; the third field, the state, comes after it.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], startTime: fields[22 - 3] };
}

function ifReadable<Found>(read: () => Found): Found | null {
  try {
    return read();
  } catch {
    return null;
  }
}
