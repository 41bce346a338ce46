import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isTooDeep, patternImport } from '../../src/bundle/source-check.js';
import { jobOf, openPool, valueOf } from '../isolate/support.js';
import { bundleOf, folderOf, openBundler, sharedBundler } from './support.js';

const HANDLER = 'export default async () => 1;';

async function runOf(files: Readonly<Record<string, string>>, args: string | null = null): Promise<unknown> {
  const bundle = await bundleOf(files);
  return valueOf(openPool().run({ ...jobOf('', { args }), ...bundle }));
}

describe('a bundle', () => {
  test('is a script of a handler and what it imports', async () => {
    const files = {
      'index.ts': 'import { greet } from "./lib/greet.js";\nimport data from "./data.json";\nimport twice from "twice";\nexport default async (name: string): Promise<string> => twice(greet(name) + data.mark);',
      'lib/greet.ts': 'export enum Word { Hello = "Hello" }\nexport const greet = (name: string) => `${Word.Hello} ${name}`;',
      'data.json': '{ "mark": "!" }',
      'node_modules/twice/package.json': '{ "name": "twice", "main": "main.js" }',
      'node_modules/twice/main.js': 'module.exports = (text) => text + text;',
    };
    expect(await runOf(files, 'Ada')).toBe('Hello Ada!Hello Ada!');
  });

  test('is the same wherever the folder is, and knows what is in it', async () => {
    const files = { 'index.ts': 'export { default } from "./other.js";', 'other.ts': HANDLER, 'unused.ts': '1' };
    const [first, second] = [await bundleOf(files), await bundleOf(files)];
    expect(second).toEqual(first);
    expect(first.codeDigest).toBe(createHash('sha256').update(first.code).digest('hex'));
    expect(first.inputs).toEqual({ 'index.ts': digestOf(files['index.ts']), 'other.ts': digestOf(HANDLER) });
    expect(first.code + first.sourceMap).not.toMatch(/tmp|omnipaw/);
  });

  test('brings errors back to the lines of the author', async () => {
    const files = {
      'index.ts': 'import { fail } from "./lib/fail.js";\n\nexport default async () => fail({ city: "x" });\n',
      'lib/fail.ts': 'interface Place {\n  readonly city: string;\n}\n\nexport function fail(place: Place): never {\n  throw new TypeError(`no ${place.city}`);\n}\n',
    };
    await expect(runOf(files)).rejects.toMatchObject({
      message: expect.stringMatching(/^The handler threw TypeError: no x \(at fail \(lib\/fail\.ts:6:\d+\)\)\.$/),
      details: { stack: [expect.stringMatching(/^fail \(lib\/fail\.ts:6:\d+\)$/), expect.stringMatching(/\(index\.ts:3:\d+\)$/)] },
    });
  });

  test('may have modules that the host gives', async () => {
    const bundler = openBundler({ provided: { '@omnipaw/plugins': 'export const define = <T>(value: T): T => value;' } });
    const folder = folderOf({ 'index.ts': 'import { define } from "@omnipaw/plugins";\nexport default define(async () => 7);' });
    const bundle = await bundler.bundle({ folder, entry: 'index.ts' });
    expect(await valueOf(openPool().run({ ...jobOf(''), ...bundle }))).toBe(7);
  });

  test('does without what code requires in vain', async () => {
    expect(await runOf({ 'index.ts': 'let fs = null;\ntry { fs = require("fs"); } catch { }\nexport default async () => fs === null;' })).toBe(true);
  });
});

test.each(['export default () => 7;', 'const seven = () => 7;\nexport { seven as default };', 'export { default } from "./other.ts";', 'export * as default from "./seven.ts";', 'module.exports = () => 7;', 'exports.default = () => 7;'])('a handler may be exported by %s', async (code) => {
  expect(await runOf({ 'index.ts': code, 'other.ts': 'export default () => 7;', 'seven.ts': 'export const run = () => 7;' })).toBe(7);
});

