/** `omnipaw plugins pack`: what is shipped of a plugin, in a folder of its own. */
import fs from 'node:fs';
import path from 'node:path';
import { EXIT, UsageError } from '../failure.js';
import type { Session } from '../session.js';
import { count, shellWord } from '../terminal/printable.js';
import { assertFolder } from './examine.js';
import { pluginLibrary } from './library.js';
import { orReport } from './report.js';

export interface PackOptions {
  /** The folder of the pack. */
  readonly out?: string;
  readonly json?: boolean;
}

export async function packPlugin(folder: string, { out: into, json = false }: PackOptions, session: Session): Promise<number> {
  const { out } = session;
  const library = await pluginLibrary();
  assertFolder(folder, `A plugin is a folder with a ${library.MANIFEST_FILE}.`);
  return orReport({ folder, json, library, session }, async () => {
    const place = into ?? (await usualPlace(folder, library));
    assertOutside(folder, place);
    if (fs.existsSync(place)) throw new UsageError(`${place} is there already, and nothing is overwritten. Name another folder with --out.`);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    const { manifest, files } = await library.packPlugin({ folder, into: place });
    const { name, version } = manifest;
    if (json) await out.json({ ok: true, folder: place, name, version, files, digests: library.pluginDigests(manifest, files) });
    else {
      await out.line(`${out.ink('green', '✓')} ${place} has ${name} ${version}, ready to be loaded: ${count(Object.keys(files).length, 'file')} and the manifest with their digests`);
      for (const [file, digest] of Object.entries(files)) await out.line(`  ${digest}  ${file}`);
      await out.line(`  Sign it: omnipaw plugins sign ${shellWord(place)} --key FILE`);
    }
    return EXIT.ok;
  });
}

/** What lies in a plugin's folder is a part of it. */
function assertOutside(folder: string, place: string): void {
  const parts = path.relative(fs.realpathSync(folder), path.resolve(place)).split(path.sep);
  if (parts[0] === '..' || path.isAbsolute(parts[0]!)) return;
  throw new UsageError(`${place} would lie in the plugin's own folder, and be a part of it. Name a folder outside with --out, as --out ${path.join('..', 'packed', path.basename(path.resolve(folder)))}`);
}

/** `plugin-greet-0.1.0` in the working directory. */
async function usualPlace(folder: string, { PluginValidator }: Awaited<ReturnType<typeof pluginLibrary>>): Promise<string> {
  const { name, version } = await new PluginValidator().read(folder);
  return `${name}-${version}`;
}
