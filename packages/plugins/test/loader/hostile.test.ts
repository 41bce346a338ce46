/** What a plugin may try that was loaded and granted something: floods, huge results, itself without end, values that are none. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Bundler, hashFolder, PluginLoader, signManifest, verifyInputs, type Plugins } from '@omnipaw/plugins';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { attack, ofKind, witness } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

const NETWORK = { name: 'network', hosts: ['a.example'] } as const;

describe('a plugin', () => {
  test('that asks for itself without end comes to an end, and so does all that it has begun', async () => {
    const { said, entries } = await attack({ plugins: { evil: { tools: { run: 'return ctx.tool("evil.run", args);' }, timeoutMs: 3_000 } } });
    expect(said.code).toBeDefined();
    expect(ofKind(entries, 'TOOL_CALLED').length).toBeLessThan(2_000);
  });

  test('that floods its way out is stopped at so many calls, and each is on record', async () => {
    const { tool, ran } = witness('host.tool');
    const { said } = await attack({ plugins: { evil: { tools: { run: 'await Promise.all(Array.from({ length: 1e4 }, () => ctx.tool("host.tool").catch(() => 0)));' }, permissions: ['tool:host.tool'] } }, tools: [tool], grants: ['call:**'] });
    expect(said).toMatchObject({ code: 'PLUGIN_LIMIT_EXCEEDED' });
    expect(ran.length).toBeLessThanOrEqual(200);
  });

  test('that gives 100 MB gives nothing, and costs the host no such thing', async () => {
    const before = process.memoryUsage().rss;
    const { said, bytes } = await attack({ plugins: { evil: { tools: { run: 'let text = "x".repeat(1e6); const all = []; for (let n = 0; n < 100; n++) all.push(text); return all;' } } } });
    expect(said.code).toMatch(/^PLUGIN_(?:LIMIT_EXCEEDED|RESULT_INVALID)$/);
    expect(bytes.length).toBeLessThan(100_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  });

  test.each<[string, string]>([
    ['a getter', 'return { get a() { return 1; } };'],
    ['a proxy', 'return new Proxy({ a: 1 }, {});'],
    ['a thenable', 'return { then(resolve: any) { resolve({ a: 1 }); } };'],
    ['its own toJSON', 'return { toJSON: () => ({ a: 1 }) };'],
    ['a prototype', 'return Object.create({ b: 1 }, { a: { value: 1, enumerable: true } });'],
    ['__proto__ as a key', 'return JSON.parse(\'{"a":1,"__proto__":{"b":1}}\');'],
  ])('that gives %s gives what it looks like as JSON, or is refused', async (_what, code) => {
    const { said } = await attack({ plugins: { evil: { tools: { run: code } } } });
    if (said.value === undefined) expect(said.code).toMatch(/^PLUGIN_/);
    else expect(said.value).toEqual({ a: 1 });
  });

  test('that asks with values that are none asks for nothing else than what they look like as JSON', async () => {
    const { tool, ran } = witness('host.tool');
    const code = `
      const given = [{ get a() { return 1; } }, new Proxy({ a: 1 }, {}), { toJSON: () => ({ a: 1 }) }, JSON.parse('{"a":1,"__proto__":{"b":1}}'), { name: 'other.tool', then: 1 }];
      for (const one of given) await tried(() => ctx.tool('host.tool', one));
      let reads = 0;
      return tried(() => ctx.call('tool', { get name() { return reads++ === 0 ? 'host.tool' : 'host.secret'; }, args: { a: 1 } }));`;
    const secret = witness('host.secret');
    await attack({ plugins: { evil: { tools: { run: code }, permissions: ['tool:host.tool'] } }, tools: [tool, secret.tool], grants: ['call:**'] });
    expect(secret.ran).toEqual([]);
    for (const args of ran) expect(Object.keys(args as object).every((key) => ['a', 'name', 'then'].includes(key))).toBe(true);
  });
});

describe('a folder that changes between being judged and being read', () => {
  test('is refused: what is bundled is what was hashed', async () => {
    const folder = folderWith({ 'it.ts': 'export default () => 1;' });
    const files = await hashFolder(folder);
    writeFileSync(path.join(folder, 'it.ts'), 'export default () => 2;');
    const bundler = new Bundler();
    const { inputs } = await bundler.bundle({ folder, entry: 'it.ts' });
    await bundler.close();
    expect(() => { verifyInputs({ name: 'plugin-a', integrity: { sha256: files } }, inputs); }).toThrow('"it.ts" was changed');
  });

  /** As it is, and with its files exchanged after they were hashed. */
  async function exchanged(isSealed: boolean, file: string, content: string): Promise<readonly [before: Plugins, after: Plugins]> {
    const manifest = { name: 'plugin-a', version: '1.0.0', description: 'A.', license: 'MIT', omnipaw: '>=0.0.0', tools: [{ name: 'a.it', description: 'A.', input: { type: 'object' }, handler: 'it.ts' }], permissions: [NETWORK] };
    const root = folderWith({
      'plugin-a/plugin.manifest.json': JSON.stringify(manifest), 'plugin-a/it.ts': 'import { word } from "./word"; import dep from "dep"; export default () => word + dep;', 'plugin-a/word.js': 'export const word = "a";',
      'plugin-a/node_modules/dep/package.json': '{ "main": "good.js" }', 'plugin-a/node_modules/dep/good.js': 'module.exports = "good";', 'plugin-a/node_modules/dep/evil.js': 'module.exports = "evil";',
    });
    const plugin = path.join(root, 'plugin-a');
    if (isSealed) writeFileSync(path.join(plugin, 'plugin.manifest.json'), JSON.stringify({ ...manifest, integrity: { sha256: await hashFolder(plugin) } }));
    const loadAs = async (meanwhile: () => void) => {
      // A plugin's own tools for the network are made when its files are hashed and nothing of it is bundled yet.
      const fetchTool = (name: string) => { meanwhile(); return witness(name).tool; };
      const plugins = await new PluginLoader({ folder: root, workers: 1, grants: { 'plugin-a': [NETWORK] }, fetchTool }).load();
      await plugins.close();
      return plugins;
    };
    const before = await loadAs(() => undefined);
    expect(before.loaded).toHaveLength(1);
    return [before, await loadAs(() => { writeFileSync(path.join(plugin, file), content); })];
  }

  test.each<[string, string, string, string]>([
    ['its handler', 'it.ts', 'export default () => "evil";', '"it.ts" was changed'],
    ['what that imports', 'word.js', 'export const word = "evil";', '"word.js" was changed'],
    ['by which a package is found', 'node_modules/dep/package.json', '{ "main": "evil.js" }', '"node_modules/dep/package.json" was changed'],
    ['which comes before another one', 'word.tsx', 'export const word = "evil";', '"word.tsx" does not belong to it'],
  ])('at the moment after it was verified is refused: a file, %s', async (_what, file, content, message) => {
    const [, { loaded, rejected }] = await exchanged(true, file, content);
    expect(loaded).toEqual([]);
    expect(rejected[0]?.error).toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', message: expect.stringContaining(message) as unknown });
  });

  test.each<[string, string, string]>([
    ['its handler', 'it.ts', 'export default () => "evil";'],
    ['what that imports', 'word.js', 'export const word = "evil";'],
    ['which comes before another one', 'word.tsx', 'export const word = "evil";'],
  ])('and names no files is refused as well, with a word about who is at work there: a file, %s', async (_what, file, content) => {
    const [, { loaded, rejected }] = await exchanged(false, file, content);
    expect(loaded).toEqual([]);
    expect(rejected[0]?.error).toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED', message: `"${file}" of plugin "plugin-a" was changed while it was read. Load it again.` });
  });

  test('and names no files is what was read of its packages, and its digest says so', async () => {
    const [before, after] = await exchanged(false, 'node_modules/dep/package.json', '{ "main": "evil.js" }');
    expect(after.rejected).toEqual([]);
    expect(after.loaded[0]!.digests.code).not.toBe(before.loaded[0]!.digests.code);
  });

  test('again and again, is loaded as one of what it was, or not at all', { timeout: 60_000 }, async () => {
    const manifest = JSON.stringify({ name: 'plugin-a', version: '1.0.0', description: 'A.', license: 'MIT', omnipaw: '>=0.0.0', tools: [{ name: 'a.it', description: 'A.', input: { type: 'object' }, handler: 'it.ts' }], permissions: [] });
    const code = (word: string): string => `import { word } from './word.ts';\nexport default () => word + ${JSON.stringify(word)};`;
    const root = folderWith({ 'plugin-a/plugin.manifest.json': manifest, 'plugin-a/it.ts': code('x'), 'plugin-a/word.ts': 'export const word = "x";', 'spare.ts': code('y') });
    const [file, spare] = [path.join(root, 'plugin-a/it.ts'), path.join(root, 'spare.ts')];
    const known = new Set<string>();
    for (let round = 0; round < 12; round++) {
      const swapper = { isOver: false };
      const swapping = (async () => {
        while (!swapper.isOver) {
          const [now, next] = [readFileSync(file), readFileSync(spare)];
          writeFileSync(`${spare}.new`, next);
          renameSync(`${spare}.new`, file);
          writeFileSync(spare, now);
          await new Promise((resolve) => { setTimeout(resolve, round); });
        }
      })();
      const plugins = await new PluginLoader({ folder: root, workers: 1 }).load();
      swapper.isOver = true;
      await swapping;
      await plugins.close();
      for (const { digests } of plugins.loaded) known.add(digests.code);
      for (const { error } of plugins.rejected) expect(error.code).toMatch(/^PLUGIN_(?:INTEGRITY_FAILED|BUNDLE_FAILED|MANIFEST_INVALID)$/);
    }
    expect(known.size).toBeLessThanOrEqual(2);
  });

  test('by a file that its signature does not cover is refused', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const pem = { private: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, public: publicKey.export({ type: 'spki', format: 'pem' }) as string };
    const root = folderWith({ 'plugin-a/it.ts': 'export default () => 1;' });
    const folder = path.join(root, 'plugin-a');
    const signed = signManifest({ name: 'plugin-a', version: '1.0.0', description: 'A.', license: 'MIT', omnipaw: '>=0.0.0', tools: [{ name: 'a.it', description: 'A.', input: { type: 'object' }, handler: 'it.ts' }], permissions: [] }, await hashFolder(folder), pem.private);
    writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify(signed));
    const load = async () => {
      const plugins = await new PluginLoader({ folder: root, trustedKeys: [pem.public] }).load();
      await plugins.close();
      return plugins;
    };
    expect((await load()).loaded).toHaveLength(1);
    writeFileSync(path.join(folder, 'extra.ts'), '');
    expect((await load()).rejected[0]?.error).toMatchObject({ code: 'PLUGIN_INTEGRITY_FAILED' });
  });

  test.skipIf(!existsSync('/proc'))('has a name that is no UTF-8 is refused alone', async () => {
    const manifest = JSON.stringify({ name: 'plugin-a', version: '1.0.0', description: 'A.', license: 'MIT', omnipaw: '>=0.0.0', tools: [{ name: 'a.it', description: 'A.', input: { type: 'object' }, handler: 'it.ts' }], permissions: [] });
    const root = folderWith({ 'plugin-a/plugin.manifest.json': manifest, 'plugin-a/it.ts': 'export default () => 1;' });
    writeFileSync(Buffer.concat([Buffer.from(path.join(root, 'plugin-a/x')), Buffer.of(0xff, 0xfe)]), '');
    const plugins = await new PluginLoader({ folder: root }).load();
    await plugins.close();
    expect(plugins.rejected[0]?.error.code).toBe('PLUGIN_INTEGRITY_FAILED');
  });
});
