/** A command in a container, from being told to run to the end of the container. */
import { OutputWindow, type CommandEnd, type CommandResult, type ExecOptions, type OutputChunk } from '@omnipaw/host';
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import type { ContainerStream } from './attach.js';
import { DISCONNECTED } from './container-options.js';
import { watchDisk } from './disk-watch.js';
import { ask, engineError, isConflict, isGone } from './engine-call.js';
import { sandboxError } from './errors.js';
import { Frames } from './frames.js';
import type { WaitingContainer } from './waiting-container.js';

/** What a command may print, kept or not. */
const MAX_PRINTED_BYTES = 64 * 1024 * 1024;
/** How long a container that was killed, or whose output has ended, may take to be over. */
const KILL_MS = 7_000;
/** How long nothing may come of the output that is still under way when a container is over. */
const DRAIN_MS = 2_000;
/** As the shell says it of a child that was killed. */
const KILLED = 128 + 9;
/** A command that ends so by itself is taken for one that we have lost: nobody uses that signal. */
const CUT_OFF = 128 + DISCONNECTED;

const UNKNOWN = 'Nobody knows what the command has done; look at the workspace.';

export interface RunOptions extends Omit<ExecOptions, 'cwd' | 'env'> {
  /** A path of this machine; where its disk can't be seen from here, nobody looks whether it fills up. */
  readonly root: string;
  readonly maxDiskBytes: number;
}

export class ContainerRun {
  readonly #container: WaitingContainer['container'];
  readonly #stream: ContainerStream;
  readonly #options: RunOptions;
  readonly #windows: { readonly stdout: OutputWindow; readonly stderr: OutputWindow };
  readonly #drained: Promise<void>;
  #endedBy: CommandEnd = 'itself';
  /** Settled when a kill has not been answered, or did not help. */
  #giveUp: (thrown: unknown) => void = () => undefined;
  readonly #givenUp: Promise<never>;
  #patience: NodeJS.Timeout | undefined;
  /** Whether its end is known: what comes after that has not ended it. */
  #isOver = false;
  /** Aborted when nobody wants an answer any more. */
  readonly #questions = new AbortController();
  /** Bytes of output. */
  #heard = 0;

