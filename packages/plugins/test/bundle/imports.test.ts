/** Which file an import means: what packages and TypeScript say, as browsers and Node have it. */
import { describe, expect, test } from 'vitest';
import { jobOf, openPool, valueOf } from '../isolate/support.js';
import { bundleOf } from './support.js';

type Files = Readonly<Record<string, string>>;

/** What a module gives that is imported by a name, with these files around it. */
async function imported(specifier: string, files: Files, statement = `import value from ${JSON.stringify(specifier)};`): Promise<unknown> {
  const bundle = await bundleOf({ 'index.ts': `${statement}\nexport default async () => value;`, ...files });
  return valueOf(openPool().run({ ...jobOf(''), ...bundle }));
}

const giving = (value: string): string => `export default ${JSON.stringify(value)};`;
const packageWith = (fields: object, others: Files = {}): Files => ({
  'node_modules/p/package.json': JSON.stringify(fields),
  ...Object.fromEntries(['index', 'main', 'module', 'browser', 'import', 'require', 'node', 'sub/inner'].map((name) => [`node_modules/p/${name}.js`, name === 'require' ? `module.exports = "require";` : giving(name)])),
  ...others,
});

describe('an import means', () => {
  test.each<[string, string, Files, string]>([
    ['the TypeScript that a compiler would make of it', './a.js', { 'a.ts': giving('ts') }, 'ts'],
    ['the JavaScript itself where there is both', './a.js', { 'a.ts': giving('ts'), 'a.js': giving('js') }, 'js'],
    ['a module of TypeScript', './a.mjs', { 'a.mts': giving('mts') }, 'mts'],
    ['a file whose ending is left out, TypeScript first', './a', { 'a.js': giving('js'), 'a.ts': giving('ts') }, 'ts'],
    ['the index of a folder', './a', { 'a/index.ts': giving('index') }, 'index'],
    ['the file rather than the folder', './a', { 'a.ts': giving('file'), 'a/index.ts': giving('index') }, 'file'],
    ['the index of a package that says nothing', 'p', packageWith({}), 'index'],
    ['the main module of a package', 'p', packageWith({ main: './main.js' }), 'main'],
    ['the one for bundlers rather than that', 'p', packageWith({ main: './main.js', module: 'module.js' }), 'module'],
    ['the one for browsers rather than both', 'p', packageWith({ main: './main.js', module: 'module.js', browser: './browser.js' }), 'browser'],
    ['a file of a package', 'p/sub/inner.js', packageWith({}), 'inner'],
    ['what a package exports for an import', 'p', packageWith({ main: './main.js', exports: { node: './node.js', import: './import.js', require: './require.js' } }), 'import'],
    ['what it exports for a browser', 'p', packageWith({ exports: { '.': { browser: './browser.js', default: './main.js' } } }), 'browser'],
    ['what it exports by a pattern', 'p/x/inner', packageWith({ exports: { './x/*': './sub/*.js' } }), 'inner'],
    ['what a package has instead for a browser', 'p', packageWith({ main: './main.js', browser: { './main.js': './browser.js' } }), 'browser'],
    ['what the plugin itself calls so', '#own', { 'package.json': '{ "imports": { "#own": "./own.ts" } }', 'own.ts': giving('own') }, 'own'],
    ['what the plugin exports by its own name', 'plugin-x/own', { 'package.json': '{ "name": "plugin-x", "exports": { "./own": "./own.ts" } }', 'own.ts': giving('own') }, 'own'],
    ['a package whose name ends like a file', 'big.js', { 'node_modules/big.js/index.js': giving('big') }, 'big'],
  ])('%s', async (_what, specifier, files, expected) => {
    expect(String(await imported(specifier, files))).toMatch(new RegExp(`${expected}$`));
  });

  test('nothing, where a package says so for browsers: an object without properties', async () => {
    const files = packageWith({ main: './main.js', browser: { fs: false, './sub/inner.js': false } }, { 'node_modules/p/main.js': 'module.exports = [require("fs"), require("./sub/inner.js")];' });
    expect(await imported('p', files)).toEqual([{}, {}]);
  });

  test('what a package exports for `require`, where it is required', async () => {
    expect(await imported('p', packageWith({ exports: { import: './import.js', require: './require.js' } }), 'const value = require("p");')).toBe('require');
  });

  test('the nearest package of a name', async () => {
    const files = packageWith({ main: 'main.js' }, { 'node_modules/p/main.js': 'export { default } from "q";', 'node_modules/p/node_modules/q/index.js': giving('inner'), 'node_modules/q/index.js': giving('outer') });
    expect(await imported('p', files)).toBe('inner');
  });
});

describe('an import is refused', () => {
  test.each<[string, string, Files]>([
    ['of what a package does not export', 'p/sub/inner.js', packageWith({ exports: './main.js' })],
    ['of what a package exports from outside of it', 'p', packageWith({ exports: '../q/index.js' }, { 'node_modules/q/index.js': '1' })],
    ['that goes round in a circle', 'p', packageWith({ main: './main.js', browser: { './main.js': './module.js', './module.js': './main.js' } })],
  ])('%s', async (_what, specifier, files) => {
    await expect(imported(specifier, files)).rejects.toThrow(/was not found in the plugin's folder/);
  });
});

test('what decides which file is meant has its digest beside those of the files', async () => {
  const { inputs } = await bundleOf({ 'index.ts': 'import "p"; export default async () => 1;', 'package.json': '{}', ...packageWith({ main: 'main.js' }) });
  expect(Object.keys(inputs)).toEqual(['index.ts', 'node_modules/p/main.js', 'node_modules/p/package.json', 'package.json']);
});

test('what nobody uses of a package without side effects is left out', async () => {
  const files = (sideEffects: boolean): Files => ({ 'index.ts': 'import { a } from "p"; export default async () => a;', ...packageWith({ main: 'main.js', sideEffects }, { 'node_modules/p/main.js': 'import "./sub/noise.js"; export const a = 1;', 'node_modules/p/sub/noise.js': 'globalThis.noise = 1;' }) });
  expect((await bundleOf(files(false))).code).not.toContain('noise');
  expect((await bundleOf(files(true))).code).toContain('noise');
});
