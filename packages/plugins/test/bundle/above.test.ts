/** A bundle is made of the files in the plugin's folder, whatever lies above it and whatever the environment says. */
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { folderOf, openBundler, sharedBundler } from './support.js';

/** Everything that could lead elsewhere: what `require` does not find throws when it is called, and is nothing then. */
const PLUGIN = {
  'index.ts': `import "./effect.js";
import { good } from "./good.js";
import dep from "dep";
const found: unknown[] = [good, dep];
try { found.push(require("#inner")); } catch { }
try { found.push(require("host/inner")); } catch { }
try { found.push(require("above")); } catch { }
try { found.push(require("@alias/evil")); } catch { }
export default async () => found;`,
  'effect.ts': 'globalThis.effect = 1;',
  'good.ts': 'export const good = 1;',
  'evil.ts': 'export const good = "evil"; export default "evil";',
  'node_modules/dep/index.js': 'module.exports = 2;',
};

const SURROUNDINGS: readonly (readonly [what: string, files: Readonly<Record<string, unknown>>])[] = [
  ['a package.json whose "browser" exchanges modules', { 'package.json': { browser: { './plugin/good.ts': './plugin/evil.ts', './plugin/good.js': './plugin/evil.ts', dep: './plugin/evil.ts' } } }],
  ['a package.json whose "browser" leaves modules out', { 'package.json': { browser: { './plugin/good.ts': false, './plugin/effect.ts': false, dep: false } } }],
  ['a package.json with "imports"', { 'package.json': { imports: { '#inner': './plugin/evil.ts' } } }],
  ['a package.json with a name and "exports"', { 'package.json': { name: 'host', exports: { './inner': './plugin/evil.ts' } } }],
  ['a package.json without side effects', { 'package.json': { sideEffects: false } }],
  ['a package.json with a "type"', { 'package.json': { type: 'commonjs' } }],
  ['a package.json that is none', { 'package.json': '{' }],
  ['a tsconfig.json', { 'tsconfig.json': { compilerOptions: { baseUrl: '.', paths: { '@alias/*': ['./plugin/*'], dep: ['./plugin/evil'] }, experimentalDecorators: true, useDefineForClassFields: false, jsxImportSource: 'host' } } }],
  ['a map of packages of Yarn', { '.pnp.data.json': { dependencyTreeRoots: [], packageRegistryData: [[null, [[null, { packageLocation: './', packageDependencies: [['above', 'link:./plugin/']] }]]]] } }],
];

test.each(SURROUNDINGS)('%s above it changes nothing', async (_what, files) => {
  const alone = await sharedBundler.bundle({ folder: folderOf(PLUGIN), entry: 'index.ts' });
  const outer = folderOf(Object.fromEntries(Object.entries(files).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)])));
  cpSync(folderOf(PLUGIN), join(outer, 'plugin'), { recursive: true });
  expect(await sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: 'index.ts' })).toEqual(alone);
});

test('packages above it change nothing, not even those that are links into it', async () => {
  const alone = await sharedBundler.bundle({ folder: folderOf(PLUGIN), entry: 'index.ts' });
  const outer = folderOf({ 'node_modules/host/inner.js': 'module.exports = 3;', 'node_modules/above/index.js': 'module.exports = 3;' });
  cpSync(folderOf(PLUGIN), join(outer, 'plugin'), { recursive: true });
  symlinkSync(join(outer, 'plugin/evil.ts'), join(outer, 'node_modules/above.ts'));
  mkdirSync(join(outer, 'node_modules/@alias'));
  symlinkSync(join(outer, 'plugin/evil.ts'), join(outer, 'node_modules/@alias/evil.ts'));
  expect(await sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: 'index.ts' })).toEqual(alone);
});

test('the environment changes nothing', async () => {
  const alone = await sharedBundler.bundle({ folder: folderOf(PLUGIN), entry: 'index.ts' });
  const outside = folderOf({ 'above/index.js': 'module.exports = 3;', 'esbuild': '' });
  onTestFinished(() => { vi.unstubAllEnvs(); });
  vi.stubEnv('NODE_PATH', outside);
  vi.stubEnv('ESBUILD_BINARY_PATH', join(outside, 'esbuild'));
  vi.stubEnv('NODE_OPTIONS', `--require=${join(outside, 'above/index.js')} --conditions=evil`);
  expect(await openBundler().bundle({ folder: folderOf(PLUGIN), entry: 'index.ts' })).toEqual(alone);
});
