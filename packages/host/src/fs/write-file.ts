import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { fail } from '../paths/refusals.js';
import { digestOf, type Workspace } from '../paths/workspace.js';
import { MAX_FILE_BYTES } from './limits.js';
import { path, sha256, whole } from './schemas.js';

export interface WriteFileArguments {
  readonly path: string;
  readonly content: string;
  /** `utf8` unless given. */
  readonly encoding?: 'utf8' | 'base64';
  /** Digest of what is to be replaced, or null when nothing may be there; anything goes unless given. */
  readonly replaces?: string | null;
  /** The byte from which on the file is to be this, to the end; without it the whole file is, put in place at once. */
  readonly offset?: number;
}

export interface WriteFileResult {
  /** Where the file ends now. */
  readonly bytes: number;
  /** Of what was written. */
  readonly sha256: string;
}

/**
 * Writes a file, with the directories that lead to it. Doing it twice is doing it once, unless somebody else writes it in
 * between: then only `replaces` keeps a call that is repeated after a crash from replacing that.
 *
 * Whole, it is atomic: by another file and a rename, synced. From an `offset` on it is not, which is for reports and logs that
 * are written piece by piece. Throws `PATH_REFUSED`, `FILE_CHANGED`, `FILE_TOO_LARGE`, `FILE_SYSTEM_FAILED`.
 */
export function writeFileTool(name: string, workspace: Workspace): Tool<WriteFileArguments, WriteFileResult> {
  return defineTool({
    name,
    version: '1',
    description: 'Writes a file below the root, atomically, or from a byte on.',
    input: v.pipe(
      v.strictObject({
        path,
        content: v.string(),
        encoding: v.exactOptional(v.picklist(['utf8', 'base64'])),
        replaces: v.exactOptional(v.nullable(sha256)),
        offset: v.exactOptional(whole(0, MAX_FILE_BYTES)),
      }),
      v.check(({ encoding, content }) => encoding !== 'base64' || isBase64(content), 'content is no base64'),
      v.check(({ replaces, offset }) => replaces === undefined || offset === undefined, 'replaces and offset exclude each other'),
    ),
    idempotent: true,
    run: async ({ path, content, encoding = 'utf8', replaces, offset }): Promise<WriteFileResult> => {
      const bytes = Buffer.from(content, encoding);
      const end = (offset ?? 0) + bytes.length;
      if (end > MAX_FILE_BYTES) return fail('FILE_TOO_LARGE', path, `would be larger than ${MAX_FILE_BYTES} bytes`);
      if (offset !== undefined) await workspace.writeAt(path, offset, bytes);
      else if (replaces === undefined) await workspace.write(path, bytes);
      else await replace(workspace, { path, bytes, replaces });
      return { bytes: end, sha256: digestOf(bytes) };
    },
  });
}

interface Replacement {
  readonly path: string;
  readonly bytes: Buffer;
  readonly replaces: string | null;
}

async function replace(workspace: Workspace, { path, bytes, replaces }: Replacement): Promise<void> {
  await workspace.alone(async () => {
    const found = await digestIfThere(workspace, path);
    // Written before, by an attempt of the same call that did not come to tell of it.
    if (found === digestOf(bytes)) return;
    if (found !== replaces) fail('FILE_CHANGED', path, found === null ? 'is not there' : `is something else: ${found}; read it again`);
    await (await workspace.stage(path, bytes)).commit();
  });
}

async function digestIfThere(workspace: Workspace, path: string): Promise<string | null> {
  try {
    return digestOf(await workspace.read(path, MAX_FILE_BYTES));
  } catch (thrown) {
    if ((thrown as { readonly code?: string }).code === 'FILE_NOT_FOUND') return null;
    throw thrown;
  }
}

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
