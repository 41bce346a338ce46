/** What a bash tool and the local runner are made with. */
import * as v from 'valibot';
import { callback, optionsOf, timeoutMs } from '../schemas/options.js';
import { within, withoutNul } from '../schemas/values.js';
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

/** The processes of a local command: as many as Linux has ids for, with four threads each. */
export const maxProcesses = within(1, 1_000_000);
export const environment = v.record(v.string(), v.optional(v.string()));

const variable = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable: letters, digits and _'));

export const bashOptions = optionsOf<keyof BashOptions>({
  variables: v.array(variable),
  env: v.record(variable, withoutNul),
  timeoutMs,
  onOutput: callback,
  recordsProgress: v.boolean(),
});

export const localRunnerOptions = optionsOf<'namespaces'>({ namespaces: v.picklist(['none']) }, { environment, maxProcesses });
