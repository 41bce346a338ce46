/** What is done once for all calls: the engine and the image are found, and what processes that have ended have left there is removed. */
import { posix } from 'node:path';
import type Docker from 'dockerode';
import { connect, whereItWasLooked } from './connect.js';
import { WORKSPACE } from './container-options.js';
import { ask, assertUnderstood, engineError } from './engine-call.js';
import { assertConfines, isRootless, type EngineInfo } from './engine-info.js';
import { sandboxError } from './errors.js';
import type { Graveyard } from './graveyard.js';
import { assureImage, type Image } from './image.js';
import { isLeftover, LABELS } from './labels.js';
import type { DockerSandboxOptions } from './options.js';
import { userFor } from './user.js';

export const DEFAULT_IMAGE = 'node:22-alpine';

/** An engine that can be asked, and what is known before the first container is made. */
export interface Ready {
  readonly docker: Docker;
  readonly info: EngineInfo;
  /** `uid:gid` */
  readonly user: string;
  readonly image: Image;
}

export class Preparation {
  readonly #options: DockerSandboxOptions;
  readonly #root: string;
  readonly #graveyard: Graveyard;
  #ready: Promise<Ready> | undefined;
  #stopping = new AbortController();

  /** `root` is a path without links. */
  constructor(options: DockerSandboxOptions, root: string, graveyard: Graveyard) {
    this.#options = options;
    this.#root = root;
    this.#graveyard = graveyard;
  }

  /**
   * Resolves for all who ask with what the first one has found out; after a failure the next one may find an engine.
   *
   * Rejects with `SANDBOX_UNREACHABLE`, `SANDBOX_IMAGE_MISSING`, `SANDBOX_REFUSED`, `SANDBOX_DISK_FULL`, `SANDBOX_FAILED`.
   */
  ready(): Promise<Ready> {
    if (this.#ready !== undefined) return this.#ready;
    const ready = this.#prepare(this.#stopping.signal);
    this.#ready = ready;
    ready.catch(() => { if (this.#ready === ready) this.#ready = undefined; });
    return ready;
  }

  /** Lets the next one look for the image again. */
  forget(): void {
    this.#ready = undefined;
  }

  /** Ends what is under way: a pull may take long. */
  stop(): void {
    this.#stopping.abort(sandboxError('SANDBOX_UNREACHABLE', 'The sandbox was closed while the engine was asked. Nothing has run.'));
    this.#stopping = new AbortController();
  }

  async #prepare(signal: AbortSignal): Promise<Ready> {
    const { image = DEFAULT_IMAGE, pull = false, onPull, user } = this.#options;
    const { docker, info } = await this.#findEngine(signal);
    assertConfines(info);
    const uid = userFor(this.#root, isRootless(info), user);
    const found = await assureImage(docker, { image, pull, onPull, signal });
    assertNoVolumeWithin(found, image);
    await this.#removeLeftovers(docker, signal);
    return { docker, info, user: uid, image: found };
  }

  async #findEngine(signal: AbortSignal): Promise<{ readonly docker: Docker; readonly info: EngineInfo }> {
    try {
      const docker = this.#options.docker ?? (await connect());
      // The types do not know that this can be given up, too.
      const asked = docker as unknown as { info(options: { readonly abortSignal: AbortSignal }): Promise<unknown> };
      const info = await ask('being looked for', (abortSignal) => asked.info({ abortSignal }), { signal });
      assertUnderstood(typeof info === 'object' && info !== null && !Buffer.isBuffer(info), 'what it can do');
      return { docker, info };
    } catch (thrown) {
      throw engineError(thrown, this.#options.docker === undefined ? `it was looked for: ${whereItWasLooked()}` : 'it was looked for');
    }
  }

  /** A few at a time, and nobody waits for it: what is left is in no command's way. */
  async #removeLeftovers(docker: Docker, signal: AbortSignal): Promise<void> {
    const filters = { label: [LABELS.owner] };
    const ours: unknown = await ask('being asked for containers', (abortSignal) => docker.listContainers({ all: true, filters, abortSignal }), { signal })
      .catch((thrown: unknown) => { throw engineError(thrown, 'containers were listed'); });
    assertUnderstood(Array.isArray(ours), 'a list of containers');
    const left = (ours as readonly Docker.ContainerInfo[]).filter((one) => isLeftover(one, Date.now()));
    void this.#graveyard.removeAll(left.map(({ Id }) => docker.getContainer(Id)));
  }
}

/** For a volume in the workspace the engine would make directories in the root, as root. */
function assertNoVolumeWithin({ volumes }: Image, image: string): void {
  const within = volumes.find((volume) => posix.resolve('/', volume).startsWith(`${WORKSPACE}/`));
  if (within === undefined) return;
  throw sandboxError('SANDBOX_REFUSED', `The image ${image} wants a volume at ${within}, in the place of the workspace. Take one that does not.`, { details: { image, volume: within } });
}
