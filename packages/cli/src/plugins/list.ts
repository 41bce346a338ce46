/** `omnipaw plugins list`: what lies in a folder of plugins, what of it can be loaded, and what it asks for. */
import fs from 'node:fs';
import path from 'node:path';
import { OmniError } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { alignColumns } from '../terminal/columns.js';
import { cellText } from '../terminal/printable.js';
import { assertPluginsFolder, examine, examinedRecord, problemLines, type Examined } from './examine.js';
import { pluginLibrary, type PluginLibrary } from './library.js';
import { trustedKeysIn } from './trust.js';

export interface ListOptions {
  readonly plugins: string;
  /** Files of public keys. */
  readonly trustedKey?: readonly string[];
  readonly json?: boolean;
}

export async function listPlugins({ plugins, trustedKey, json }: ListOptions, { out, people }: Session): Promise<number> {
  const library = await pluginLibrary();
  const trustedKeys = trustedKeysIn(trustedKey, library);
  assertPluginsFolder(plugins, library);
  const found: Examined[] = [];
  for (const { folder, isLink } of pluginFoldersIn(plugins)) found.push(isLink ? linked(folder) : await examine(folder, library, trustedKeys));
  if (json === true) await out.json({ plugins: found.map((one) => ({ ...examinedRecord(one), ...contents(one, library) })) });
  else if (found.length === 0) await people.line(`There is no plugin in ${plugins}.`);
  else for (const one of found) await tell(one, library, out);
  return EXIT.ok;
}

interface Found {
  readonly folder: string;
  readonly isLink: boolean;
}

/** What a loader looks at, sorted. */
function pluginFoldersIn(folder: string): readonly Found[] {
  const items = fs.readdirSync(folder, { withFileTypes: true }).filter((item) => (item.isDirectory() || item.isSymbolicLink()) && !item.name.startsWith('.'));
  return items.map((item) => ({ folder: path.join(folder, item.name), isLink: item.isSymbolicLink() })).sort((one, other) => (one.folder < other.folder ? -1 : 1));
}

/** A loader refuses it, whatever it leads to. */
function linked(folder: string): Examined {
  const error = new OmniError('PLUGIN_REFUSED', `${path.basename(folder)} is a link, and the folder of a plugin is none. Put the folder itself there, or name the one that it is in.`, { failureClass: 'PERMANENT' });
  return { folder, manifest: undefined, error };
}

async function tell(one: Examined, library: PluginLibrary, out: Session['out']): Promise<void> {
  const { folder, manifest, error } = one;
  const mark = error === undefined ? out.ink('green', '✓') : out.ink('red', '✗');
  await out.line(`${mark} ${manifest === undefined ? '' : `${manifest.name} ${manifest.version} in `}${cellText(folder)}`);
  for (const line of problemLines(one, library.MANIFEST_FILE)) await out.line(line);
  const { tools = [], agents = [], asks = [], signedBy } = contents(one, library);
  // Anybody can write a key into a manifest.
  const byWhom = error === undefined || signedBy === undefined ? 'signed by' : 'names the key';
  if (manifest === undefined) return;
  const rows = [['tools', tools], ['agents', agents], ['asks for', asks], [byWhom, [signedBy ?? 'nobody']]] as const;
  for (const line of alignColumns(rows.filter(([, texts]) => texts.length > 0).map(([what, texts]) => [{ text: `  ${what}` }, { text: texts.join(', ') }]))) await out.line(line);
}

interface Contents {
  readonly tools?: readonly string[];
  readonly agents?: readonly string[];
  /** As they are written in a manifest, and can be granted. */
  readonly permissions?: readonly unknown[];
  /** The same for people. */
  readonly asks?: readonly string[];
  /** The key that its manifest names. */
  readonly signedBy?: string;
}

function contents({ manifest }: Examined, { permissionText, specOf }: PluginLibrary): Contents {
  if (manifest === undefined) return {};
  const { tools, agents, permissions, signature } = manifest;
  return {
    tools: tools.map(({ name }) => name),
    agents: agents.map(({ type }) => type),
    permissions: permissions.map(specOf),
    asks: permissions.map(permissionText),
    ...(signature === undefined ? {} : { signedBy: signature.publicKey }),
  };
}
