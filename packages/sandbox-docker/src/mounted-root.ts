/**
 * Whether what a container has as its workspace is the root. The engine has looked for it by its path, and whoever may write the
 * directory around it can have put a link there meanwhile, which would lead to anything of the machine.
 */
import type { Workspace } from '@omnipaw/host';
import type { ContainerStream } from './attach.js';
import { HERE } from './container-options.js';
import { ask, engineError } from './engine-call.js';
import { sandboxError } from './errors.js';
import { Frames } from './frames.js';
import type { WaitingContainer } from './waiting-container.js';

/** Rejects with `SANDBOX_REFUSED` if not, and with `SANDBOX_FAILED` or `SANDBOX_UNREACHABLE` when there is no answer; nothing has run then. */
export async function assertHasRoot({ stream }: WaitingContainer, workspace: Workspace, signal: AbortSignal): Promise<void> {
  const answer = await workspace
    .whileMarked((name) => ask('being asked for the workspace of a container', () => answerTo(`${name}\n`, stream), { signal }))
    .catch((thrown: unknown) => { throw engineError(thrown, 'a container was asked for its workspace'); });
  if (answer === `${HERE}\n`) return;
  throw sandboxError('SANDBOX_REFUSED', `A container has something else as its workspace than ${workspace.root}: the engine's machine has another directory there, or somebody has exchanged it. Nothing has run.`, { details: { root: workspace.root } });
}

/** What comes of a container, to the end of the first line. Who gives it up destroys the stream. */
function answerTo(question: string, stream: ContainerStream): Promise<string> {
  const said = { stdout: '', stderr: '' };
  const frames = new Frames((chunk) => { said[chunk.stream] += Buffer.from(chunk.bytes).toString(); });
  return new Promise<string>((resolve, reject) => {
    const hear = (bytes: Buffer): void => {
      frames.add(bytes);
      if (said.stdout.includes('\n')) settle(() => { resolve(said.stdout); });
    };
    const end = (): void => { settle(() => { reject(unanswered(said.stderr)); }); };
    const settle = (how: () => void): void => {
      stream.off('data', hear).off('end', end).off('close', end);
      how();
    };
    stream.on('data', hear).once('end', end).once('close', end);
    stream.write(question);
  });
}

/** The connection has ended; if the container has, because its image has no shell, that has been said. */
function unanswered(complaint: string): Error {
  const reason = complaint.trim();
  if (reason === '') return new Error('the connection ended');
  return sandboxError('SANDBOX_FAILED', `A container ended before it was told anything: ${reason}. Its image must have a /bin/sh.`, { details: { reason } });
}
