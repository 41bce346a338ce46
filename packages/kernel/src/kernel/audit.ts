import type { BreachRecord } from '../failure/index.js';
import { ExecutionLogger, newLogId, type LogStore } from '../logging/index.js';
import type { KernelConfig, KernelHost } from './config.js';
import { recordStart } from './open-log.js';

/** Where breaches of invariants are recorded once more, out of reach of whatever broke them. */
export interface AuditLog {
  record(breach: BreachRecord): void;
  close(): Promise<void>;
}

export interface AuditOptions {
  readonly config: KernelConfig;
  readonly host: KernelHost;
  /** The log whose breaches are recorded. */
  readonly logId: string;
  readonly report: (thrown: unknown, where: string) => void;
}

const NO_AUDIT: AuditLog = Object.freeze({ record: () => undefined, close: () => Promise.resolve() });

/** Opens the audit log: a log like the main one, header and guarantees, which outlives it and may serve several. */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const store = options.config.audit;
  return store === undefined ? NO_AUDIT : open(store, options);
}

async function open(store: LogStore, { config, host, logId, report }: AuditOptions): Promise<AuditLog> {
  const onFailure = (error: unknown): void => { report(error, 'the audit log'); };
  const log = new ExecutionLogger({ store, ports: host.ports, durability: 'strict', report, onFailure });
  const end = await log.open();
  recordStart(config, host, { emit: (proposal) => log.append(proposal).entry, logId: newLogId(host.ports.random), end });
  return {
    record: ({ agent, tick, error, busSeq }) => {
      try {
        log.append({ kind: 'INVARIANT_BREACHED', agent, data: { tick, error, at: { logId, busSeq } } });
      } catch (thrown) {
        report(thrown, 'the audit log');
      }
    },
    close: () => log.close(),
  };
}