describe('refused, with a place and a reason, is', () => {
  const cases: readonly (readonly [what: string, files: Readonly<Record<string, string>>, message: RegExp])[] = [
    ['what is no TypeScript', { 'index.ts': 'export default async (=> 1;' }, /index\.ts:1:\d+: /],
    ['an entry that is not there', { 'other.ts': HANDLER }, /"\.\/index\.ts" was not found/],
    ['an import that is not there', { 'index.ts': 'import "./none.js";' }, /index\.ts:1:8: .*"\.\/none\.js" was not found/],
    ['a package that is not there', { 'index.ts': 'import "none";' }, /"none" was not found in the plugin's folder/],
    ['a module of Node', { 'index.ts': 'import "fs";' }, /"fs" is a module of Node/],
    ['a module of Node by its full name', { 'index.ts': 'import("node:fs");' }, /"node:fs" is a module of Node/],
    ['a required module of Node by its full name', { 'index.ts': 'require("node:child_process");' }, /"node:child_process" is a module of Node/],
    ['a file outside', { 'index.ts': 'import "../outside.js";' }, /"\.\.\/outside\.js" (was not found|is outside)/],
    ['an absolute path', { 'index.ts': 'import "/etc/hostname";' }, /is an absolute path/],
    ['a path of Windows', { 'index.ts': 'import "C:/x.js"; import "c:\\\\x.js";' }, /is an absolute path/],
    ['a file URL', { 'index.ts': 'import "file:///etc/hostname";' }, /is a URL \(file:\)/],
    ['a data URL', { 'index.ts': 'import "data:text/javascript,1";' }, /is a URL \(data:\)/],
    ['code from elsewhere', { 'index.ts': 'import "https://a.example/b.js";' }, /is a URL \(https:\)/],
    ['a template as a path', { 'index.ts': 'const n = "x";\nimport(`./lib/${n}.ts`);', 'lib/x.ts': '1' }, /put together: import\(`\.\/lib\/\$\{n\}/],
    ['a sum as a path', { 'index.ts': 'import(/* @vite-ignore */ ("../" + globalThis.x) + ".ts");' }, /put together/],
    ['a choice of such paths', { 'index.ts': 'import(globalThis.x ? `./${globalThis.x}` : "./y.js");' }, /put together/],
    ['a constant in such a path', { 'index.ts': 'const enum Up { A = "../../" }\nrequire(Up.A + globalThis.x);' }, /put together/],
    ['a folded template in such a path', { 'index.ts': 'import(`${"."}${"/"}${globalThis.x}`);' }, /put together/],
    ['a style sheet', { 'index.ts': 'import "./a.css";', 'a.css': 'a {}' }, /neither TypeScript nor JavaScript/],
    ['native code', { 'index.ts': 'import "./a.node";', 'a.node': '' }, /neither TypeScript nor JavaScript/],
    ['waiting at the top level', { 'index.ts': 'await null;\nexport default 1;' }, /index\.ts:1:1: Top-level await is nothing that plugins have\. Put it into the handler\./],
    ['a module of Node that is required', { 'index.ts': 'const fs = require("fs");\nexport default fs;' }, /index\.ts:1:\d+: "fs" is a module of Node/],
    ['a package that is required and not there', { 'index.ts': 'export default require("none");' }, /"none" was not found in the plugin's folder/],
    ['a module without a default export', { 'index.ts': 'export const handler = async () => 1;' }, /index\.ts:1:1: It has no default export, which is the handler/],
    ['deep nesting', { 'index.ts': `export default ${'['.repeat(200_000)}${']'.repeat(200_000)};` }, /nested too deep/],
    ['deeply nested JSON', { 'index.ts': 'import a from "./a.json"; export default a;', 'a.json': '['.repeat(200_000) + ']'.repeat(200_000) }, /nested too deep/],
    ['a huge file', { 'index.ts': `// ${'x'.repeat(5_000_000)}` }, /more than 4194304/],
    ['a package whose manifest leads outside', { 'index.ts': 'import "p";', 'node_modules/p/package.json': '{ "main": "../../../../../../etc/hostname" }' }, /"p" (was not found|is outside)/],
  ];

  test.each(cases)('%s', async (_what, files, message) => {
    const outcome = bundleOf(files);
    await expect(outcome).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', failureClass: 'PERMANENT', message: expect.stringMatching(message) });
  });

  test('a folder that is none', async () => {
    await expect(sharedBundler.bundle({ folder: '/nowhere/at/all', entry: 'index.ts' })).rejects.toThrow(/There is no folder/);
  });

  test('what lies beside the folder, even with the same beginning', async () => {
    const outer = folderOf({ 'plugin/index.ts': 'import { secret } from "../plugin-secret/secret.js";\nexport default secret;', 'plugin-secret/secret.ts': 'export const secret = 1;' });
    await expect(sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: 'index.ts' })).rejects.toThrow(/"\.\.\/plugin-secret\/secret\.js" was not found in the plugin's folder. Nothing outside of it counts/);
    await expect(sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: '../plugin-secret/secret.ts' })).rejects.toThrow(/was not found in the plugin's folder/);
  });

  test('a package that only the host has', async () => {
    const outer = folderOf({ 'plugin/index.ts': 'import "host-only";', 'node_modules/host-only/index.js': 'globalThis.host = 1;' });
    await expect(sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: 'index.ts' })).rejects.toThrow(/"host-only" was not found in the plugin's folder/);
  });

  test('a link that leads out, to a file or to a folder', async () => {
    const outer = folderOf({ 'plugin/index.ts': 'import "./link/secret.js";', 'outside/secret.js': '1', 'outside/index.js': '1' });
    const folder = join(outer, 'plugin');
    const refusal = async (): Promise<unknown> => sharedBundler.bundle({ folder, entry: 'index.ts' });
    symlinkSync(join(outer, 'outside'), join(folder, 'link'));
    await expect(refusal()).rejects.toThrow(/"\.\/link\/secret\.js" was not found/);
    rmSync(join(folder, 'link'));

    mkdirSync(join(folder, 'link'));
    symlinkSync(join(outer, 'outside/secret.js'), join(folder, 'link/secret.js'));
    await expect(refusal()).rejects.toThrow(/"\.\/link\/secret\.js" was not found/);
    rmSync(join(folder, 'link'), { recursive: true });

    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(join(outer, 'outside'), join(folder, 'node_modules/linked'));
    writeFileSync(join(folder, 'index.ts'), 'import "linked";');
    await expect(refusal()).rejects.toThrow(/"linked" was not found/);
  });

  test('nothing about a link that stays inside', async () => {
    const folder = folderOf({ 'index.ts': 'export { default } from "./link.js";', 'real.ts': HANDLER });
    symlinkSync('real.ts', join(folder, 'link.ts'));
    expect(Object.keys((await sharedBundler.bundle({ folder, entry: 'index.ts' })).inputs)).toEqual(['index.ts', 'real.ts']);
  });

  test.skipIf(process.platform === 'win32')('a pipe that is imported, without opening it; and what else is one matters to nobody', async () => {
    const folder = folderOf({ 'index.ts': 'import "./pipe.js";', 'other.ts': 'import "p"; export default 1;', 'node_modules/p/index.js': '1' });
    for (const pipe of ['pipe.js', 'node_modules/p/package.json', 'tsconfig.json', '.pnp.cjs']) execFileSync('mkfifo', [join(folder, pipe)]);
    await expect(sharedBundler.bundle({ folder, entry: 'index.ts' })).rejects.toThrow(/"\.\/pipe\.js" was not found/);
    await expect(sharedBundler.bundle({ folder, entry: 'other.ts' })).rejects.toThrow(/package\.json is no regular file/);
    rmSync(join(folder, 'node_modules/p/package.json'));
    expect(Object.keys((await sharedBundler.bundle({ folder, entry: 'other.ts' })).inputs)).toEqual(['node_modules/p/index.js', 'other.ts']);
  });

  test('a package.json that is none', async () => {
    for (const text of ['{', 'null', '']) await expect(bundleOf({ 'index.ts': 'import "p";', 'node_modules/p/package.json': text, 'node_modules/p/index.js': '1' })).rejects.toThrow(/"?node_modules\/p\/package\.json is no/);
  });
});

describe('nothing from outside comes in', () => {
  test('by a source map', async () => {
    const map = '{"version":3,"sources":["HOST-SECRET"],"sourcesContent":["HOST-SECRET"],"names":["HOST_SECRET"],"mappings":"AAAAA"}';
    const outer = folderOf({ 'plugin/other.js': '', 'host.map': map });
    const spellings = [`../host.map`, join(outer, 'host.map'), `file://${join(outer, 'host.map')}`];
    for (const [index, url] of spellings.entries()) {
      for (const comment of [`//# sourceMappingURL=${url}`, `//@ sourceMappingURL=${url}`, `/*# sourceMappingURL=${url} */`]) {
        writeFileSync(join(outer, `plugin/index${index}.js`), `export default async () => { const HOST = 1; return HOST; };\n${comment}`);
        const bundle = await sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: `index${index}.js` });
        expect(JSON.stringify(bundle)).not.toContain('HOST-SECRET');
        expect(JSON.stringify(bundle)).not.toContain('HOST_SECRET');
      }
    }
  });

  test('by paths or parents in a tsconfig', async () => {
    const outer = folderOf({
      'plugin/index.ts': 'import { secret } from "@host/secret";\nexport default secret;',
      'plugin/tsconfig.json': '{ "extends": "../tsconfig.json", "compilerOptions": { "paths": { "@host/*": ["../*"] } } }',
      'tsconfig.json': '{ "compilerOptions": { "baseUrl": "." } }',
      'secret.ts': 'export const secret = "HOST-SECRET";',
    });
    await expect(sharedBundler.bundle({ folder: join(outer, 'plugin'), entry: 'index.ts' })).rejects.toThrow(/"@host\/secret" was not found/);
  });

  test('by the environment', async () => {
    process.env['OMNIPAW_CANARY'] = 'HOST-SECRET';
    const bundle = await bundleOf({ 'index.ts': 'export default async () => String(globalThis.process) + process.env.OMNIPAW_CANARY;' });
    delete process.env['OMNIPAW_CANARY'];
    expect(bundle.code).not.toContain('HOST-SECRET');
  });
});

