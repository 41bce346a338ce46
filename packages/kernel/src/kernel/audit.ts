import type { BreachRecord } from '../failure/index.js';
import { ExecutionLogger, type LogStore } from '../logging/index.js';
import type { Ports } from '../ports/index.js';

/** Where breaches of invariants are recorded once more, out of reach of whatever broke them. */
export interface AuditLog {
  record(breach: BreachRecord): void;
  close(): Promise<void>;
}

const NO_AUDIT: AuditLog = Object.freeze({ record: () => undefined, close: () => Promise.resolve() });

/** Opens the audit log, which has the same format and the same guarantees as the main one. */
export async function openAudit(
  store: LogStore | undefined,
  ports: Ports,
  report: (thrown: unknown, where: string) => void,
): Promise<AuditLog> {
  if (store === undefined) return NO_AUDIT;
  const log = new ExecutionLogger({ store, ports, durability: 'strict', report, onFailure: (error) => { report(error, 'the audit log'); } });
  await log.open();
  return {
    record: ({ agent, tick, error }) => {
      try {
        log.append({ kind: 'INVARIANT_BREACHED', agent, data: { tick, error } });
      } catch (thrown) {
        report(thrown, 'the audit log');
      }
    },
    close: () => log.close(),
  };
}
