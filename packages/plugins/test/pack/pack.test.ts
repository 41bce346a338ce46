import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { codeProblems, hashFolder, packPlugin, PluginLoader, PluginValidator, verifyIntegrity } from '@omnipaw/plugins';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { folderWith } from '../support/folder.js';

vi.setConfig({ testTimeout: 60_000 });

const MANIFEST = {
  name: 'plugin-my', version: '1.0.0', description: 'Mine.', license: 'MIT', omnipaw: '>=0.0.0',
  tools: [{ name: 'my.one', description: 'One.', input: { type: 'object' }, handler: './tools/one.ts' }],
  agents: [{ type: 'my.agent', program: 'agent.mjs' }],
};
const FILES = {
  'plugin.manifest.json': JSON.stringify(MANIFEST),
  'tools/one.ts': 'import { two } from "./two.ts"; import dep from "dep"; export default async () => two + dep;',
  'tools/two.ts': 'export const two: number = 2;',
  'agent.mjs': 'export default async () => 1;',
  'README.md': '# Mine', LICENSE: 'MIT', 'package.json': '{ "type": "module" }',
  'node_modules/dep/package.json': '{ "name": "dep", "main": "./lib/main.js" }',
  'node_modules/dep/lib/main.js': 'module.exports = 40;',
  'node_modules/dep/LICENSE.txt': 'BSD', 'node_modules/dep/README.md': 'left out', 'node_modules/dep/lib/other.js': 'left out',
  'node_modules/tool/index.js': 'left out', 'test/one.test.ts': 'left out', 'tsconfig.json': '{}',
};

/** Where a pack can go. */
const place = (): string => path.join(folderWith({}), 'pack');

function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile());
  return Object.fromEntries(names.map((item) => path.join(item.parentPath, item.name)).sort().map((file) => [path.relative(folder, file), readFileSync(file, 'utf8')]));
}

describe('packPlugin', () => {
  test('takes what is run, by which packages are found, and what people need to know; and nothing else', async () => {
    const folder = folderWith(FILES);
    mkdirSync(path.join(folder, 'node_modules/.bin'));
    symlinkSync('../tool/index.js', path.join(folder, 'node_modules/.bin/tool'));
    const into = place();
    const { manifest, files } = await packPlugin({ folder, into });
    expect(Object.keys(filesIn(into)).sort()).toEqual([
      'LICENSE', 'README.md', 'agent.mjs', 'node_modules/dep/LICENSE.txt', 'node_modules/dep/lib/main.js', 'node_modules/dep/package.json',
      'package.json', 'plugin.manifest.json', 'tools/one.ts', 'tools/two.ts',
    ]);
    expect(manifest.integrity?.sha256).toEqual(files);
    expect(await hashFolder(into)).toEqual(files);
    const read = await new PluginValidator().read(into);
    expect(read.source).toEqual({ ...MANIFEST, integrity: { sha256: files } });
    await verifyIntegrity(read, into);
  });

  test('makes what a loader takes, although the folder in which its author works is none', async () => {
    const folder = folderWith(FILES);
    symlinkSync('tools', path.join(folder, 'handlers'));
    const into = place();
    await packPlugin({ folder, into });
    const plugins = await new PluginLoader({ folder: path.dirname(into), workers: 1 }).load();
    onTestFinished(() => plugins.close());
    expect(plugins).toMatchObject({ rejected: [], loaded: [{ manifest: { name: 'plugin-my' } }] });
    await expect(hashFolder(folder)).rejects.toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED' });
  });

  test('gives the same, byte for byte, for the same files, and for a pack itself', async () => {
    const [one, other, again] = [place(), place(), place()];
    await packPlugin({ folder: folderWith(FILES), into: one });
    await packPlugin({ folder: folderWith(Object.fromEntries(Object.entries(FILES).reverse())), into: other });
    await packPlugin({ folder: one, into: again });
    expect(filesIn(other)).toEqual(filesIn(one));
    expect(filesIn(again)).toEqual(filesIn(one));
  });

  test('takes out a signature, which is not that of the pack', async () => {
    const signature = { ed25519: `${'A'.repeat(86)}==`, publicKey: `${'A'.repeat(43)}=` };
    const integrity = { sha256: { 'tools/one.ts': 'a'.repeat(64), 'agent.mjs': 'a'.repeat(64) } };
    const { manifest } = await packPlugin({ folder: folderWith({ ...FILES, 'plugin.manifest.json': JSON.stringify({ ...MANIFEST, integrity, signature }) }), into: place() });
    expect(manifest.signature).toBeUndefined();
  });

  test('refuses code that does not compile, with its place, and leaves nothing behind', async () => {
    const into = place();
    await expect(packPlugin({ folder: folderWith({ ...FILES, 'tools/two.ts': 'export const two = 2;\nexport const = 3;' }), into })).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', message: expect.stringContaining('tools/two.ts:2:14: ') as unknown });
    expect(existsSync(into)).toBe(false);
  });

  test('refuses a package that is found by a link, since the link is not shipped, and leaves nothing behind', async () => {
    const folder = folderWith({ ...FILES, 'tools/one.ts': FILES['tools/one.ts'].replace('"dep"', '"linked"') });
    symlinkSync('dep', path.join(folder, 'node_modules/linked'));
    const into = place();
    await expect(packPlugin({ folder, into })).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', message: expect.stringMatching(/"linked" was not found.* Links are not shipped: .* With pnpm, set "nodeLinker: hoisted"/) as unknown });
    expect(existsSync(into)).toBe(false);
  });

  test.each(['README.md', 'tools/two.ts', 'node_modules/dep/LICENSE.txt'])('refuses a hard link, which may be another name of a file outside: %s', async (name) => {
    const folder = folderWith(FILES);
    const into = place();
    linkSync(path.join(folder, name), path.join(folderWith({}), 'outside'));
    await expect(packPlugin({ folder, into })).rejects.toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', message: expect.stringContaining(`${JSON.stringify(name)} in the folder of the plugin has another name`) as unknown });
    expect(existsSync(into)).toBe(false);
  });

  test('ships no file to which a link leads', async () => {
    const { LICENSE, ...others } = FILES;
    const folder = folderWith(others);
    const outside = folderWith({ LICENSE });
    symlinkSync(path.join(outside, 'LICENSE'), path.join(folder, 'tools', 'LICENSE'));
    const { files } = await packPlugin({ folder, into: place() });
    expect(Object.keys(files).filter((name) => name.includes('LICENSE'))).toEqual(['node_modules/dep/LICENSE.txt']);
  });

  test('overwrites nothing', async () => {
    const into = folderWith({ mine: 'mine' });
    await expect(packPlugin({ folder: folderWith(FILES), into })).rejects.toThrow('EEXIST');
    expect(filesIn(into)).toEqual({ mine: 'mine' });
  });
});

test('codeProblems names what is wrong with each module', async () => {
  const folder = folderWith({ ...FILES, 'tools/one.ts': 'export default (', 'agent.mjs': 'import "node:fs";' });
  const manifest = await new PluginValidator().read(folder);
  const problems = await codeProblems(folder, manifest);
  expect(problems.map(({ code, details }) => [code, (details as { entry: string }).entry])).toEqual([['PLUGIN_BUNDLE_FAILED', 'tools/one.ts'], ['PLUGIN_BUNDLE_FAILED', 'agent.mjs']]);
  expect(problems[0]!.message).toMatch(/tools\/one\.ts:1:\d+: /);
  expect(problems[1]!.message).toContain('"node:fs" is a module of Node');
});
