import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describeThrown, makeDirectory, OmniError, syncDirectory } from '@omnipaw/kernel';
import { parseHead } from './head.js';
import type { HeadStore } from './head-store.js';

const SUFFIX = '.head';
const DIGITS = 16;
/** Sixteen signatures and more have room in it. */
const MAX_HEAD_BYTES = 64 * 1024;
/** Opening a pipe that lies there does not wait for somebody at its other end. Windows has no such pipes. */
const NO_WAIT = (fs.constants as Partial<typeof fs.constants>).O_NONBLOCK ?? 0;

/**
 * Signed heads in a directory, a file each: `0000000000000024.9f86d081.head` covers 24 entries, and is signed by the key with
 * that id.
 *
 * A head appears in the directory whole or not at all. Nothing is ever deleted.
 */
export class FileHeadStore implements HeadStore {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** The heads that a kernel keeps beside a log: in `heads`, which is no part of the log. */
  static beside(logDirectory: string): FileHeadStore {
    return new FileHeadStore(path.join(logDirectory, 'heads'));
  }

  /** Where a head lies, or would; throws `HEAD_INVALID` for what is none. */
  pathOf(head: string): string {
    const { entries, note } = parseHead(head);
    return path.join(this.directory, `${String(entries).padStart(DIGITS, '0')}.${note.signatures[0]!.keyId}${SUFFIX}`);
  }

  /** Rejects with `HEAD_INVALID` for what is no head, and with what the system refuses. */
  async write(head: string): Promise<void> {
    const file = this.pathOf(head);
    await makeDirectory(this.directory);
    await replace(file, head);
  }

  /** Where the heads lie, in the order of `read`. */
  async files(): Promise<readonly string[]> {
    const names = (await namesIn(this.directory)).filter((name) => name.endsWith(SUFFIX)).sort();
    return names.map((name) => path.join(this.directory, name));
  }

  /** All heads, the oldest first; none if the directory is not there. Rejects with `LOG_READ_FAILED` for what can't be read. */
  async read(): Promise<readonly string[]> {
    try {
      const heads: string[] = [];
      for (const file of await this.files()) heads.push(await readHead(file));
      return heads;
    } catch (cause) {
      throw readFailed(this.directory, cause);
    }
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await fs.promises.readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function readHead(file: string): Promise<string> {
  const handle = await fs.promises.open(file, fs.constants.O_RDONLY | NO_WAIT);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new OmniError('LOG_READ_FAILED', `${file} is not a regular file, so it is no signed head. Move it elsewhere.`, { details: { file } });
    const { size } = stats;
    if (size <= MAX_HEAD_BYTES) return await handle.readFile('utf8');
    throw new OmniError('HEAD_INVALID', `${file} has ${size} bytes, which no signed head has. Move it elsewhere.`, { details: { file, size } });
  } finally {
    await handle.close();
  }
}

/** Puts a text in the place of a file, whatever moment the power fails at. */
async function replace(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${randomBytes(8).toString('hex')}.tmp`;
  try {
    const handle = await fs.promises.open(unfinished, 'wx');
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.promises.rename(unfinished, file);
  } catch (error) {
    await fs.promises.rm(unfinished, { force: true });
    throw error;
  }
  await syncDirectory(path.dirname(file));
}

function readFailed(directory: string, cause: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  const systemCode = (cause as NodeJS.ErrnoException).code;
  const message = `The signed heads in ${directory} could not be read: ${describeThrown(cause)}. Check its permissions and the disk.`;
  return new OmniError('LOG_READ_FAILED', message, { cause, ...(systemCode === undefined ? {} : { details: { systemCode } }) });
}
