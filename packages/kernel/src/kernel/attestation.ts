import { Attestor, originOfLog } from '../attestation/index.js';
import type { OmniError } from '../errors/index.js';
import type { ExecutionLogger, Projection } from '../logging/index.js';
import type { KernelConfig, KernelHost } from './config.js';

/** What an attestation follows. */
interface Followed {
  readonly host: KernelHost;
  readonly log: ExecutionLogger;
  readonly logId: string;
  /** How many entries the log held when it was opened. */
  readonly startSize: number;
  readonly report: (problem: OmniError, where: string) => void;
  /** Gets what is to see every entry. */
  readonly follow: (projection: Projection) => void;
}

/** Signs the heads of a log as it grows, if the configuration says so; closing the answer signs the last one, and closes the log. */
export function attested({ attest, log: reader }: KernelConfig, followed: Followed): Pick<ExecutionLogger, 'close'> {
  const { host, log, logId, startSize, report, follow } = followed;
  if (attest === undefined) return log;
  const { heads } = attest;
  if (heads === undefined) throw new TypeError('attest.heads is missing: this log has no place beside it for signed heads. Pass a HeadStore.');
  const attestor = new Attestor({
    attest: { ...attest, heads },
    log: reader,
    origin: originOfLog(logId),
    startSize,
    ports: host.ports,
    report: (problem) => { report(problem, 'attestation'); },
  });
  follow(attestor);
  const unsubscribe = log.onDurable((durableSeq) => { attestor.durable(durableSeq); });
  const close = async (): Promise<void> => {
    // A log that failed is signed as far as it is durable. Its failure is told by closing it.
    await log.flush().catch(() => undefined);
    unsubscribe();
    await attestor.close();
    await log.close();
  };
  return { close };
}
