import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { hostError } from '../errors.js';
import type { CommandEnd, CommandResult, ExecOptions, OutputChunk } from './command-runner.js';
import { descendantsOf, endDescendants, killDescendants } from './descendants.js';
import { OutputWindow } from './output-window.js';
import { threadsOfMachine } from './process-limit.js';

/** What a command may print, kept or not. */
const MAX_PRINTED_BYTES = 64 * 1024 * 1024;
/** Between two questions whether it is time to look how many processes there are. */
const WATCH_MS = 20;
/** Between two looks; and they take no more than a twentieth of the time. */
const LOOK_MS = 50;
const LOOK_SHARE = 20;
/** How long the pipes of a command that is over may still have something in them. */
const DRAIN_MS = 2_000;

export interface Running {
  readonly tag: string;
  readonly hasNamespace: boolean;
  readonly maxProcesses: number;
  readonly options: ExecOptions;
}

/** A command from its start to the end of all that it has started. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #how: Running;
  readonly #windows: { readonly stdout: OutputWindow; readonly stderr: OutputWindow };
  readonly #exited: Promise<unknown[]>;
  #endedBy: CommandEnd = 'itself';
  #watching: NodeJS.Timeout | undefined;
  #nextLook = performance.now() + LOOK_MS;
  #threadsAtLook = threadsOfMachine();

  /** To be made in the turn in which the child is: what a process prints before somebody listens is lost when it ends. */
  constructor(child: ChildProcess, how: Running) {
    this.#child = child;
    this.#how = how;
    const { maxOutputBytes } = how.options;
    this.#windows = { stdout: new OutputWindow(maxOutputBytes), stderr: new OutputWindow(maxOutputBytes) };
    for (const stream of ['stdout', 'stderr'] as const) child[stream]?.on('data', (bytes: Buffer) => { this.#take({ stream, bytes }); });
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
    if (process.platform === 'linux') this.#watching = setInterval(() => { this.#watch(); }, WATCH_MS);
    try {
      const [code, killedBy] = (await this.#exited) as [number | null, NodeJS.Signals | null];
      return { code, killedBy };
    } finally {
      clearTimeout(timer);
      clearInterval(this.#watching);
      signal.removeEventListener('abort', abort);
    }
  }

  /** A look costs more the more processes there are, so how often comes from that; but what multiplies is not let alone so long. */
  #watch(): void {
    const began = performance.now();
    const threads = threadsOfMachine();
    if (began < this.#nextLook && threads - this.#threadsAtLook <= this.#how.maxProcesses) return;
    this.#threadsAtLook = threads;
    if (descendantsOf(this.#how.tag).length > this.#how.maxProcesses) this.#end('processes');
    const ended = performance.now();
    this.#nextLook = ended + Math.max(LOOK_MS, LOOK_SHARE * (ended - began));
  }

  #end(by: CommandEnd): void {
    if (this.#endedBy === 'itself') this.#endedBy = by;
    this.#killGroup();
    // At once as well as later: this process may be about to end itself.
    if (process.platform === 'linux' && !this.#how.hasNamespace) killDescendants(this.#how.tag);
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

function notStarted(cause: unknown): never {
  throw hostError('COMMAND_NOT_STARTED', `The command could not be started: ${(cause as Error).message}.`, { cause });
}
