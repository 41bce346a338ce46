import { defineTool, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { fail } from '../paths/refusals.js';
import { digestOf, type Workspace } from '../paths/workspace.js';
import { argumentsOf } from '../schemas/arguments.js';
import { fields } from '../schemas/fields.js';
import { path, within } from '../schemas/values.js';
import { MAX_FILE_BYTES } from './limits.js';

export interface WriteFileArguments {
  readonly path: string;
  readonly content: string;
  /** `utf8` unless given. */
  readonly encoding?: 'utf8' | 'base64';
  /**
   * The digest of what is to be replaced, as `read_file` tells it; or null, if nothing may be there. In both cases it may also be
   * what is written, so that a call can be repeated. Whatever is there is replaced unless this is given.
   */
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

const MUST_BE_DIGEST = 'must be the SHA-256 that read_file gave (64 digits in lower-case hexadecimal), or null where nothing may be there';
const digestOrNull = v.nullable(v.pipe(v.string(MUST_BE_DIGEST), v.regex(/^[0-9a-f]{64}$/, MUST_BE_DIGEST)));

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
    input: argumentsOf(
      v.pipe(
        fields({
          path,
          content: v.string(),
          encoding: v.exactOptional(v.picklist(['utf8', 'base64'])),
          replaces: v.exactOptional(digestOrNull),
          offset: v.exactOptional(within(0, MAX_FILE_BYTES)),
        }),
        v.forward(v.check(({ encoding, content }) => encoding !== 'base64' || isBase64(content), 'must be base64, since encoding says so'), ['content']),
        v.forward(v.check(({ replaces, offset }) => replaces === undefined || offset === undefined, 'must be left out where replaces is given: that is for whole files'), ['offset']),
      ),
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
    if (found !== replaces) fail('FILE_CHANGED', path, misfit(found, replaces));
    await (await workspace.stage(path, bytes)).commit();
  });
}

function misfit(found: string | null, wanted: string | null): string {
  if (found === null) return 'is not there, and so not what was to be replaced; to make it, call without replaces, or with null';
  return wanted === null ? `is there already (${found}), and replaces: null makes new files only` : `is something else by now (${found}); read it again`;
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
