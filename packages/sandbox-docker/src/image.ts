/** The image in which commands run, on the engine. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { ask, assertUnderstood, engineError } from './engine-call.js';
import { sandboxError } from './errors.js';
import { imageMissing } from './image-missing.js';

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
  /** Ends it, with its reason. */
  readonly signal: AbortSignal;
}

/** An image by its content: whichever one has its name later, this is the one that is known. */
export interface Image {
  readonly id: string;
  /** Directories for which it wants volumes. */
  readonly volumes: readonly string[];
}

/**
 * Sees to it that the engine has the image.
 *
 * Rejects with `SANDBOX_IMAGE_MISSING` when the engine does not have it, and may not or cannot pull it.
 */
export async function assureImage(docker: Docker, options: ImageOptions): Promise<Image> {
  try {
    return await imageOn(docker, options);
  } catch (thrown) {
    if (!isMissing(thrown)) throw engineError(thrown, `the image ${options.image} was looked for`);
    if (!options.pull) throw imageMissing(options.image, thrown);
  }
  try {
    await pullImage(docker, options);
    return await imageOn(docker, options);
  } catch (thrown) {
    throw pullFailed(options.image, thrown);
  }
}

async function imageOn(docker: Docker, { image, signal }: ImageOptions): Promise<Image> {
  const { Id, Config } = await ask('being asked for an image', (abortSignal) => inspect(docker, image, abortSignal), { signal });
  assertUnderstood(typeof Id === 'string' && Id !== '', 'an image');
  return { id: Id, volumes: Object.keys(Config?.Volumes ?? {}) };
}

/** dockerode's own way of asking this can't be given up. */
function inspect(docker: Docker, image: string, abortSignal: AbortSignal): Promise<Partial<Docker.ImageInspectInfo>> {
  const request = { path: `/images/${image}/json`, method: 'GET', statusCodes: { 200: true, 404: 'no such image', 500: 'server error' }, abortSignal };
  return new Promise((resolve, reject) => {
    docker.modem.dial(request, (thrown: Error | null, found: unknown) => {
      if (thrown === null) resolve(found as Partial<Docker.ImageInspectInfo>);
      else reject(thrown);
    });
  });
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
async function pullImage(docker: Docker, { image, onPull, signal }: ImageOptions): Promise<void> {
  const stream = (await ask('being told to pull an image', (abortSignal) => docker.pull(tagged(image), { abortSignal }), { signal })) as NodeJS.ReadableStream & Destroyable;
  const stop = (): void => { stream.destroy(signal.reason as Error); };
  signal.addEventListener('abort', stop);
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
    signal.removeEventListener('abort', stop);
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
  if (thrown === error || error.code === 'SANDBOX_DISK_FULL' || isBroken(thrown)) return error;
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