  constructor({ container, stream }: WaitingContainer, options: RunOptions) {
    this.#container = container;
    this.#stream = stream;
    this.#options = options;
    this.#windows = { stdout: new OutputWindow(options.maxOutputBytes), stderr: new OutputWindow(options.maxOutputBytes) };
    const frames = new Frames((chunk) => { this.#take(chunk); });
    stream.on('data', (bytes: Buffer) => {
      this.#heard += bytes.length;
      frames.add(bytes);
    });
    this.#drained = new Promise((resolve) => { for (const event of ['end', 'close']) stream.once(event, resolve); });
    this.#givenUp = new Promise((_resolve, reject) => { this.#giveUp = reject; });
    this.#givenUp.catch(() => undefined);
    // An engine that dies ends both connections, and dockerode listens for that on one of them only.
    void this.#drained.then(() => { this.#giveUpSoon('its output ending'); });
  }

  /** Resolves when nothing of the container runs any more; rejects with `SANDBOX_LOST` when nobody can tell. */
  async untilOver(script: string): Promise<CommandResult> {
    const { signal, timeoutMs, root, maxDiskBytes } = this.#options;
    const timer = setTimeout(() => { this.#end('timeout'); }, timeoutMs);
    const unwatch = watchDisk(root, maxDiskBytes, () => { this.#end('disk'); });
    const abort = (): void => { this.#end('abort'); };
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
    else this.#stream.write(script);
    try {
      return await this.#result();
    } catch (thrown) {
      throw lost(thrown);
    } finally {
      this.#isOver = true;
      this.#questions.abort();
      clearTimeout(timer);
      clearTimeout(this.#patience);
      unwatch();
      signal.removeEventListener('abort', abort);
      this.#stream.destroy();
    }
  }

  async #result(): Promise<CommandResult> {
    const exitCode = exitCodeIn(await Promise.race([this.#container.wait({ abortSignal: this.#questions.signal }), this.#givenUp]));
    this.#isOver = true;
    if (this.#endedBy === 'itself') {
      if (exitCode === CUT_OFF) throw sandboxError('SANDBOX_LOST', 'The connection to the engine broke while a command ran, which ended it.');
      if (exitCode === KILLED) this.#endedBy = await this.#killer();
    }
    await this.#untilDrained();
    const { stdout, stderr } = this.#windows;
    return { endedBy: this.#endedBy, exitCode: this.#endedBy === 'itself' ? exitCode : null, stdout: stdout.captured(), stderr: stderr.captured() };
  }

  /** Of a command that was killed, and not by us. */
  async #killer(): Promise<'itself' | 'memory'> {
    const asked = { signal: this.#questions.signal, patienceMs: KILL_MS };
    const { State } = (await ask('being asked what has ended a container', (abortSignal) => this.#container.inspect({ abortSignal }), asked)) as Partial<Docker.ContainerInspectInfo>;
    if (State === undefined || State.Status === 'removing' || State.Dead) throw sandboxError('SANDBOX_LOST', 'Somebody else has removed the container in which a command ran.');
    return State.OOMKilled ? 'memory' : 'itself';
  }

  #take(chunk: OutputChunk): void {
    const { stdout, stderr } = this.#windows;
    this.#windows[chunk.stream].add(chunk.bytes);
    this.#options.onOutput?.(chunk);
    if (stdout.totalBytes + stderr.totalBytes > MAX_PRINTED_BYTES) this.#end('output');
  }

  /** Kills all that is in the container; the first reason counts. */
  #end(by: CommandEnd): void {
    if (this.#endedBy !== 'itself' || this.#isOver) return;
    this.#endedBy = by;
    this.#giveUpSoon('being killed');
    const killed: Promise<unknown> = this.#container.kill({ abortSignal: this.#questions.signal });
    killed.catch((thrown: unknown) => { if (!isGone(thrown) && !isConflict(thrown)) this.#giveUp(thrown); });
  }

  #giveUpSoon(after: string): void {
    if (this.#isOver) return;
    const { id } = this.#container;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      this.#giveUp(sandboxError('SANDBOX_LOST', `A container (${id}) was not over within ${KILL_MS / 1_000} s of ${after}. Look at the engine.`, { details: { container: id } }));
    }, KILL_MS);
  }

  async #untilDrained(): Promise<void> {
    const drained = this.#drained.then(() => true);
    for (let seen = -1; seen !== this.#heard;) {
      seen = this.#heard;
      let impatience: NodeJS.Timeout | undefined;
      const isDrained = await Promise.race([drained, new Promise<boolean>((resolve) => { impatience = setTimeout(resolve, DRAIN_MS, false); })]);
      clearTimeout(impatience);
      if (isDrained) return;
      // In a process that had no time for it, what has come meanwhile is only read now.
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  }
}

/** Throws `SANDBOX_LOST` for an answer that does not say how a container has ended. */
function exitCodeIn(answer: unknown): number {
  const { StatusCode, Error: failure } = answer as { readonly StatusCode?: unknown; readonly Error?: { readonly Message?: string } | null };
  if (typeof StatusCode === 'number' && Number.isInteger(StatusCode) && (failure?.Message ?? '') === '') return StatusCode;
  throw sandboxError('SANDBOX_LOST', `The engine does not say how a container has ended (${JSON.stringify(answer).slice(0, 200)}).`);
}

/** Whatever the engine says meanwhile: the command was told, and may have done anything. */
function lost(thrown: unknown): OmniError {
  const { message, details = {} } = engineError(thrown, 'a command ran', 'SANDBOX_LOST');
  const text = message.includes(UNKNOWN) ? message : `${message} ${UNKNOWN}`;
  return sandboxError('SANDBOX_LOST', text, { details, cause: thrown });
}
