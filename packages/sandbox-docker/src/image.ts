/** The image in which commands run, on the engine. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { answer, engineError } from './engine-call.js';
import { imageMissing } from './waiting-container.js';

/** What the engine says of a layer while it pulls an image. */
export interface PullProgress {
  readonly image: string;
  /** `Downloading`, `Extracting`, `Pull complete`, … */
  readonly status: string;
  readonly layer?: string | undefined;
  readonly bytes?: number | undefined;
  readonly ofBytes?: number | undefined;
}

export interface ImageOptions {
  readonly image: string;
  readonly pull: boolean;
  readonly onPull?: ((progress: PullProgress) => void) | undefined;
}

/**
 * Sees to it that the engine has the image, and resolves with the directories for which the image wants volumes.
 *
 * Rejects with `SANDBOX_IMAGE_MISSING` when the engine does not have it, and may not or cannot pull it.
 */
export async function assureImage(docker: Docker, options: ImageOptions): Promise<readonly string[]> {
  try {
    return await volumesOf(docker, options.image);
  } catch (thrown) {
    if (!isMissing(thrown)) throw engineError(thrown, `the image ${options.image} was looked for`);
    if (!options.pull) throw imageMissing(options.image, thrown);
  }
  try {
    await pullImage(docker, options);
    return await volumesOf(docker, options.image);
  } catch (thrown) {
    throw pullFailed(options.image, thrown);
  }
}

async function volumesOf(docker: Docker, image: string): Promise<readonly string[]> {
  const { Config } = (await answer(docker.getImage(image).inspect(), 'being asked for an image')) as { readonly Config?: { readonly Volumes?: object | null } | null };
  return Object.keys(Config?.Volumes ?? {});
}

function isMissing(thrown: unknown): boolean {
  return (thrown as { readonly statusCode?: number }).statusCode === 404;
}

interface PullEvent {
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

async function pullImage(docker: Docker, { image, onPull }: ImageOptions): Promise<void> {
  const stream: NodeJS.ReadableStream = await docker.pull(tagged(image));
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => { if (error === null) resolve(); else reject(error); },
      ({ status, id, error, progressDetail }: PullEvent) => {
        // A registry that says no, says so in the middle of it.
        if (error !== undefined) reject(new Error(error));
        else if (status !== undefined) onPull?.({ image, status, layer: id, bytes: progressDetail?.current, ofBytes: progressDetail?.total });
      },
    );
  });
}

function pullFailed(image: string, thrown: unknown): OmniError {
  const error = engineError(thrown, `${image} was pulled`);
  return error.code === 'SANDBOX_DISK_FULL' ? error : imageMissing(image, error);
}

/** Without a tag an engine would pull all of them. */
function tagged(image: string): string {
  return /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
}
