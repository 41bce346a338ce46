import type { OmniError } from '../errors/index.js';
import type { ExecutionLogger, LogReader, Projection } from '../logging/index.js';
import type { Ports } from '../ports/index.js';
import type { KernelConfig, KernelHost } from './config.js';

/** The log of a kernel, as its follower gets it. */
export interface FollowedLog {
  readonly reader: LogReader;
  readonly logId: string;
  /** How many entries it held when it was opened, all of which are durable. */
  readonly startSize: number;
  readonly ports: Pick<Ports, 'codec' | 'timers'>;
  /** Tells `onProblem`; nothing else comes of it. */
  readonly report: (problem: OmniError) => void;
}

/**
 * What follows a log while it grows: signs it, mirrors it, or notes its head down elsewhere.
 *
 * `apply` is called once for each new entry, in order, before it is durable. What is thrown is reported, and ends the following.
 */
export interface LogFollower extends Projection {
  /** Called after each sync, with the `busSeq` of the last entry that is durable now. */
  durable(durableSeq: number): void;
  /** Called after the last sync, also where the log failed; the log is closed when this is settled. */
  close(): Promise<void>;
}

interface Following {
  readonly host: KernelHost;
  readonly log: ExecutionLogger;
  readonly logId: string;
  readonly startSize: number;
  readonly report: (thrown: unknown, where: string) => void;
}

/** What is to be told of each entry, and the log as it is to be closed. */
interface Followed {
  readonly projections: readonly Projection[];
  readonly log: Pick<ExecutionLogger, 'close'>;
}

/** Lets the followers of a configuration and of its extensions see what is written. */
export function followed({ follow, extensions = [], log: reader }: KernelConfig, following: Following): Followed {
  const { log } = following;
  const projections = [{ follow }, ...extensions].flatMap((one) => (one.follow === undefined ? [] : shownTo(one.follow.bind(one), reader, following)));
  const close = async (): Promise<void> => {
    // A log that failed is durable up to some entry all the same. Its failure is told by closing it.
    await log.flush().catch(() => undefined);
    await Promise.all(projections.map((one) => one.close()));
    await log.close();
  };
  return { projections, log: { close } };
}

/** One follower, such that what it throws ends its following and nothing else. */
function shownTo(follow: NonNullable<KernelConfig['follow']>, reader: LogReader, { host, log, logId, startSize, report }: Following): Projection & { close(): Promise<void> } {
  const failed = (thrown: unknown): void => { report(thrown, 'a follower of the log'); };
  const follower = follow({ reader, logId, startSize, ports: host.ports, report: failed });
  // Whatever its type says, it may answer with a promise.
  const told: { readonly [Name in 'apply' | 'durable']: (...args: Parameters<LogFollower[Name]>) => unknown } = follower;
  let isLost = false;
  const lose = (thrown: unknown): void => {
    if (!isLost) failed(thrown);
    isLost = true;
  };
  const tell = (what: () => unknown): void => {
    if (isLost) return;
    try {
      const answer = what();
      if (answer instanceof Promise) answer.catch(lose);
    } catch (thrown) {
      lose(thrown);
    }
  };
  const unsubscribe = log.onDurable((durableSeq) => { tell(() => told.durable(durableSeq)); });
  return {
    apply: (entry) => {
      if (entry.busSeq >= startSize) tell(() => told.apply(entry));
    },
    close: async () => {
      unsubscribe();
      try {
        await follower.close();
      } catch (thrown) {
        failed(thrown);
      }
    },
  };
}
