import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { OmniError } from '@omnipaw/kernel';
import type { Problem } from '../schemas/index.js';
import { MAX_MANIFEST_BYTES } from './json-text.js';
import { manifestInvalid } from './manifest-invalid.js';
import { MANIFEST_FILE, type PluginManifest } from './manifest.js';
import { placeInFolder } from './portable-path.js';

/** Windows has neither of the last two. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { readonly O_RDONLY: number };

/** The manifest in a folder: a regular file, and a byte more of it than a manifest may have. Rejects with `PLUGIN_MANIFEST_INVALID`. */
export async function readManifestFile(folder: string, name: string): Promise<Uint8Array> {
  const place = path.join(folder, MANIFEST_FILE);
  try {
    if (!(await lstat(place)).isFile()) throw manifestInvalid(name, [{ path: '', message: 'is no regular file' }]);
    return await readBytes(place, name);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined || cause instanceof OmniError) throw cause;
    const message = code === 'ENOENT' ? `is not there: a plugin has a ${MANIFEST_FILE} in its folder` : `can't be read (${code})`;
    throw manifestInvalid(name, [{ path: '', message }]);
  }
}

async function readBytes(place: string, name: string): Promise<Uint8Array> {
  // A link, or a pipe that nobody writes to, may have taken its place meanwhile.
  const file = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw manifestInvalid(name, [{ path: '', message: 'is no regular file' }]);
    const buffer = Buffer.alloc(MAX_MANIFEST_BYTES + 1);
    let length = 0;
    for (let bytesRead = -1; bytesRead !== 0 && length < buffer.length; length += bytesRead) {
      ({ bytesRead } = await file.read(buffer, length, buffer.length - length, null));
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

/** The modules that a manifest names, and that are no regular files in its folder. */
export async function missingModules({ tools, agents }: PluginManifest, folder: string): Promise<readonly Problem[]> {
  const modules = [
    ...tools.map(({ handler }, index) => ({ at: `/tools/${index}/handler`, module: handler })),
    ...agents.map(({ program }, index) => ({ at: `/agents/${index}/program`, module: program })),
  ];
  const root = await realpath(folder);
  const problems = await Promise.all(modules.map(async ({ at, module }) => ({ at, message: await moduleProblem(root, module) })));
  return problems.flatMap(({ at, message }) => (message === undefined ? [] : [{ path: at, message }]));
}

async function moduleProblem(root: string, module: string): Promise<string | undefined> {
  const place = placeInFolder(root, module);
  try {
    if ((await realpath(place)) !== place) return `must be a file of the plugin itself; ${JSON.stringify(module)} is reached by a link`;
    return (await lstat(place)).isFile() ? undefined : `must be a regular file; ${JSON.stringify(module)} is none`;
  } catch {
    return `must be a file in the folder of the plugin; there is no ${JSON.stringify(module)}`;
  }
}
