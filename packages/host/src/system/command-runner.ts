/** What runs commands: here, or in a container. Another package can implement it and be given to `hostTools`. */
import type { ToolContext } from '@omnipaw/kernel';
import { hostError } from '../errors.js';
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
  /** For whom; a runner may name what it makes after it. */
  readonly caller?: Pick<ToolContext, 'agent' | 'tool' | 'idempotencyKey'> | undefined;
  /** Kills everything, too. */
  readonly signal: ToolContext['signal'];
  /** How much of each stream is kept: the first half and the last half of it. */
  readonly maxOutputBytes: number;
  /** Told of all output, also of what is not kept; must not throw. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
}

/**
 * Why a command is over: by itself, or killed because its time was up, its caller did not want it any more, it printed more
 * than any caller keeps, it had more processes or took more memory than it may, or a disk was filling up.
 */
export type CommandEnd = 'itself' | 'timeout' | 'abort' | 'output' | 'processes' | 'memory' | 'disk';

export interface CommandResult {
  readonly endedBy: CommandEnd;
  /** Null unless it ended by itself. A command that a signal ended has 128 and the signal's number, as shells say it. */
  readonly exitCode: number | null;
  /** In what it ran, in words that tell it from others (an image); the runner's mode unless given. */
  readonly where?: string;
  readonly stdout: CapturedOutput;
  readonly stderr: CapturedOutput;
}

export interface CommandRunner {
  /** What `SANDBOX_MODE` chooses it by: `local`, `docker`. */
  readonly mode: string;
  /** How the shell is started that reads a command from its first argument and has the others as `$0`, `$1`, …; bash without start-up files unless given. */
  readonly shell?: Command;
  /**
   * Runs a command to its end; when it resolves, nothing that the command has started is running any more.
   *
   * Rejects with `PATH_REFUSED` or `FILE_NOT_FOUND` for its `cwd`, `COMMAND_REFUSED`, `COMMAND_NOT_STARTED`, and `PROCESSES_LEFT`
   * when something could not be killed; or with codes of its own.
   */
  exec(command: Command, options: ExecOptions): Promise<CommandResult>;
}

/** Throws `COMMAND_REFUSED` for what no process can be given. */
export function assertPlainCommand(command: Command, env: Readonly<Record<string, string>>): void {
  const strange = [...command, ...Object.values(env)].find((text) => text.includes('\0'));
  if (strange !== undefined) throw hostError('COMMAND_REFUSED', `A command has a NUL character in it: ${JSON.stringify(strange.slice(0, 100))}. Take it out.`);
  const name = Object.keys(env).find((key) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key));
  if (name !== undefined) throw hostError('COMMAND_REFUSED', `${JSON.stringify(name)} is no name of a variable. Use letters, digits and _.`);
}
