/**
 * Runs each command in a container of its own.
 *
 * 1. A container is used for one command, and is removed before the command's result is given.
 * 2. Every container has labels that say which process has made it, and until when anybody can want it; those of processes that
 *    have ended, and those whose time is over, are removed by whoever comes next, and nothing else is ever touched.
 * 3. Nothing is asked of the engine before there is something to run: a replay needs none.
 */
import { assertPlainCommand, Workspace, type Command, type CommandResult, type CommandRunner, type ExecOptions } from '@omnipaw/host';
import type { OmniError } from '@omnipaw/kernel';
import { containerOptions } from './container-options.js';
import { ContainerRun } from './container-run.js';
import { engineError, unlessAborted } from './engine-call.js';
import { Graveyard } from './graveyard.js';
import { labelsOf, lastUse } from './labels.js';
import { limitsFrom, type ContainerLimits } from './limits.js';
import { assertHasRoot } from './mounted-root.js';
import { assertOptions, type DockerSandboxOptions } from './options.js';
import { DEFAULT_IMAGE, Preparation } from './preparation.js';
import { scriptOf } from './script.js';
import { withSeccompProfile } from './seccomp-file.js';
import { limitStart } from './start-limit.js';
import { startContainer, type WaitingContainer } from './waiting-container.js';
import { WarmPool } from './warm-pool.js';

export class DockerSandbox implements CommandRunner {
  readonly mode = 'docker';
  /** bash if the image has one. */
  readonly shell = ['/bin/sh', '-c', 'command -v bash >/dev/null && exec bash --noprofile --norc -c -- "$@"; exec /bin/sh -c -- "$@"', 'sh'] as const;
  readonly #options: DockerSandboxOptions;
  readonly #workspace: Workspace;
  readonly #limits: ContainerLimits;
  readonly #graveyard = new Graveyard();
  readonly #pool: WarmPool;
  readonly #preparation: Preparation;
  /** Commands, until their containers are removed. */
  readonly #running = new Set<Promise<CommandResult>>();

  /** Throws a `TypeError` for a root that is no directory, and for an option or a limit that is not known or can't be what it is. */
  constructor(options: DockerSandboxOptions) {
    assertOptions(options);
    const { warm = 0 } = options;
    this.#options = options;
    this.#workspace = new Workspace(options.root);
    this.#limits = limitsFrom(options.limits ?? {});
    this.#preparation = new Preparation(options, this.#workspace.root, this.#graveyard);
    this.#pool = new WarmPool(warm, () => this.#start(), ({ container, stream }) => {
      stream.destroy();
      void this.#graveyard.remove(container);
    });
  }

  /**
   * Finds the engine and the image, removes what processes that have ended have left there, and starts what is to wait. Done
   * by the first command unless somebody has called it.
   *
   * Rejects with `SANDBOX_UNREACHABLE`, `SANDBOX_IMAGE_MISSING`, `SANDBOX_REFUSED`, `SANDBOX_DISK_FULL`, `SANDBOX_FAILED`.
   */
  async prepare(): Promise<void> {
    await this.#preparation.ready();
    this.#pool.fill();
    await Promise.all([this.#pool.settled(), this.#graveyard.settled()]);
    if (this.#pool.failure !== undefined) throw engineError(this.#pool.failure, 'containers that wait were started');
  }

  exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    const running = this.#exec(command, options).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Removes the containers that wait, once all commands are over; resolves with the ids of those that could not be removed. Call it after the kernel's stop. */
  async close(): Promise<readonly string[]> {
    const isPoolClosed = this.#pool.close();
    await Promise.allSettled(this.#running);
    this.#preparation.stop();
    await isPoolClosed;
    return this.#graveyard.close();
  }

  async #exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    assertPlainCommand(command, options.env);
    // Throws what no command may run in.
    await this.#workspace.list(options.cwd, 0);
    const waiting = await this.#containerFor(options);
    if (waiting === undefined) return NOT_RUN;
    const run = new ContainerRun(waiting, { ...options, root: this.#workspace.root, maxDiskBytes: this.#limits.maxDiskBytes });
    try {
      return { ...(await run.untilOver(scriptOf({ command, cwd: options.cwd, env: options.env }))), where: waiting.where };
    } finally {
      await this.#graveyard.remove(waiting.container);
      this.#pool.fill();
    }
  }

  /** Undefined when nobody wants it any more. */
  async #containerFor(call: ExecOptions): Promise<WaitingContainer | undefined> {
    const isUnwanted = (): boolean => call.signal.aborted;
    if (isUnwanted()) return undefined;
    const limit = limitStart(call);
    try {
      await unlessAborted(limit.signal, this.#preparation.ready());
      void this.#graveyard.retry();
      const waiting = (await this.#pool.take(lastUse(Date.now(), call), limit.signal)) ?? (await this.#start(limit.signal, call));
      await assertHasRoot(waiting, this.#workspace, limit.signal).catch((thrown: unknown) => this.#giveUp(waiting, thrown));
      return waiting;
    } catch (thrown) {
      if (isUnwanted()) return undefined;
      throw thrown;
    } finally {
      limit.clear();
    }
  }

  async #giveUp({ container, stream }: WaitingContainer, thrown: unknown): Promise<never> {
    stream.destroy();
    await this.#graveyard.remove(container);
    throw thrown;
  }

  /** For a call, or for whichever comes next. */
  async #start(signal?: AbortSignal, call?: ExecOptions): Promise<WaitingContainer> {
    const { image: name = DEFAULT_IMAGE, network = 'none' } = this.#options;
    const { docker, info, user, image } = await this.#preparation.ready();
    const until = lastUse(Date.now(), call);
    const plan = { image: image.id, volumes: image.volumes, network, user, root: this.#workspace.root, limits: this.#limits, labels: labelsOf(until, call) };
    try {
      return await withSeccompProfile(info, (seccomp) => startContainer({ docker, image: name, where: `docker ${name} ${image.id}`, options: containerOptions({ ...plan, seccomp }), until, signal, graveyard: this.#graveyard }));
    } catch (thrown) {
      // Somebody has removed the image: who comes next looks for it again, and pulls it if that is allowed.
      if ((thrown as OmniError).code === 'SANDBOX_IMAGE_MISSING') this.#preparation.forget();
      throw thrown;
    }
  }
}

/** Of a call that nobody wanted any more before its command was told. */
const NOTHING = Object.freeze({ head: new Uint8Array(0), tail: new Uint8Array(0), cutBytes: 0 });
const NOT_RUN: CommandResult = Object.freeze({ endedBy: 'abort', exitCode: null, stdout: NOTHING, stderr: NOTHING });
