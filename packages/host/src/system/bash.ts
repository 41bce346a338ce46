import { constants } from 'node:os';
import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { checkOptions } from '../schemas/options.js';
import { path, within, withoutNul } from '../schemas/values.js';
import type { Command, CommandEnd, CommandResult, CommandRunner, OutputChunk } from './command-runner.js';
import { bashOptions } from './option-schemas.js';
import type { BashOptions } from './options.js';
import { OutputPieces } from './output-pieces.js';
import { textOfOutput, withoutCutLines } from './output-window.js';

export interface BashArguments {
  readonly command: string;
  /** What the command has as `$1`, `$2`, …: text that is never read as a command. */
  readonly args?: readonly string[];
  /** `.`, the root, unless given. */
  readonly cwd?: string;
  /** Of those names only that the tool was made with. */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export interface BashResult {
  /** Null unless the command ended by itself. */
  readonly exitCode: number | null;
  /** Which signal ended it, if its exit code says so: 128 and the number of one. */
  readonly signal: string | null;
  readonly endedBy: CommandEnd;
  readonly timedOut: boolean;
  /** `local`, or what the command ran in. */
  readonly where: string;
  /** As text; what is no UTF-8 is U+FFFD. Of a long one the beginning and the end. */
  readonly stdout: string;
  readonly stderr: string;
  /** How much was cut out of the middle; null if nothing was. */
  readonly truncated: { readonly code: 'OUTPUT_TRUNCATED'; readonly stdoutBytes: number; readonly stderrBytes: number } | null;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** For what is left to be killed. */
const TIMEOUT_MARGIN_MS = 15_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_COMMAND_CHARS = 64 * 1024;
const MAX_ARGS = 256;
/** No start-up file: bash would read one where its input looks like a network's. And no option after these: a command may begin like one. */
const BASH: Command = ['bash', '--noprofile', '--norc', '-c', '--'];

/**
 * Runs a command in bash. A command that fails is a result, not an error. What it prints while it runs is recorded as the tool's
 * progress, unless it has got secrets.
 *
 * Not idempotent: nobody knows what a command does. Throws `PATH_REFUSED`, `FILE_NOT_FOUND`, `COMMAND_REFUSED`,
 * `COMMAND_NOT_STARTED`, `PROCESSES_LEFT`.
 */
export function bashTool(name: string, runner: CommandRunner, options: BashOptions = {}): Tool<BashArguments, BashResult> {
  checkOptions('bashTool', bashOptions, options);
  const { env: always = {}, timeoutMs: maxTimeoutMs = DEFAULT_TIMEOUT_MS, onOutput, recordsProgress = true } = options;
  return defineTool({
    name,
    version: '1',
    description: 'Runs a command in bash, in the root or a directory below it.',
    input: inputSchema(options.variables ?? [], maxTimeoutMs),
    idempotent: false,
    timeoutMs: maxTimeoutMs + TIMEOUT_MARGIN_MS,
    run: async ({ command, args = [], cwd = '.', env = {}, timeoutMs = maxTimeoutMs }, { agent, tool, idempotencyKey, signal, hasSecrets, progress }): Promise<BashResult> => {
      const telling = new Telling();
      // A secret that is cut in two could not be taken out of the pieces.
      const pieces = hasSecrets || !recordsProgress ? undefined : new OutputPieces(MAX_OUTPUT_BYTES, (piece) => { telling.tell(() => progress(piece)); });
      const tell = onOutput && ((chunk: OutputChunk): void => { telling.tell(() => { onOutput({ ...chunk, agent, idempotencyKey }); }); });
      try {
        const result = await runner.exec([...(runner.shell ?? BASH), command, 'bash', ...args], {
          cwd,
          env: { ...always, ...env },
          timeoutMs,
          caller: { agent, tool, idempotencyKey },
          signal,
          maxOutputBytes: MAX_OUTPUT_BYTES,
          onOutput: (chunk) => {
            pieces?.add(chunk);
            tell?.(chunk);
          },
        });
        telling.rethrow();
        return resultOf({ where: runner.mode, ...(hasSecrets ? recognisable(result) : result) });
      } finally {
        pieces?.end();
      }
    },
  });
}

/** Whoever throws is told nothing more, and what was thrown is the end of the call: but not before the command's own. */
class Telling {
  #failure: { readonly thrown: unknown } | undefined;

  tell(what: () => unknown): void {
    if (this.#failure !== undefined) return;
    try {
      what();
    } catch (thrown) {
      this.#failure = { thrown };
    }
  }

  rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }
}

function inputSchema(variables: readonly string[], maxTimeoutMs: number) {
  const name = v.pipe(v.string(), v.check((key) => variables.includes(key), `must be a variable that a call may set (those are: ${variables.join(', ') || 'none'})`));
  return argumentsOf(
    fields({
      command: v.pipe(withoutNul, v.nonEmpty(), v.maxLength(MAX_COMMAND_CHARS)),
      args: v.exactOptional(v.pipe(v.array(withoutNul), v.maxLength(MAX_ARGS))),
      cwd: v.exactOptional(path),
      env: v.exactOptional(v.record(name, withoutNul)),
      timeoutMs: v.exactOptional(within(1, maxTimeoutMs)),
    }),
  );
}

/** With no half of a secret in what is kept. */
function recognisable({ stdout, stderr, ...rest }: CommandResult): CommandResult {
  return { ...rest, stdout: withoutCutLines(stdout), stderr: withoutCutLines(stderr) };
}

function resultOf({ endedBy, exitCode, where, stdout, stderr }: CommandResult & Pick<BashResult, 'where'>): BashResult {
  const isCut = stdout.cutBytes + stderr.cutBytes > 0;
  return {
    exitCode,
    signal: signalOf(exitCode),
    endedBy,
    timedOut: endedBy === 'timeout',
    where,
    stdout: textOfOutput(stdout),
    stderr: textOfOutput(stderr),
    truncated: isCut ? { code: 'OUTPUT_TRUNCATED', stdoutBytes: stdout.cutBytes, stderrBytes: stderr.cutBytes } : null,
  };
}

function signalOf(exitCode: number | null): string | null {
  if (exitCode === null || exitCode <= 128) return null;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0] ?? null;
}
