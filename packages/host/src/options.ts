import type { FileOptions } from './fs/index.js';
import type { GitOptions } from './git/index.js';
import type { FetchOptions } from './net/index.js';
import type { BashOptions, CommandRunner } from './system/index.js';

export interface HostOptions {
  /** The directory that nothing leads out of. */
  readonly root: string;
  /** What the names of the tools begin with, so that there can be several roots: `host` unless given. */
  readonly name?: string;
  readonly fs?: FileOptions;
  readonly bash?: BashOptions;
  readonly net?: FetchOptions;
  readonly git?: GitOptions;
  /** Runners beside the local one; `SANDBOX_MODE` chooses by their `mode`. */
  readonly runners?: readonly CommandRunner[];
  /** What `SANDBOX_MODE` is read from, and whose `PATH` and `TZ` local commands get; `hostEnvironment()` unless given. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Processes that a local command may have at once: 256 unless given. */
  readonly maxProcesses?: number;
}
