/** Puts the modules together; nothing is decided here. */
import { OmniError } from '../errors/index.js';
import type { Scheduler } from '../execution/index.js';
import { ExecutionLogger } from '../logging/index.js';
import { Oracle } from '../replay/index.js';
import { assemble, stopPrograms, stopWork, type Parts } from './assemble.js';
import { openAudit, type AuditLog } from './audit.js';
import type { KernelBus } from './bus.js';
import { assertConfig, type KernelConfig, type KernelHost } from './config.js';
import type { Checkpoint } from './checkpoint.js';
import { followed } from './follower.js';
import { openLog, recordStart, unusable } from './open-log.js';
import { Checkpointer } from './checkpointer.js';
import { liveAgents } from './live-agents.js';
import { recover, resumeCalls } from './recover.js';
import type { KernelState } from './state.js';

/** The parts that OmniKernel's methods use. */
export interface Wiring extends Pick<Parts, 'spawner' | 'messenger' | 'approvals' | 'commands' | 'gate'> {
  readonly logId: string;
  readonly log: ExecutionLogger;
  readonly bus: KernelBus;
  readonly state: KernelState;
  readonly scheduler: Scheduler;
  /** Lets ready agents run, and sets the alarm for the next deadline. */
  readonly drain: () => void;
  readonly stop: (how: StopMode) => Promise<void>;
}

interface StopMode {
  /** Whether the state is none between two entries that belong together. */
  readonly isAtRest: boolean;
  readonly finishCalls: boolean;
}

export async function wire(config: KernelConfig, host: KernelHost): Promise<Wiring> {
  assertConfig(config);
  const report = reporter(config);
  let halt: ((error: OmniError) => void) | undefined;
  const log = new ExecutionLogger({
    store: config.log,
    ports: host.ports,
    durability: config.durability ?? 'strict',
    onFailure: (error) => halt?.(error),
    report,
  });
  // Only what was opened is closed again: a store that refused may be another kernel's.
  const opened: { close(): Promise<void> }[] = [];
  try {
    const { end, logId, checkpoint } = await openLog(log, { config, host, report });
    opened.push(log);
    const audit = await openAudit({ config, host, logId, report });
    opened.push(audit);
    let rested = (): void => undefined;
    const following = followed(config, { host, log, logId, startSize: end.nextSeq, report });
    // From here on closing it lets go of its follower, too.
    opened[0] = following.log;
    const begin = async (from: Checkpoint | undefined): Promise<Parts> => {
      const oracle = end.nextSeq === 0 ? undefined : new Oracle(log);
      const parts = assemble({ config, host, log: oracle ?? log, logId, mode: 'LIVE', oracle, recordedCount: end.nextSeq, audit, report, rested: () => { rested(); } });
      parts.bus.project(...following.projections);
      halt = (error) => { stopWork(parts, error); };
      if (oracle !== undefined) await recover({ parts, config, host, oracle, checkpoint: from, endSeq: end.nextSeq });
      return parts;
    };
    let last = checkpoint;
    const parts = await begin(checkpoint).catch(async (thrown: unknown) => {
      if (checkpoint === undefined || log.nextSeq > end.nextSeq || !mayBeOfCheckpoint(thrown, config)) throw thrown;
      last = undefined;
      const folded = await begin(undefined);
      report(unusable('no kernel can go on from it', thrown), 'a checkpoint');
      return folded;
    });
    const checkpointer = new Checkpointer({ parts, log, config, host, logId, last, report });
    rested = () => { checkpointer.look(); };
    parts.scheduler.goLive(liveAgents(parts));
    recordStart({ ...config, policies: config.policies ?? parts.state.permissions.policies }, host, { emit: parts.bus.emit, logId, end });
    for (const { assertSeen } of config.extensions ?? []) {
      try {
        assertSeen?.();
      } catch (thrown) {
        report(thrown, 'an extension');
      }
    }
    resumeCalls(parts, config.unknownOutcomes ?? 'throw');
    await log.flush();
    parts.drain();
    return { ...parts, logId, log, stop: (how) => stop({ parts, log: following.log, audit, checkpointer }, how) };
  } catch (thrown) {
    await Promise.allSettled(opened.map((part) => part.close()));
    throw thrown;
  }
}

/**
 * Whether it can be the checkpoint's fault that a log could not be taken up, and there is another way: what an extension has
 * loaded it can't forget.
 */
function mayBeOfCheckpoint(thrown: unknown, { extensions = [] }: KernelConfig): boolean {
  const isForeign = !(thrown instanceof OmniError) || thrown.code === 'REPLAY_DIVERGENCE' || thrown.code === 'LOG_CORRUPT';
  return isForeign && extensions.every(({ projection }) => projection === undefined);
}

interface Running {
  readonly parts: Parts;
  readonly log: Pick<ExecutionLogger, 'close'>;
  readonly audit: AuditLog;
  readonly checkpointer: Checkpointer;
}

async function stop({ parts, log, audit, checkpointer }: Running, { isAtRest, finishCalls }: StopMode): Promise<void> {
  // Begun before anything is stopped: it takes the state as it is now.
  const keeping = checkpointer.close({ isAtRest });
  if (finishCalls) {
    stopPrograms(parts, kernelStopped());
    // A step that is under way ends first: the calls that it makes are to end as well.
    await Promise.resolve();
    await parts.gate.finish();
  }
  stopWork(parts, kernelStopped());
  await keeping;
  await Promise.all([log.close(), audit.close()]);
}

export function kernelStopped(): OmniError {
  return new OmniError('KERNEL_STOPPED', 'The kernel was stopped before the agent ended. Open the log again to see how far it came.');
}

function reporter({ onProblem }: KernelConfig): (thrown: unknown, where: string) => OmniError {
  return (thrown, where) => {
    const problem = problemOf(thrown, where);
    try {
      onProblem?.(problem);
    } catch {
      // Whoever was to be told of problems has one, and nobody else is there to tell.
    }
    return problem;
  };
}

function problemOf(thrown: unknown, where: string): OmniError {
  try {
    if (thrown instanceof OmniError) return thrown;
  } catch {
    // A proxy may refuse even that question.
  }
  return new OmniError('EXTENSION_FAILED', `Something went wrong in ${where}; the kernel goes on.`, { cause: thrown });
}
