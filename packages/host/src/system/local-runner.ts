/** Runs commands on this machine. No sandbox: a command can do what this process can do, but not outlive its call. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:os';
import { delimiter, isAbsolute, relative } from 'node:path';
import { hostError } from '../errors.js';
import type { Workspace } from '../paths/workspace.js';
import type { Command, CommandEnd, CommandResult, CommandRunner, ExecOptions, OutputChunk } from './command-runner.js';
import { descendantsOf, endDescendants, TAG_VARIABLE } from './descendants.js';
import { namespacePrefix } from './namespace.js';
import { OutputWindow } from './output-window.js';

export interface LocalRunnerOptions {
  /** The variables of this process; of them a command gets `PATH` and `TZ`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Processes that a command may have at once. */
  readonly maxProcesses: number;
  /** `none` leaves process namespaces out, as on a system without them. */
  readonly namespaces?: 'none';
}

const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** What a command may print, kept or not. */
const MAX_PRINTED_BYTES = 64 * 1024 * 1024;
const MAX_FILE_BYTES = 1024 * 1024 * 1024;
/** Between two looks at how many processes there are; and they take no more than a twentieth of the time. */
const WATCH_MS = 50;
const WATCH_SHARE = 20;
/** Beyond its timeout, for the processor time of one process. */
const CPU_MARGIN_S = 5;
/** How long the pipes of a command that is over may still have something in them. */
const DRAIN_MS = 2_000;

/** Its first argument is the limit of processes, or nothing; after the second, the limit of seconds, comes the command. */
const WRAPPER = `ulimit -c 0; ulimit -f ${MAX_FILE_BYTES / 512}; [ -z "$1" ] || ulimit -u "$1"; ulimit -t "$2"; shift 2; "$@"; exit $?`;

export class LocalRunner implements CommandRunner {
  readonly mode = 'local';
  readonly #workspace: Workspace;
  readonly #options: LocalRunnerOptions;
  #prefix: Promise<readonly string[]> | undefined;

  /** Throws `SANDBOX_UNAVAILABLE` at the first command on a system that is none of Unix's kind. */
  constructor(workspace: Workspace, options: LocalRunnerOptions) {
    this.#workspace = workspace;
    this.#options = options;
  }

  async exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    if (process.platform === 'win32') throw hostError('SANDBOX_UNAVAILABLE', 'Commands do not run on Windows itself. Give hostTools a runner for containers, or use WSL.');
    assertPlain(command, options.env);
    this.#prefix ??= this.#options.namespaces === 'none' ? Promise.resolve([]) : namespacePrefix(this.#environment({}, 'probe'));
    const tag = randomUUID();
    const prefix = await this.#prefix;
    const [program, ...args] = this.#argv(command, prefix, options.timeoutMs);
    // Held until the child is in it, so that no other directory can take its name.
    const running = await this.#workspace.within(options.cwd, async (directory) => {
      const child = spawn(program!, args, {
        cwd: directory.place,
        env: this.#environment(options.env, tag),
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const begun = new RunningCommand(child, { tag, hasNamespace: prefix.length > 0, maxProcesses: this.#options.maxProcesses, options });
      await begun.started;
      return begun;
    });
    return running.untilOver();
  }

  /** The limit of processes counts those of a user, so it holds only where the namespace has users of its own. */
  #argv(command: Command, prefix: readonly string[], timeoutMs: number): readonly string[] {
    const processes = prefix.includes('--user') ? String(this.#options.maxProcesses) : '';
    return [...prefix, '/bin/sh', '-c', WRAPPER, 'sh', processes, String(Math.ceil(timeoutMs / 1_000) + CPU_MARGIN_S), ...command];
  }

  #environment(more: Readonly<Record<string, string>>, tag: string): NodeJS.ProcessEnv {
    const { PATH = DEFAULT_PATH, TZ } = this.#options.environment;
    return { PATH: searchPath(PATH, this.#workspace.root), HOME: this.#workspace.root, LANG: 'C.UTF-8', ...(TZ === undefined ? {} : { TZ }), ...more, [TAG_VARIABLE]: tag };
  }
}

/** Without places where agents can write: what stands there under the name of a program is no program of the operator's. */
function searchPath(given: string, root: string): string {
  const places = given.split(delimiter).filter((place) => isAbsolute(place) && relative(root, place).startsWith('..'));
  return places.length === 0 ? DEFAULT_PATH : places.join(delimiter);
}

/** Throws `COMMAND_REFUSED` for what no process can be given. */
function assertPlain(command: Command, env: Readonly<Record<string, string>>): void {
  const strange = [...command, ...Object.values(env)].find((text) => text.includes('\0'));
  if (strange !== undefined) throw hostError('COMMAND_REFUSED', `A command has a NUL character in it: ${JSON.stringify(strange.slice(0, 100))}. Take it out.`);
  const name = Object.keys(env).find((key) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key));
  if (name !== undefined) throw hostError('COMMAND_REFUSED', `${JSON.stringify(name)} is no name of a variable. Use letters, digits and _.`);
}

function notStarted(cause: unknown): never {
  throw hostError('COMMAND_NOT_STARTED', `The command could not be started: ${(cause as Error).message}.`, { cause });
}

interface Running {
  readonly tag: string;
  readonly hasNamespace: boolean;
  readonly maxProcesses: number;
  readonly options: ExecOptions;
}

class RunningCommand {
  readonly #child: ChildProcess;
  readonly #how: Running;
  readonly #windows: { readonly stdout: OutputWindow; readonly stderr: OutputWindow };
  readonly #exited: Promise<unknown[]>;
  #endedBy: CommandEnd = 'itself';
  #watching: NodeJS.Timeout | undefined;

