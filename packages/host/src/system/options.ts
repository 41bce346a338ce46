/** What a bash tool and the local runner are made with. */
import type { OutputChunk } from './command-runner.js';

/** Output as it comes, with whose it is. */
export interface CommandOutput extends OutputChunk {
  readonly agent: string;
  readonly idempotencyKey: string;
}

export interface BashOptions {
  /** Names of variables that a call may set; none unless given. */
  readonly variables?: readonly string[];
  /** Variables that every command gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Both the limit for calls and what they get unless they say less. 30 seconds unless given. */
  readonly timeoutMs?: number;
  /** Told of all output at once, as bytes and before anything is redacted; not recorded by that. */
  readonly onOutput?: (output: CommandOutput) => void;
  /**
   * False leaves out what is recorded while a command runs: then its output is in the result alone, and what redacts sees all of
   * it at once. True unless given.
   */
  readonly recordsProgress?: boolean;
}

export interface LocalRunnerOptions {
  /** The variables of this process; of them a command gets `PATH` and `TZ`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Processes that a command may have at once. */
  readonly maxProcesses: number;
  /** `none` leaves process namespaces out, as on a system without them. */
  readonly namespaces?: 'none';
}
