/** What the operating system's refusals mean for a log. */
import { OmniError } from '../errors/index.js';

export function logNotFound(directory: string): OmniError {
  return new OmniError('LOG_NOT_FOUND', `There is no log in ${directory}. Check the path; a log is a directory of .jsonl segments.`, {
    details: { directory },
  });
}

export function readFailed(directory: string, cause: unknown): OmniError {
  return asOmniError(cause, 'LOG_READ_FAILED', `The log in ${directory} could not be read: ${words(cause)}. Check its permissions and the disk.`);
}

export function openFailed(directory: string, cause: unknown): OmniError {
  return asOmniError(cause, 'LOG_WRITE_FAILED', `The log in ${directory} could not be opened for writing: ${words(cause)}.`);
}

export function appendFailed(directory: string, firstSeq: number, cause: unknown): OmniError {
  const message =
    `The log in ${directory} could not be written: ${words(cause)}. All before entry ${firstSeq} is durable. ` +
    'Free space or mend the disk, then open the log again.';
  return asOmniError(cause, 'LOG_WRITE_FAILED', message);
}

export function closeFailed(directory: string, cause: unknown): OmniError {
  return asOmniError(cause, 'LOG_WRITE_FAILED', `The log in ${directory} could not be closed properly: ${words(cause)}.`);
}

export function checkpointFailed(directory: string, cause: unknown): OmniError {
  const message = `A checkpoint of the log in ${directory} could not be written: ${words(cause)}. The log is none the worse; opening it takes longer.`;
  return asOmniError(cause, 'CHECKPOINT_FAILED', message);
}

/** Somebody else has written to a log that has one writer. */
export function fenced(cause?: unknown): OmniError {
  const message = 'Another process has written to this log meanwhile, which only a deleted lock file allows. Stop one of them.';
  return new OmniError('LOG_FENCED', message, { cause });
}

/** What is an OmniError already says more than any wrapping could. */
function asOmniError(cause: unknown, code: 'LOG_READ_FAILED' | 'LOG_WRITE_FAILED' | 'CHECKPOINT_FAILED', message: string): OmniError {
  if (cause instanceof OmniError) return cause;
  const systemCode = (cause as NodeJS.ErrnoException).code;
  return new OmniError(code, message, { cause, ...(systemCode === undefined ? {} : { details: { systemCode } }) });
}

function words(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
