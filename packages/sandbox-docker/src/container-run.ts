/** A command in a container, from being told to run to the end of the container. */
import { OutputWindow, type CommandEnd, type CommandResult, type ExecOptions, type OutputChunk } from '@omnipaw/host';
import type { OmniError } from '@omnipaw/kernel';
import type { ContainerStream } from './attach.js';
import { watchDisk } from './disk-watch.js';
import { engineError, isGone, within } from './engine-call.js';
import { sandboxError } from './errors.js';
import { Frames } from './frames.js';
import type { WaitingContainer } from './waiting-container.js';

/** What a command may print, kept or not. */
const MAX_PRINTED_BYTES = 64 * 1024 * 1024;
/** How long a container that was killed, or whose output has ended, may take to be over. */
const KILL_MS = 10_000;
/** How long nothing may come of the output that is still under way when a container is over. */
const DRAIN_MS = 2_000;
/** As the shell says it of a child that was killed. */
const KILLED = 128 + 9;

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
  #isOver = false;
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
      clearTimeout(timer);
      clearTimeout(this.#patience);
      unwatch();
      signal.removeEventListener('abort', abort);
      this.#stream.destroy();
    }
  }

  async #result(): Promise<CommandResult> {
    const { StatusCode: exitCode } = (await Promise.race([this.#container.wait(), this.#givenUp])) as { readonly StatusCode: number };
    if (!Number.isInteger(exitCode)) throw sandboxError('SANDBOX_LOST', `The engine does not say how the container ${this.#container.id} has ended. Look at the engine.`);
    if (exitCode === KILLED && this.#endedBy === 'itself' && (await this.#hadTooLittleMemory())) this.#endedBy = 'memory';
    // What comes after the end has not ended it.
    const endedBy = this.#endedBy;
    await this.#untilDrained();
    const { stdout, stderr } = this.#windows;
    return { endedBy, exitCode: endedBy === 'itself' ? exitCode : null, stdout: stdout.captured(), stderr: stderr.captured() };
  }

  async #hadTooLittleMemory(): Promise<boolean> {
    const late = (): OmniError => sandboxError('SANDBOX_LOST', `The engine does not say what has ended the container ${this.#container.id}. Look at the engine.`);
    return (await within(KILL_MS, this.#container.inspect(), late)).State.OOMKilled;
  }

  #take(chunk: OutputChunk): void {
    const { stdout, stderr } = this.#windows;
    this.#windows[chunk.stream].add(chunk.bytes);
    this.#options.onOutput?.(chunk);
    if (stdout.totalBytes + stderr.totalBytes > MAX_PRINTED_BYTES) this.#end('output');
  }

  /** Kills all that is in the container; the first reason counts. */
  #end(by: CommandEnd): void {
    if (this.#endedBy !== 'itself') return;
    this.#endedBy = by;
    this.#giveUpSoon('being killed');
    this.#container.kill().catch((thrown: unknown) => { if (!isGone(thrown)) this.#giveUp(thrown); });
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

/** Whatever the engine says meanwhile: the command was told, and may have done anything. */
function lost(thrown: unknown): OmniError {
  const error = engineError(thrown, 'a command ran', 'SANDBOX_LOST');
  if (error.code === 'SANDBOX_LOST') return error;
  return sandboxError('SANDBOX_LOST', `${error.message} Nobody knows what the command has done; look at the workspace.`, { details: error.details ?? {}, cause: error });
}
