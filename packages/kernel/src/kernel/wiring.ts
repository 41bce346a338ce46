/** Puts the modules together; nothing is decided here. */
import { OmniError } from '../errors/index.js';
import type { Scheduler } from '../execution/index.js';
import { ExecutionLogger } from '../logging/index.js';
import { Oracle } from '../replay/index.js';
import { assemble, type Parts } from './assemble.js';
import { attested } from './attestation.js';
import { openAudit, type AuditLog } from './audit.js';
import type { KernelBus } from './bus.js';
import { assertConfig, type KernelConfig, type KernelHost } from './config.js';
import { openLog, recordStart } from './open-log.js';
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
  readonly stop: () => Promise<void>;
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
    const oracle = end.nextSeq === 0 ? undefined : new Oracle(log);
    let rested = (): void => undefined;
    const parts = assemble({ config, host, log: oracle ?? log, logId, mode: 'LIVE', oracle, recordedCount: end.nextSeq, audit, report, rested: () => { rested(); } });
    halt = (error) => { stopWork(parts, error); };
    const attestedLog = attested(config, { ...parts, host, log, logId, startSize: end.nextSeq, report });
    if (oracle !== undefined) await recover({ parts, config, host, oracle, checkpoint, endSeq: end.nextSeq });
    const checkpointer = new Checkpointer({ parts, log, config, host, logId, last: checkpoint, report });
    rested = () => { checkpointer.look(); };
    parts.scheduler.goLive(liveAgents(parts));
    recordStart(config, host, { emit: parts.bus.emit, logId, end });
    resumeCalls(parts, config.unknownOutcomes ?? 'throw');
    await log.flush();
    parts.drain();
    return { ...parts, logId, log, stop: () => stop({ parts, log: attestedLog, audit, checkpointer }) };
  } catch (thrown) {
    await Promise.allSettled(opened.map((part) => part.close()));
    throw thrown;
  }
}

interface Running {
  readonly parts: Parts;
  readonly log: Pick<ExecutionLogger, 'close'>;
  readonly audit: AuditLog;
  readonly checkpointer: Checkpointer;
}

async function stop({ parts, log, audit, checkpointer }: Running): Promise<void> {
  // Begun before anything is stopped: it takes the state as it is now.
  const keeping = checkpointer.close();
  stopWork(parts, new OmniError('KERNEL_STOPPED', 'The kernel was stopped before the agent ended. Open the log again to see how far it came.'));
  await keeping;
  await Promise.all([log.close(), audit.close()]);
}

function stopWork({ scheduler, alarm, gate }: Parts, error: OmniError): void {
  alarm.stop();
  gate.stop(error);
  scheduler.stop(error);
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
