/** Which files of a plugin are shipped: what its code needs, and what people need to know. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { FileDigests } from '../integrity/index.js';
import { integrityFailed } from '../integrity/index.js';
import { HARD_LINK } from '../links.js';
import { placeInFolder } from '../manifest/index.js';

const PACKAGE = 'package.json';
/** Whoever gives code away gives its licence away, too. */
const LEGAL = /^(?:licen[cs]e|notice|copying)(?:[-.].*)?$/i;
const ABOUT = /^(?:readme|changelog)(?:\..*)?$/i;

/** Windows has neither of the last two. */
const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants as Partial<typeof constants> & { readonly O_RDONLY: number };

/**
 * Beside the files that were bundled the `package.json` of each package that they belong to, by which they are found, with its
 * licence; and what the plugin says of itself. Sorted.
 */
export async function shippedFiles(folder: string, inputs: Iterable<string>): Promise<readonly string[]> {
  const files = new Set(inputs);
  const folders = new Set([...files].flatMap(foldersAround));
  for (const place of folders) {
    const names = (await readdir(path.join(folder, place), { withFileTypes: true })).filter((item) => item.isFile()).map(({ name }) => name);
    const isPackage = names.includes(PACKAGE);
    const wanted = names.filter((name) => (isPackage || place === '') && (name === PACKAGE || LEGAL.test(name) || (place === '' && ABOUT.test(name))));
    for (const name of wanted) files.add(place === '' ? name : `${place}/${name}`);
  }
  return [...files].sort();
}

/** `''`, `a` and `a/b` for `a/b/c.ts`. */
function foldersAround(file: string): readonly string[] {
  const parts = file.split('/').slice(0, -1);
  return ['', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
}

/**
 * The bytes of a regular file of a plugin, which no link leads to and which has no other name; rejects with `PLUGIN_INTEGRITY_FAILED` for any
 * other, since what is in it may be somebody else's, and for one that was changed since it was bundled.
 */
export async function readShipped(folder: string, name: string, inputs: FileDigests): Promise<Uint8Array> {
  const place = placeInFolder(await realpath(folder), name);
  if ((await realpath(place)) !== place) throw integrityFailed(name, 'is reached by a link');
  const file = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw integrityFailed(name, 'is no regular file');
    if (stats.nlink > 1) throw integrityFailed(name, HARD_LINK);
    const bytes = await file.readFile();
    const isChanged = Object.hasOwn(inputs, name) && inputs[name] !== createHash('sha256').update(bytes).digest('hex');
    if (isChanged) throw integrityFailed(name, 'was changed while it was packed');
    return bytes;
  } finally {
    await file.close();
  }
}