describe('a bundler', () => {
  test('goes on when its process dies', { timeout: 60_000 }, async () => {
    const bundler = openBundler();
    const deadly = folderOf({ 'index.ts': `export default ${'!'.repeat(1_000_000)}1;` });
    await expect(bundler.bundle({ folder: deadly, entry: 'index.ts' })).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED' });
    expect((await bundler.bundle({ folder: folderOf({ 'index.ts': HANDLER }), entry: 'index.ts' })).code).toContain('1');
  });

  test('ends what takes too long, and goes on', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}.ts`, n === 499 ? 'export default 1;' : `export { default } from './m${n + 1}.js';`]));
    const folder = folderOf({ ...many, 'index.ts': 'export { default } from "./m0.js";', 'quick.ts': HANDLER });
    const bundler = openBundler({ timeoutMs: 20 });
    await expect(bundler.bundle({ folder, entry: 'index.ts' })).rejects.toThrow(/not bundled within 20 ms/);
    const patient = openBundler();
    const both = await Promise.allSettled([patient.bundle({ folder, entry: 'none.ts' }), patient.bundle({ folder, entry: 'quick.ts' })]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
  });

  test('that is closed fails what is under way and what comes', async () => {
    const bundler = openBundler();
    const folder = folderOf({ 'index.ts': HANDLER });
    const underWay = bundler.bundle({ folder, entry: 'index.ts' });
    const failure = expect(underWay).rejects.toThrow(/closed/);
    await new Promise((resolve) => setImmediate(resolve));
    await bundler.close();
    await failure;
    await expect(bundler.bundle({ folder, entry: 'index.ts' })).rejects.toThrow(/closed/);
  });
});

describe('sources', () => {
  test('are nested too deep or not', () => {
    expect(isTooDeep('('.repeat(5_000) + ')'.repeat(5_000))).toBe(false);
    expect(isTooDeep('('.repeat(5_001))).toBe(true);
    expect(isTooDeep('{}[]()'.repeat(50_000))).toBe(false);
  });

  test('put paths together or not', () => {
    for (const code of ['import("./a.js")', 'import(s)', 'import(s,o)', 'require("x")', 'import("./a.json",{with:{type:"json"}})', 'require(`./a`)', 'f("import(")', 'import("x"+y)']) {
      expect(patternImport(code), code).toBeUndefined();
    }
    for (const code of ['import("./"+x)', 'import(`./${x}`)', 'require("../"+f(")")+x)', 'import(c?"./"+a:b)', 'require.resolve("./"+x)', 'import("./"+x+/["]/.source)']) expect(patternImport(code), code).toBeDefined();
  });

  // Looked through from each call, these take minutes.
  test.each(['import(', 'import("', 'import(\'"`', 'import(a,', 'require.x(`'])('are looked through once, however many of %s there are', { timeout: 30_000 }, (call) => {
    expect(patternImport(call.repeat(600_000 / call.length))).toBeUndefined();
    expect(patternImport(`${call.repeat(20_000)}require("./"+x)`)).toBeDefined();
  });
});

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
