/** `omnipaw plugins sign`: vouches for a plugin, as its files are now. */
import fs from 'node:fs';
import path from 'node:path';
import { ofKeyIn, readGiven } from '../attest/files.js';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { assertFolder } from './examine.js';
import { pluginLibrary } from './library.js';
import { orReport } from './report.js';

export interface SignPluginOptions {
  /** The file of the private key. */
  readonly key: string;
  readonly json?: boolean;
}

export async function signPlugin(folder: string, { key: keyFile, json = false }: SignPluginOptions, session: Session): Promise<number> {
  const { out } = session;
  const library = await pluginLibrary();
  assertFolder(folder, `A plugin is a folder with a ${library.MANIFEST_FILE}.`);
  const key = readGiven(keyFile, 'private key');
  return orReport({ folder, json, library, session }, async () => {
    const validator = new library.PluginValidator();
    const { source } = await validator.read(folder);
    const files = await library.hashFolder(folder);
    const signed = signedOf(() => library.signManifest(source, files, key), keyFile);
    const text = `${JSON.stringify(signed, null, 2)}\n`;
    const { name, version, signature } = validator.parse(text);
    replaceFile(path.join(folder, library.MANIFEST_FILE), text);
    const publicKey = signature?.publicKey ?? '';
    if (json) await out.json({ ok: true, folder, name, version, publicKey });
    else await out.line(`${out.ink('green', '✓')} ${folder}: ${name} ${version} is signed by ${publicKey}`);
    return EXIT.ok;
  });
}

function signedOf<Signed>(sign: () => Signed, keyFile: string): Signed {
  try {
    return sign();
  } catch (thrown) {
    throw ofKeyIn(keyFile, thrown);
  }
}

/** In one step: whoever reads it meanwhile gets the one or the other. The new one lies beside the folder until then, since all that is in it counts. */
function replaceFile(file: string, text: string): void {
  const folder = fs.realpathSync(path.dirname(file));
  const place = path.join(path.dirname(folder), `.${path.basename(folder)}.${process.pid}.json`);
  fs.writeFileSync(place, text, { flag: 'wx' });
  try {
    fs.renameSync(place, file);
  } catch (thrown) {
    fs.rmSync(place, { force: true });
    throw thrown;
  }
}