  /** To be made in the turn in which the child is: what a process prints before somebody listens is lost when it ends. */
  constructor(child: ChildProcess, how: Running) {
    this.#child = child;
    this.#how = how;
    const { maxOutputBytes } = how.options;
    this.#windows = { stdout: new OutputWindow(maxOutputBytes), stderr: new OutputWindow(maxOutputBytes) };
    for (const stream of ['stdout', 'stderr'] as const) child[stream]!.on('data', (bytes: Buffer) => { this.#take({ stream, bytes }); });
    this.#exited = once(child, 'exit');
    this.#exited.catch(() => undefined);
  }

  /** Rejects with `COMMAND_NOT_STARTED`. */
  get started(): Promise<unknown> {
    return once(this.#child, 'spawn').catch((cause: unknown) => notStarted(cause));
  }

  async untilOver(): Promise<CommandResult> {
    const { code, killedBy } = await this.#untilExit(this.#how.options);
    // A namespace whose first process has ended by itself is empty, as Linux sees to.
    if (!this.#how.hasNamespace || killedBy !== null) await this.#clean();
    await this.#drain();
    const { stdout, stderr } = this.#windows;
    return { endedBy: this.#endedBy, exitCode: this.#endedBy === 'itself' ? (code ?? 128 + constants.signals[killedBy!]) : null, stdout: stdout.captured(), stderr: stderr.captured() };
  }

  #take(chunk: OutputChunk): void {
    const { stdout, stderr } = this.#windows;
    this.#windows[chunk.stream].add(chunk.bytes);
    this.#how.options.onOutput?.(chunk);
    if (stdout.totalBytes + stderr.totalBytes > MAX_PRINTED_BYTES) this.#end('output');
  }

  /** The first process is over: by itself, or because it was killed. */
  async #untilExit({ timeoutMs, signal }: ExecOptions): Promise<{ readonly code: number | null; readonly killedBy: NodeJS.Signals | null }> {
    const timer = setTimeout(() => { this.#end('timeout'); }, timeoutMs);
    const abort = (): void => { this.#end('abort'); };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    this.#watchAgain(WATCH_MS);
    try {
      const [code, killedBy] = (await this.#exited) as [number | null, NodeJS.Signals | null];
      return { code, killedBy };
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#watching);
      signal.removeEventListener('abort', abort);
    }
  }

  #watch(): void {
    if (process.platform !== 'linux') return;
    const began = performance.now();
    if (descendantsOf(this.#how.tag).length > this.#how.maxProcesses) this.#end('processes');
    this.#watchAgain(Math.max(WATCH_MS, WATCH_SHARE * (performance.now() - began)));
  }

  #watchAgain(afterMs: number): void {
    this.#watching = setTimeout(() => { this.#watch(); }, afterMs);
  }

  #end(by: CommandEnd): void {
    if (this.#endedBy === 'itself') this.#endedBy = by;
    this.#killGroup();
  }

  #killGroup(): void {
    try {
      process.kill(-this.#child.pid!, 'SIGKILL');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }

  /** Ends whatever the command has left behind. */
  async #clean(): Promise<void> {
    this.#killGroup();
    if (process.platform === 'linux') await endDescendants(this.#how.tag);
  }

  /** Until all that was printed is here; not for ever, since somebody may hold a pipe who could not be found. */
  async #drain(): Promise<void> {
    const streams = [this.#child.stdout!, this.#child.stderr!];
    const impatience = setTimeout(() => { for (const stream of streams) stream.destroy(); }, DRAIN_MS);
    for (const stream of streams) if (!stream.closed) await once(stream, 'close');
    clearTimeout(impatience);
  }
}
