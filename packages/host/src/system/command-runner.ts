/** What runs commands: here, or in a container. Another package can implement it and be given to `hostTools`. */
import type { ToolContext } from '@omnipaw/kernel';
import type { CapturedOutput } from './output-window.js';

/** The program and its arguments, as they are: no shell comes between, unless the program is one. */
export type Command = readonly [program: string, ...args: string[]];

export interface OutputChunk {
  readonly stream: 'stdout' | 'stderr';
  readonly bytes: Uint8Array;
}

export interface ExecOptions {
  /** Relative to the root that the runner serves; `.` is the root itself. */
  readonly cwd: string;
  /** Beside those that the runner gives to every command. Nothing else is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** After which everything that the command has started is killed. */
  readonly timeoutMs: number;
  /** Kills everything, too. */
  readonly signal: ToolContext['signal'];
  /** How much of each stream is kept: the first half and the last half of it. */
  readonly maxOutputBytes: number;
  /** Told of all output, also of what is not kept; must not throw. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
}

/**
 * Why a command is over: by itself, or killed because its time was up, its caller did not want it any more, it printed more
 * than any caller keeps, or it had more processes than it may.
 */
export type CommandEnd = 'itself' | 'timeout' | 'abort' | 'output' | 'processes';

export interface CommandResult {
  readonly endedBy: CommandEnd;
  /** Null unless it ended by itself. A command that a signal ended has 128 and the signal's number, as shells say it. */
  readonly exitCode: number | null;
  readonly stdout: CapturedOutput;
  readonly stderr: CapturedOutput;
}

export interface CommandRunner {
  /** What `SANDBOX_MODE` chooses it by: `local`, `docker`. */
  readonly mode: string;
  /**
   * Runs a command to its end; when it resolves, nothing that the command has started is running any more.
   *
   * Rejects with `PATH_REFUSED` or `FILE_NOT_FOUND` for its `cwd`, `COMMAND_NOT_STARTED`, and `PROCESSES_LEFT` when something
   * could not be killed.
   */
  exec(command: Command, options: ExecOptions): Promise<CommandResult>;
}
