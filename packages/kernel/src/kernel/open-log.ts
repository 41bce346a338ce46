import { OmniError } from '../errors/index.js';
import { LOG_FORMAT_VERSION, readEntries, type Emit, type ExecutionLogger } from '../logging/index.js';
import type { KernelConfig, KernelHost } from './config.js';
import { configRecord, digestsOf } from './header.js';

const LOG_ID_BYTES = 12;

/** The id in the header of a log. */
export async function storedLogId(config: KernelConfig, host: KernelHost): Promise<string> {
  for await (const { data } of readEntries(config.log, host.ports.codec)) {
    if (typeof data['logId'] === 'string') return data['logId'];
    break;
  }
  throw new OmniError('LOG_FORMAT_UNSUPPORTED', 'The log does not begin with a header that names it, so this is no log of a kernel.');
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
