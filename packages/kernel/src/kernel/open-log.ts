import { OmniError } from '../errors/index.js';
import { LOG_FORMAT_VERSION, readEntries, type Emit, type ExecutionLogger } from '../logging/index.js';
import type { LifecycleState } from '../lifecycle/index.js';
import type { KernelBus } from './bus.js';
import type { KernelConfig, KernelHost } from './config.js';
import { configRecord, digestsOf } from './header.js';
import { foldEntry } from './fold.js';
import type { KernelState } from './state.js';

const LOG_ID_BYTES = 12;
const ENDED: ReadonlySet<LifecycleState> = new Set(['TERMINATED', 'FAULTED']);

/** The id in the header of a log. */
export async function storedLogId(config: KernelConfig, host: KernelHost): Promise<string> {
  for await (const { data } of readEntries(config.log, host.ports.codec)) {
    if (typeof data['logId'] === 'string') return data['logId'];
    break;
  }
  throw new OmniError('LOG_FORMAT_UNSUPPORTED', 'The log does not begin with a header that names it, so this is no log of a kernel.');
}

// TODO: fold while the store verifies; today a log is read twice when it is opened.
/** Folds what a log holds. */
export async function foldLog(config: KernelConfig, host: KernelHost, bus: Pick<KernelBus, 'apply'>): Promise<void> {
  for await (const raw of readEntries(config.log, host.ports.codec)) foldEntry(raw, (entry) => { bus.apply(entry); });
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

export function newLogId(host: KernelHost): string {
  return host.ports.random.hex(LOG_ID_BYTES);
}

// TODO: recover them instead, by running their programs again against their recorded results.
/** Programs live in memory, so agents of an earlier run can't simply go on. */
export function assertNobodyIsLeft(state: KernelState): void {
  const left = [...state.agents.all()].filter(({ id }) => !ENDED.has(state.lifecycle.stateOf(id))).map(({ id }) => id);
  if (left.length === 0) return;
  throw new OmniError(
    'LOG_NEEDS_RECOVERY',
    `The log holds ${left.length === 1 ? 'an agent that has' : `${left.length} agents that have`} not ended (${left.slice(0, 5).join(', ')}${left.length > 5 ? ', …' : ''}). Inspect it, and start a new run in a new log.`,
    { details: { agents: left.slice(0, 100) } },
  );
}
