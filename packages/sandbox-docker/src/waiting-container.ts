/** A container that has been started and waits to be told what to run; nothing has run in it yet, and it is told once. */
import type Docker from 'dockerode';
import { attach, type ContainerStream } from './attach.js';
import { ask, assertUnderstood, engineError, unlessAborted } from './engine-call.js';
import type { Graveyard } from './graveyard.js';
import { asMissingImage } from './image-missing.js';

export interface WaitingContainer {
  readonly container: Docker.Container;
  readonly stream: ContainerStream;
  /** Whether what is told to it would still be heard. */
  readonly isConnected: () => boolean;
  /** When anybody may remove it. */
  readonly until: number;
  /** The image, by name and content. */
  readonly where: string;
}

export interface StartOptions {
  readonly docker: Docker;
  /** As its user calls it. */
  readonly image: string;
  readonly until: number;
  readonly where: string;
  readonly options: Docker.ContainerCreateOptions;
  /** Ends it, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Gets whatever there is of a container if it fails, takes too long, or is ended. */
  readonly graveyard: Graveyard;
}

/**
 * Makes a container and starts it.
 *
 * Rejects with `SANDBOX_UNREACHABLE`, `SANDBOX_IMAGE_MISSING`, `SANDBOX_DISK_FULL`, `SANDBOX_FAILED`.
 */
export async function startContainer(start: StartOptions): Promise<WaitingContainer> {
  const { docker, until, where, signal, graveyard } = start;
  const container = await makeContainer(start);
  let stream: ContainerStream | undefined;
  try {
    const attached = await ask('attaching to a container', (abortSignal) => attach(docker, container, abortSignal), { signal });
    stream = attached;
    let isConnected = true;
    for (const event of ['end', 'close']) attached.once(event, () => { isConnected = false; });
    await ask('starting a container', (abortSignal) => container.start({ abortSignal }), { signal });
    return { container, stream, isConnected: () => isConnected, until, where };
  } catch (thrown) {
    stream?.destroy();
    await graveyard.remove(container);
    throw engineError(thrown, 'a container was started');
  }
}

/** The question is not given up with its call: its answer says that there is something to remove. */
async function makeContainer({ docker, image, options, signal, graveyard }: StartOptions): Promise<Docker.Container> {
  const made = ask('making a container', async (abortSignal) => {
    const container = await docker.createContainer(inBody(options, abortSignal));
    assertUnderstood(typeof container.id === 'string' && container.id !== '', 'a container');
    return container;
  });
  try {
    return await (signal === undefined ? made : unlessAborted(signal, made));
  } catch (thrown) {
    graveyard.removeUnwanted(made, docker.getContainer(options.name!));
    throw asMissingImage(thrown, image) ?? engineError(thrown, 'a container was made');
  }
}

/** dockerode would send all of it in the address as well, and a profile of seccomp is longer than what servers take there. */
function inBody(options: Docker.ContainerCreateOptions, abortSignal: AbortSignal): Docker.ContainerCreateOptions {
  const parts: object = { _query: { name: options.name }, _body: options };
  return { ...parts, abortSignal };
}
