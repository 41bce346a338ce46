/** A container that has been started and waits to be told what to run; nothing has run in it yet, and it is told once. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { attach, type ContainerStream } from './attach.js';
import { answer, engineError } from './engine-call.js';
import { sandboxError } from './errors.js';

export interface WaitingContainer {
  readonly container: Docker.Container;
  readonly stream: ContainerStream;
  /** Whether what is told to it would still be heard. */
  readonly isConnected: () => boolean;
}

/**
 * Makes a container and starts it. If that fails, or takes too long, whatever there is of it is given to `remove`.
 *
 * Rejects with `SANDBOX_UNREACHABLE`, `SANDBOX_IMAGE_MISSING`, `SANDBOX_DISK_FULL`, `SANDBOX_FAILED`.
 */
export async function startContainer(docker: Docker, options: Docker.ContainerCreateOptions, remove: (container: Docker.Container) => Promise<void>): Promise<WaitingContainer> {
  const made = docker.createContainer(options);
  let isTooLate = false;
  made.then((container) => { if (isTooLate) void remove(container); }, () => undefined);
  const container = await answer(made, 'making a container').catch((thrown: unknown) => {
    isTooLate = true;
    throw asMissingImage(thrown, options.Image ?? '') ?? engineError(thrown, 'a container was made');
  });
  const attached = attach(docker, container);
  try {
    const stream = await answer(attached, 'attaching to a container');
    let isConnected = true;
    stream.once('close', () => { isConnected = false; });
    await answer(container.start(), 'starting a container');
    return { container, stream, isConnected: () => isConnected };
  } catch (thrown) {
    attached.then((stream) => stream.destroy(), () => undefined);
    await remove(container);
    throw engineError(thrown, 'a container was started');
  }
}

function asMissingImage(thrown: unknown, image: string): OmniError | undefined {
  const { statusCode, json } = thrown as { readonly statusCode?: number; readonly json?: { readonly message?: string } };
  if (statusCode !== 404 || !/no such image/i.test(json?.message ?? '')) return undefined;
  return imageMissing(image, thrown);
}

export function imageMissing(image: string, cause?: unknown): OmniError {
  return sandboxError('SANDBOX_IMAGE_MISSING', `The engine has no image "${image}". Pull it there (docker pull ${image}), or let it be pulled: pull: true.`, { details: { image }, cause });
}
