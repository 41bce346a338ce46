/** `omnipaw plugins new`: a plugin that works, to begin with. */
import fs from 'node:fs';
import path from 'node:path';
import { EXIT, UsageError } from '../failure.js';
import type { Session } from '../session.js';
import { shellWord } from '../terminal/printable.js';
import { pluginLibrary } from './library.js';
import { scaffold } from './scaffold.js';

export interface NewOptions {
  /** Where it goes; a folder of its name unless given. */
  readonly folder?: string | undefined;
  readonly json?: boolean;
}

/** `greet` and `plugin-greet` are the same. */
export async function newPlugin(given: string, { folder, json }: NewOptions, { out }: Session): Promise<number> {
  const { PluginValidator, MANIFEST_FILE, MANIFEST_SCHEMA_ID } = await pluginLibrary();
  const name = given.startsWith('plugin-') ? given : `plugin-${given}`;
  const files = scaffold(name, MANIFEST_SCHEMA_ID);
  // The name is all that can be wrong with it.
  const verdict = new PluginValidator().judge(files[MANIFEST_FILE] ?? '');
  if (!verdict.ok) throw new UsageError(`${JSON.stringify(given)} is no name for a plugin: ${verdict.problems[0]?.message ?? ''}.`);
  const place = folder ?? name;
  writeAll(place, files);
  if (json === true) {
    await out.json({ ok: true, name, folder: place, files: Object.keys(files) });
    return EXIT.ok;
  }
  await out.line(`${out.ink('green', '✓')} ${place} has the plugin ${name}: ${Object.keys(files).join(', ')}.`);
  await out.line(`  Test it: omnipaw plugins test ${shellWord(place)}`);
  return EXIT.ok;
}

/** Throws a UsageError rather than to write into a folder that is there. */
function writeAll(folder: string, files: Readonly<Record<string, string>>): void {
  try {
    fs.mkdirSync(path.dirname(folder), { recursive: true });
    fs.mkdirSync(folder);
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    throw new UsageError(code === 'EEXIST' && fs.existsSync(folder) ? `${folder} is there already, and nothing is overwritten. Name another folder behind the name.` : `${folder} can't be made: ${message}.`);
  }
  for (const [file, text] of Object.entries(files)) {
    const place = path.join(folder, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, text, { flag: 'wx' });
  }
}
