import type { LogReader } from '@omnipaw/kernel';
import type { HeadPayload, ProblemPayload } from '../protocol/index.js';
import type { StoredLine } from '../log/entry.js';
import type { Places } from '../log/places.js';

/** What a source tells of its log. */
export interface SourceSink {
  /** The next entries, in order, all of which are durable. */
  entries(stored: readonly StoredLine[]): void;
  /** The log is another one than before, or was cut: all begins anew, with its first entry. */
  restart(): void;
  status(log: HeadPayload['log']): void;
  problem(problem: Omit<ProblemPayload, 'at'>): void;
  /** Where lines start, for whoever comes by. */
  readonly places: Places;
}

/** What somebody decides about a request for approval. */
export interface ApprovalDecision {
  readonly approval: number;
  readonly approved: boolean;
  readonly reason: string;
}

/** A log, and how it grows. */
export interface LogSource {
  readonly kind: 'kernel' | 'directory';
  /** As it was named; null for a log that has none. */
  readonly directory: string | null;
  readonly reader: LogReader;
  /** Tells everything from the first entry on, until it is closed. Rejects never: what goes wrong is told. */
  follow(sink: SourceSink): Promise<void>;
  /** Throws what the kernel throws, or rejects with it. Only of a source with a kernel. */
  readonly decide?: (decision: ApprovalDecision) => void | Promise<void>;
  close(): Promise<void>;
}
