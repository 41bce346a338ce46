/** The image in which commands run, on the engine. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { answer, engineError } from './engine-call.js';
import { sandboxError } from './errors.js';
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

interface Destroyable {
  destroy(error: Error): void;
}

/** A pull may take long, but not say nothing for long. */
const SILENCE_MS = 120_000;

/** Not by dockerode's own reading of it, in which a line that is no JSON ends the process. */
async function pullImage(docker: Docker, { image, onPull }: ImageOptions): Promise<void> {
  const stream = (await answer(docker.pull(tagged(image)), 'being told to pull an image')) as NodeJS.ReadableStream & Destroyable;
  const silence = setTimeout(() => { stream.destroy(new Error(`nothing was heard of it for ${SILENCE_MS / 1_000} s`)); }, SILENCE_MS);
  try {
    for await (const line of linesOf(stream)) {
      silence.refresh();
      const { status, id, error, progressDetail } = JSON.parse(line) as PullEvent;
      // A registry that says no, says so in the middle of it.
      if (error !== undefined) throw new Error(error);
      if (status !== undefined) onPull?.({ image, status, layer: id, bytes: progressDetail?.current, ofBytes: progressDetail?.total });
    }
  } finally {
    clearTimeout(silence);
  }
}

async function* linesOf(stream: NodeJS.ReadableStream): AsyncGenerator<string> {
  let rest = '';
  for await (const text of stream.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop()!;
    yield* lines.filter((line) => line.trim() !== '');
  }
}

/** An engine that is full, or gone, says so of itself; all else is about the image. */
function pullFailed(image: string, thrown: unknown): OmniError {
  const error = engineError(thrown, `${image} was pulled`);
  if (error.code === 'SANDBOX_DISK_FULL' || isBroken(thrown)) return error;
  const reason = (error.details?.['reason'] as string | undefined) ?? (thrown as Error).message;
  return sandboxError('SANDBOX_IMAGE_MISSING', `The image "${image}" is not there, and could not be pulled: ${reason}. Look whether it has this name, and whether the engine may pull it.`, { details: { image, reason }, cause: error });
}

/** Whether the connection to the engine is what failed. */
function isBroken(thrown: unknown): boolean {
  return ['ECONNRESET', 'ECONNREFUSED', 'ENOENT', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes((thrown as NodeJS.ErrnoException).code ?? '');
}

/** Without a tag an engine would pull all of them. */
function tagged(image: string): string {
  return /:[^/]+$|@/.test(image) ? image : `${image}:latest`;
}
