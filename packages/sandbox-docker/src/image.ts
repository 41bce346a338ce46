/** The image in which commands run, on the engine. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { engineError } from './engine-call.js';
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

/** Rejects with `SANDBOX_IMAGE_MISSING` when the engine does not have the image, and may not or cannot pull it. */
export async function assureImage(docker: Docker, options: ImageOptions): Promise<void> {
  const { image, pull } = options;
  try {
    await docker.getImage(image).inspect();
  } catch (thrown) {
    if ((thrown as { readonly statusCode?: number }).statusCode !== 404) throw engineError(thrown, `the image ${image} was looked for`);
    if (!pull) throw imageMissing(image, thrown);
    await pullImage(docker, options);
  }
}

interface PullEvent {
  readonly status?: string;
  readonly id?: string;
  readonly error?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
}

async function pullImage(docker: Docker, { image, onPull }: ImageOptions): Promise<void> {
  try {
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
  } catch (thrown) {
    throw pullFailed(image, thrown);
  }
}

function pullFailed(image: string, thrown: unknown): OmniError {
  const error = engineError(thrown, `${image} was pulled`);
  return error.code === 'SANDBOX_DISK_FULL' ? error : imageMissing(image, error);
}

/** Without a tag an engine would pull all of them. */
function tagged(image: string): string {
  return /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
}
