import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface StaticFile {
  readonly bytes: Buffer;
  readonly type: string;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
};

/**
 * The files of some folders, all of them read before anybody asks: what is asked for is looked up by its name and by nothing else, so there is
 * no way out of the folders. Hidden files and those of other types are not there.
 */
export class StaticFiles {
  readonly #files = new Map<string, StaticFile>();

  /** By the path at which its files are to be found, the folder. */
  constructor(folders: Readonly<Record<string, string>>) {
    for (const [at, folder] of Object.entries(folders)) this.#add(at, folder);
    const index = this.#files.get('index.html');
    if (index !== undefined) this.#files.set('', index);
  }

  /** `app.js`, `state/index.js`, or nothing for the page itself. */
  find(name: string): StaticFile | undefined {
    return this.#files.get(name);
  }

  #add(at: string, folder: string): void {
    for (const found of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, found.name);
      if (found.name.startsWith('.') || found.name === 'node_modules') continue;
      if (found.isDirectory()) this.#add(`${at}${found.name}/`, file);
      const type = TYPES[path.extname(found.name)];
      if (found.isFile() && type !== undefined) this.#files.set(at + found.name, read(file, type));
    }
  }
}

function read(file: string, type: string): StaticFile {
  const bytes = readFileSync(file);
  return { bytes, type, etag: `"${createHash('sha256').update(bytes).digest('base64url')}"` };
}
