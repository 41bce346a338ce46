/** The folder in which an author works, with all that `npm install` puts there: it is loaded, and what it is is what is run of it. */
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKernel, MemoryLogStore } from '@omnipaw/kernel';
import { codeProblems, hashFolder, PluginLoader, PluginValidator, verifyIntegrity, type Plugins } from '@omnipaw/plugins';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asker } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

const MANIFEST = { name: 'plugin-a', version: '1.0.0', description: 'A.', license: 'MIT', omnipaw: '>=0.0.0', tools: [{ name: 'a.it', description: 'A.', input: { type: 'object' }, handler: 'it.ts' }] };
const FILES = {
  'plugin-a/plugin.manifest.json': JSON.stringify(MANIFEST),
  'plugin-a/it.ts': 'import word from "dep"; export default () => word;',
  'plugin-a/node_modules/dep/index.js': 'module.exports = "dep";',
};

interface Place {
  readonly root: string;
  readonly plugin: string;
}

function begun(files: Readonly<Record<string, string>> = FILES): Place {
  const root = folderWith(files);
  return { root, plugin: path.join(root, 'plugin-a') };
}

async function load(root: string): Promise<Plugins> {
  const plugins = await new PluginLoader({ folder: root, workers: 1 }).load();
  onTestFinished(() => plugins.close());
  return plugins;
}

/** All that a loader did not take before: what npm really does, and what pnpm does. */
const INSTALLED: readonly (readonly [what: string, install: (packages: string) => void])[] = [
  ['the program of esbuild, which its installation makes a hard link', (packages) => {
    for (const name of ['esbuild', '@esbuild/linux-x64']) mkdirSync(path.join(packages, name, 'bin'), { recursive: true });
    writeFileSync(path.join(packages, '@esbuild/linux-x64/bin/esbuild'), 'ELF');
    linkSync(path.join(packages, '@esbuild/linux-x64/bin/esbuild'), path.join(packages, 'esbuild/bin/esbuild'));
  }],
  ['a compiler that is larger than any file of a plugin', (packages) => {
    mkdirSync(path.join(packages, 'typescript'));
    writeFileSync(path.join(packages, 'typescript/tsc'), '');
    truncateSync(path.join(packages, 'typescript/tsc'), 17 * 1024 * 1024);
  }],
  ['more files than a plugin may have', (packages) => {
    for (let index = 0; index < 5_001; index++) writeFileSync(path.join(packages, `dep/${index}.d.ts`), '');
  }],
  ['links to packages', (packages) => { symlinkSync('dep', path.join(packages, 'linked')); }],
];

describe('a plugin without digests of its files', () => {
  test.each(INSTALLED)('is loaded, and runs, whatever is installed beside what it uses: %s', async (_what, install) => {
    const { root, plugin } = begun();
    const before = await load(root);
    install(path.join(plugin, 'node_modules'));
    // It could not be signed like that.
    await expect(hashFolder(plugin)).rejects.toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED' });
    const manifest = await new PluginValidator().read(plugin);
    expect(Object.keys(await verifyIntegrity(manifest, plugin))).toEqual(['it.ts']);
    expect(await codeProblems(plugin, manifest)).toEqual([]);
    const plugins = await load(root);
    expect(plugins.rejected).toEqual([]);
    expect(plugins.loaded[0]!.digests).toEqual(before.loaded[0]!.digests);
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: plugins.tools });
    expect(await kernel.spawn(asker, { args: {}, tool: 'a.it' }, { grants: ['call:a.it'] }).result()).toEqual({ value: 'dep' });
    await kernel.stop();
  });

  test.each<[string, string]>([
    ['a script', 'node_modules/dep/index.js'],
    ['data', 'node_modules/dep/key.json'],
    ['by which it is found', 'node_modules/dep/package.json'],
  ])('is refused with a hard link in what is bundled of a package, which may be another name of a file outside: %s', async (_what, file) => {
    const { root, plugin } = begun({ ...FILES, 'plugin-a/node_modules/dep/index.js': 'module.exports = require("./key.json");', 'plugin-a/node_modules/dep/key.json': '"key"', 'plugin-a/node_modules/dep/package.json': '{}' });
    linkSync(path.join(plugin, file), path.join(folderWith({}), 'outside'));
    const manifest = await new PluginValidator().read(plugin);
    const [problem] = await codeProblems(plugin, manifest);
    const [rejected] = (await load(root)).rejected;
    for (const error of [problem, rejected?.error]) expect(error).toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', message: expect.stringContaining(`${file} has another name, too, perhaps outside of the folder (a hard link). Put a copy in its place`) as unknown });
  });

  test('is refused with a hard link among its own files', async () => {
    const { root, plugin } = begun();
    linkSync(path.join(plugin, 'it.ts'), path.join(folderWith({}), 'outside'));
    expect((await load(root)).rejected[0]?.error).toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', message: expect.stringContaining('"it.ts" in the folder of the plugin has another name') as unknown });
  });

  test('is refused with a link in the place of its packages', async () => {
    const { root, plugin } = begun({ ...FILES, 'elsewhere/dep/index.js': '', 'plugin-a/node_modules/dep/index.js': '' });
    const other = path.join(root, 'plugin-b');
    mkdirSync(other);
    for (const file of ['it.ts', 'plugin.manifest.json'] as const) writeFileSync(path.join(other, file), FILES[`plugin-a/${file}`].replaceAll('plugin-a', 'plugin-b').replaceAll('a.it', 'b.it'));
    symlinkSync(path.join(plugin, 'node_modules'), path.join(other, 'node_modules'));
    const reasons = new Map((await load(root)).rejected.map(({ folder, error }) => [path.basename(folder), error.message]));
    expect(reasons.get('plugin-b')).toContain('"node_modules" in the folder of the plugin is a symbolic link');
  });
});

test('a plugin with digests of its files may be made of hard links, packages too, since whoever made them knew what is in them', async () => {
  const { root, plugin } = begun();
  writeFileSync(path.join(plugin, 'plugin.manifest.json'), JSON.stringify({ ...MANIFEST, integrity: { sha256: await hashFolder(plugin) } }));
  for (const [index, file] of ['it.ts', 'node_modules/dep/index.js'].entries()) linkSync(path.join(plugin, file), path.join(folderWith({}), `outside${index}`));
  expect(await codeProblems(plugin, await new PluginValidator().read(plugin))).toEqual([]);
  expect((await load(root)).rejected).toEqual([]);
  writeFileSync(path.join(plugin, 'node_modules/extra.js'), '');
  expect((await load(root)).rejected[0]?.error).toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', message: expect.stringContaining('"node_modules/extra.js" does not belong to it') as unknown });
});
