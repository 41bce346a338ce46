/**
 * Runs each command in a container of its own.
 *
 * 1. A container is used for one command, and is removed before the command's result is given.
 * 2. Every container has a label that says which process has made it; those of processes that have ended are removed before
 *    the first command, and nothing else is ever touched.
 * 3. Nothing is asked of the engine before there is something to run: a replay needs none.
 */
import { assertPlainCommand, Workspace, type Command, type CommandResult, type CommandRunner, type ExecOptions } from '@omnipaw/host';
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { containerOptions, NAME_PREFIX } from './container-options.js';
import { ContainerRun } from './container-run.js';
import { answer, engineError } from './engine-call.js';
import { assertConfines, isRootless, type EngineInfo } from './engine-info.js';
import { Graveyard } from './graveyard.js';
import { assureImage } from './image.js';
import { limitsFrom, type ContainerLimits } from './limits.js';
import { assertOptions, type DockerSandboxOptions } from './options.js';
import { isOver, thisOwner } from './owner.js';
import { scriptOf } from './script.js';
import { withSeccompProfile } from './seccomp-file.js';
import { userFor } from './user.js';
import { startContainer, type WaitingContainer } from './waiting-container.js';
import { WarmPool } from './warm-pool.js';

export const DEFAULT_IMAGE = 'node:22-alpine';

/** The labels of a container: which process has made it, and, unless it waits for a call, for which call. */
export const LABELS = Object.freeze({ owner: 'omnipaw.owner', kernel: 'omnipaw.kernel', agent: 'omnipaw.agent', tool: 'omnipaw.tool', call: 'omnipaw.call' });

/** An engine that can be asked, and what is known before the first container is made. */
interface Ready {
  readonly docker: Docker;
  readonly info: EngineInfo;
  /** `uid:gid` */
  readonly user: string;
  /** Directories for which the image wants some. */
  readonly volumes: readonly string[];
}

export class DockerSandbox implements CommandRunner {
  readonly mode = 'docker';
  /** bash if the image has one. */
  readonly shell = ['/bin/sh', '-c', 'command -v bash >/dev/null && exec bash --noprofile --norc -c -- "$@"; exec /bin/sh -c -- "$@"', 'sh'] as const;
  readonly #options: DockerSandboxOptions;
  readonly #workspace: Workspace;
  readonly #limits: ContainerLimits;
  readonly #graveyard = new Graveyard();
  readonly #pool: WarmPool;
  #ready: Promise<Ready> | undefined;
  /** Commands, until their containers are removed. */
  readonly #running = new Set<Promise<CommandResult>>();

  /** Throws a `TypeError` for a root that is no directory, and for an option or a limit that is not known or can't be what it is. */
  constructor(options: DockerSandboxOptions) {
    assertOptions(options);
    const { warm = 0 } = options;
    this.#options = options;
    this.#workspace = new Workspace(options.root);
    this.#limits = limitsFrom(options.limits ?? {});
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
    await this.#prepared();
    this.#pool.fill();
    await this.#pool.settled();
    if (this.#pool.failure !== undefined) throw engineError(this.#pool.failure, 'containers that wait were started');
  }

  exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    const running = this.#exec(command, options).finally(() => this.#running.delete(running));
    this.#running.add(running);
    return running;
  }

  /** Removes the containers that wait, once all commands are over; resolves with the ids of those that could not be removed. Call it after the kernel's stop. */
  async close(): Promise<readonly string[]> {
    await this.#pool.close();
    await Promise.allSettled(this.#running);
    await this.#graveyard.settled();
    await this.#graveyard.retry();
    return this.#graveyard.settled();
  }

  async #exec(command: Command, options: ExecOptions): Promise<CommandResult> {
    assertPlainCommand(command, options.env);
    // Throws what no command may run in.
    await this.#workspace.list(options.cwd, 0);
    await this.#prepared();
    await this.#graveyard.retry();
    const waiting = (await this.#pool.take()) ?? (await this.#start(options));
    const run = new ContainerRun(waiting, { ...options, root: this.#workspace.root, maxDiskBytes: this.#limits.maxDiskBytes });
    try {
      return await run.untilOver(scriptOf({ command, cwd: options.cwd, env: options.env }));
    } finally {
      await this.#graveyard.remove(waiting.container);
      this.#pool.fill();
    }
  }

  async #prepared(): Promise<Ready> {
    this.#ready ??= this.#prepareNow();
    try {
      return await this.#ready;
    } catch (thrown) {
      // The next one may find an engine.
      this.#ready = undefined;
      throw thrown;
    }
  }

  async #prepareNow(): Promise<Ready> {
    const { image = DEFAULT_IMAGE, pull = false, onPull, user } = this.#options;
    const { docker, info } = await this.#findEngine();
    assertConfines(info);
    const uid = userFor(this.#workspace.root, isRootless(info), user);
    const volumes = await assureImage(docker, { image, pull, onPull });
    await this.#removeLeftovers(docker);
    return { docker, info, user: uid, volumes };
  }

  async #findEngine(): Promise<{ readonly docker: Docker; readonly info: EngineInfo }> {
    try {
      const docker = this.#options.docker ?? (await connect());
      return { docker, info: (await answer(docker.info(), 'being looked for')) as EngineInfo };
    } catch (thrown) {
      throw engineError(thrown, 'it was looked for');
    }
  }

  async #removeLeftovers(docker: Docker): Promise<void> {
    const ours = await answer(docker.listContainers({ all: true, filters: { label: [LABELS.owner] } }), 'being asked for containers').catch((thrown: unknown) => { throw engineError(thrown, 'containers were listed'); });
    const left = ours.filter(({ Names, Labels, State }) => Names.some((name) => name.replace(/^\//, '').startsWith(NAME_PREFIX)) && isOver(Labels[LABELS.owner] ?? '', State === 'running'));
    await Promise.all(left.map(({ Id }) => this.#graveyard.remove(docker.getContainer(Id))));
  }

  /** For a call, or for whichever comes next. */
  async #start(call?: ExecOptions): Promise<WaitingContainer> {
    const { image = DEFAULT_IMAGE, network = 'none' } = this.#options;
    const { docker, info, user, volumes } = await this.#prepared();
    const plan = { image, volumes, network, user, root: this.#workspace.root, limits: this.#limits, labels: labelsOf(call) };
    try {
      return await withSeccompProfile(info, (seccomp) => startContainer(docker, containerOptions({ ...plan, seccomp }), (container) => this.#graveyard.remove(container)));
    } catch (thrown) {
      // Somebody has removed the image: who comes next looks for it again, and pulls it if that is allowed.
      if ((thrown as OmniError).code === 'SANDBOX_IMAGE_MISSING') this.#ready = undefined;
      throw thrown;
    }
  }
}

/** Loaded when there is something to run: it is large, and not every process that could run commands does. */
async function connect(): Promise<Docker> {
  const { default: Engine } = await import('dockerode');
  return new Engine();
}

/** The kernel is named by its log: the beginning of every key of a call. */
function labelsOf(call?: ExecOptions): Readonly<Record<string, string>> {
  const owner = { [LABELS.owner]: thisOwner() };
  if (call?.caller === undefined) return owner;
  const { agent, tool, idempotencyKey } = call.caller;
  return { ...owner, [LABELS.kernel]: idempotencyKey.split('/')[0]!, [LABELS.agent]: agent, [LABELS.tool]: tool, [LABELS.call]: idempotencyKey };
}
