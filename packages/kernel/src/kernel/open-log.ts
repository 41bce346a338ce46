import { OmniError } from '../errors/index.js';
import { parentIn, type ForkParent } from '../header/index.js';
import { corruptLog, LOG_FORMAT_VERSION, namelessLog, newLogId, readEntries, scanLog, type Emit, type ExecutionLogger, type LogEnd } from '../logging/index.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointStore, loadCheckpoint } from './checkpointer.js';
import type { KernelConfig, KernelHost } from './config.js';
import { configRecord, digestsOf } from './header.js';

/** The id in the header of a log. Rejects with `FORK_INCOMPLETE` for a fork that was cut off while it was written. */
async function storedLogId(config: KernelConfig, host: KernelHost, entries: number): Promise<string> {
  for await (const header of readEntries(config.log, host.ports.codec)) {
    const parent = parentIn(header);
    if (parent !== undefined && entries <= parent.busSeq) throw incompleteFork(parent, entries);
    const { logId } = header.data;
    if (typeof logId === 'string') return logId;
    break;
  }
  throw namelessLog();
}

export interface OpenedLog {
  readonly end: LogEnd;
  readonly logId: string;
  /** What need not be folded. */
  readonly checkpoint: Checkpoint | undefined;
}

/** Opens the log, from its last checkpoint if there is one that fits. */
export async function openLog(log: ExecutionLogger, options: OpenOptions): Promise<OpenedLog> {
  const { end, checkpoint } = await openFrom(log, options);
  const { config, host } = options;
  try {
    const logId = end.nextSeq === 0 ? newLogId(host.ports.random) : await storedLogId(config, host, end.nextSeq);
    return { end, logId, checkpoint };
  } catch (thrown) {
    // Nobody else knows yet that it is open.
    await log.close().catch(() => undefined);
    throw thrown;
  }
}

async function openFrom(log: ExecutionLogger, { config, host, report }: OpenOptions): Promise<Omit<OpenedLog, 'logId'>> {
  const store = checkpointStore(config);
  const found = store === undefined ? undefined : await loadCheckpoint(store, config, host);
  if (typeof found === 'object') {
    try {
      // Before the store is opened, which can be done once.
      if (found.lines === undefined) await assertUndamaged(config, host);
      return { end: await log.open(found.known), checkpoint: found };
    } catch (thrown) {
      if (!(thrown instanceof OmniError) || thrown.code !== 'LOG_CORRUPT') throw thrown;
      report(unusable('the log is not the one that it was made from, or is damaged', thrown), 'a checkpoint');
    }
  } else if (found !== undefined) report(unusable(found), 'a checkpoint');
  return { end: await log.open(), checkpoint: undefined };
}

function incompleteFork({ logId, busSeq }: ForkParent, entries: number): OmniError {
  const message = `The log is a fork of ${logId} at entry ${String(busSeq)}, and was cut off while it was written: it holds ${String(entries)} of ${String(busSeq + 1)} entries. Delete it, and fork again.`;
  return new OmniError('FORK_INCOMPLETE', message, { details: { logId, busSeq, entries } });
}

/** Histories that are read from the log have to be what was written, as those in a checkpoint are. */
async function assertUndamaged({ log }: KernelConfig, { ports }: KernelHost): Promise<void> {
  const { damage } = await scanLog(log, ports.codec);
  if (damage !== undefined) throw corruptLog(damage);
}

interface OpenOptions {
  readonly config: KernelConfig;
  readonly host: KernelHost;
  readonly report: (thrown: unknown, where: string) => void;
}

export function unusable(why: string, cause?: unknown): OmniError {
  return new OmniError('CHECKPOINT_IGNORED', `The checkpoint of the log is of no use: ${why}. The log is folded from its beginning instead.`, { cause });
}

/** Records the header of a new log, or that a kernel took up an old one. */
export function recordStart(
  config: KernelConfig,
  host: KernelHost,
  into: { readonly emit: Emit; readonly logId: string; readonly end: Awaited<ReturnType<ExecutionLogger['open']>> },
): void {
  const { kernelVersion, ports } = host;
  const { emit, logId, end } = into;
  const start = { kernelVersion, ...configRecord(config, ports.codec), ...digestsOf(config, ports.codec) };
  if (end.nextSeq === 0) {
    emit({ kind: 'LOG_OPENED', agent: null, data: { format: LOG_FORMAT_VERSION, logId, mode: 'LIVE', ...start } });
  } else {
    emit({ kind: 'KERNEL_STARTED', agent: null, data: start });
  }
  if (end.tornTail !== undefined) emit({ kind: 'LOG_TAIL_CUT', agent: null, data: { ...end.tornTail } });
}
