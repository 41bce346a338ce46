/** A folder with many plugins, of which half are broken, each in a way of its own: none stops the others, or the start of the kernel. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKernel, defineTool, MemoryLogStore, unchecked, VERSION, type Json } from '@omnipaw/kernel';
import { PluginLoader } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { asker, pause } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

interface Draft {
  readonly folder: string;
  readonly name: string;
  /** Writes the manifest, with this otherwise. */
  readonly manifest: (changes?: object) => void;
  readonly write: (file: string, content: string | Uint8Array) => void;
}

const NETWORK = { name: 'network', hosts: ['example.com'] } as const;
const toolOf = (name: string) => ({ name: `${name}.it`, description: 'Does it.', input: { type: 'object' }, handler: 'it.ts' });
const manifestOf = (name: string): object => ({ name: `plugin-${name}`, version: '1.0.0', description: 'Is there.', license: 'MIT', omnipaw: '>=0.0.0', permissions: [], tools: [toolOf(name)] });

function good(root: string, name: string): Draft {
  const folder = path.join(root, `plugin-${name}`);
  mkdirSync(folder);
  const write: Draft['write'] = (file, content) => { writeFileSync(path.join(folder, file), content); };
  const manifest: Draft['manifest'] = (changes) => { write('plugin.manifest.json', JSON.stringify({ ...manifestOf(name), ...changes })); };
  manifest();
  write('it.ts', `export default () => ${JSON.stringify(name)};`);
  return { folder, name, manifest, write };
}

const replaceManifest = (make: (place: string) => void) => ({ folder }: Draft): void => {
  const place = path.join(folder, 'plugin.manifest.json');
  rmSync(place);
  make(place);
};
const text = (content: string | Uint8Array) => ({ write }: Draft): void => { write('plugin.manifest.json', content); };
const said = (changes: (name: string) => object) => ({ manifest, name }: Draft): void => { manifest(changes(name)); };
const tool = (changes: (name: string) => object) => said((name) => ({ tools: [{ ...toolOf(name), ...changes(name) }] }));
const code = (content: string) => ({ write }: Draft): void => { write('it.ts', content); };

/** What is wrong, and what is said of it. */
const WAYS: readonly (readonly [what: string, spoil: (draft: Draft) => void, message: RegExp])[] = [
  ['no manifest', replaceManifest(() => undefined), /is not there/],
  ['an empty manifest', text(''), /plugin\.manifest\.json/],
  ['a manifest that is cut off', text('{"name": "plugin-'), /plugin\.manifest\.json/],
  ['a manifest in another encoding', text(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d)), /UTF-8/],
  ['a manifest with a key twice', text('{"name": "plugin-a", "name": "plugin-b"}'), /twice|name/],
  ['a manifest that is after the prototype', text(JSON.stringify(manifestOf('p')).replace('{', '{"__proto__": {"isAdmin": true}, ')), /__proto__/],
  ['a manifest that is too large', text(' '.repeat(5_000_000)), /bytes|large|long/],
  ['a manifest nested deep', text('['.repeat(50_000) + ']'.repeat(50_000)), /nested|deep/],
  ['a folder for a manifest', replaceManifest((place) => { mkdirSync(place); }), /regular file/],
  ['a link for a manifest', replaceManifest((place) => { symlinkSync('it.ts', place); }), /regular file/],
  ['a pipe for a manifest', replaceManifest((place) => { execFileSync('mkfifo', [place]); }), /regular file/],
  ['no version', said(() => ({ version: 'one' })), /\/version/],
  ['another kernel', said(() => ({ omnipaw: '^9.0.0' })), /\/omnipaw/],
  ['a permission that is none', said(() => ({ permissions: ['memroy'] })), /Did you mean "memory"/],
  ['more than it is granted', said((name) => ({ permissions: ['shell'], tools: [{ ...toolOf(name), permissions: ['shell'] }] })), /shell, needed by w\d+\.it\nIf it should have that, add to what is granted to "plugin-w\d+": "shell"/],
  ['an agent that needs more than is granted', ({ manifest, write, name }) => {
    manifest({ permissions: ['memory'], tools: undefined, agents: [{ type: `${name}.agent`, program: 'it.ts' }] });
    write('it.ts', 'export default () => 1;');
  }, /memory, needed by the agent w\d+\.agent\nIf it should have that, add to what is granted to "plugin-w\d+": "memory"/],
  ['the name of another one', said(() => ({ ...manifestOf('good0'), name: 'plugin-good0' })), /has the name that the plugin in plugin-good0 has/],
  ['a tool of the machine\'s name', tool(() => ({ name: 'host.fs.read_file' })), /\/tools\/0\/name/],
  ['a tool twice', said((name) => ({ tools: [toolOf(name), toolOf(name)] })), /\/tools\/1\/name/],
  ['a schema that is none', tool(() => ({ input: { type: 'objekt' } })), /\/tools\/0\/input/],
  ['no code', ({ folder }) => { rmSync(path.join(folder, 'it.ts')); }, /no "it\.ts"/],
  ['code that is none', code('export default ('), /it\.ts:1/],
  ['code that wants Node', code('import "node:fs"; export default 1;'), /module of Node/],
  ['code from outside', tool(() => ({ handler: '../plugin-good0/it.ts' })), /\/tools\/0\/handler/],
  ['a file that is too large', ({ folder, write }) => { write('big.bin', ''); truncateSync(path.join(folder, 'big.bin'), 17 * 1024 * 1024); }, /larger than/],
  ['folders without end', ({ folder }) => { mkdirSync(path.join(folder, ...Array<string>(25).fill('a')), { recursive: true }); }, /nested deeper/],
  ['a link in it', ({ folder }) => { symlinkSync('/etc', path.join(folder, 'etc')); }, /symbolic link/],
  ['a file that its digests do not name', ({ manifest, write }) => { manifest({ integrity: { sha256: { 'it.ts': 'a'.repeat(64) } } }); write('extra.ts', ''); }, /"it\.ts" was changed\n {2}"extra\.ts" does not belong to it/],
  ['a tool that is called as the program of its agent', said((name) => ({ tools: [{ ...toolOf(name), name: `${name}.agent.program` }], agents: [{ type: `${name}.agent`, program: 'it.ts' }] })), /\/tools\/0\/name.*the program of \/agents\/0/],
  ['a tool that is called as its way to the network', tool((name) => ({ name: `${name}.host.net.fetch` })), /\/tools\/0\/name.*reaches its hosts/],
  ['an agent whose program has a name that no tool can have', said((name) => ({ agents: [{ type: `${name}.${'a'.repeat(120)}`, program: 'it.ts' }] })), /\/agents\/0\/type/],
  ['hosts that nobody fetches from', said(() => ({ permissions: [{ name: 'network', hosts: ['example.com'] }] })), /network/],
];

describe('a folder of plugins', () => {
  test(`with ${WAYS.length} that are broken and as many that are not: those are loaded and run, and each other one is told of`, { timeout: 120_000 }, async () => {
    const root = folderWith({ 'README.md': 'no plugin', '.git/config': 'no plugin' });
    const names = WAYS.map((_way, index) => `good${index}`);
    for (const name of names) good(root, name);
    for (const [index, [, spoil]] of WAYS.entries()) spoil(good(root, `w${index}`));
    symlinkSync(path.join(root, 'plugin-good1'), path.join(root, 'plugin-linked'));

    const plugins = await new PluginLoader({ folder: root, kernelVersion: VERSION, workers: 1 }).load();
    expect(plugins.loaded.map(({ manifest }) => manifest.shortName).sort()).toEqual([...names].sort());
    const reasons = new Map(plugins.rejected.map(({ folder, error }) => [path.basename(folder), error.message]));
    for (const [index, [what, , message]] of WAYS.entries()) expect(reasons.get(`plugin-w${index}`), what).toMatch(message);
    expect(reasons.get('plugin-linked')).toMatch(/is a link/);
    expect(reasons.size).toBe(WAYS.length + 1);
    expect('isAdmin' in {}).toBe(false);

    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: plugins.tools });
    for (const name of names) expect(await kernel.spawn(asker, { args: {}, tool: `${name}.it` }, { grants: [`call:${name}.it`] }).result()).toEqual({ value: name });
    await kernel.stop();
    await plugins.close();
  });

  test('with plugins for which one tool is made to fetch with: those are left out, and the kernel begins with the others', async () => {
    const root = folderWith({});
    good(root, 'a');
    for (const name of ['b', 'c']) good(root, name).manifest({ permissions: [NETWORK] });
    const fetchTool = () => defineTool({ name: 'fetch', description: '', input: unchecked<Json>(), run: () => null });
    const plugins = await new PluginLoader({ folder: root, grants: { 'plugin-b': [NETWORK], 'plugin-c': [NETWORK] }, fetchTool, workers: 1 }).load();
    expect(plugins.rejected.map(({ error: { code, message } }) => [code, message])).toEqual(['b', 'c'].map((name) => ['PLUGIN_REFUSED', expect.stringContaining(`"${name}.host.net.fetch"`)]));
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: plugins.tools });
    await kernel.stop();
    await plugins.close();
  });

  test('that is empty, or has only broken ones, is no matter', async () => {
    const root = folderWith({ 'plugin-a/plugin.manifest.json': '{' });
    const plugins = await new PluginLoader({ folder: root }).load();
    expect({ ...plugins, rejected: plugins.rejected.length }).toMatchObject({ loaded: [], tools: [], rejected: 1 });
    await plugins.close();
  });

  test.skipIf(!existsSync('/proc/self/task'))('has no thread and no process left when it is closed', { timeout: 120_000 }, async () => {
    const root = folderWith({});
    good(root, 'a').write('it.ts', 'export default () => { for (;;); };');
    const threads = (): number => readdirSync('/proc/self/task').length;
    const cycle = async (): Promise<void> => {
      const plugins = await new PluginLoader({ folder: root, workers: 4 }).load();
      const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: plugins.tools });
      for (let call = 0; call < 4; call++) kernel.spawn(asker, { args: {}, tool: 'a.it' }, { grants: ['call:a.it'] }).result().catch(() => undefined);
      await pause(200);
      await kernel.stop();
      await plugins.close();
    };
    await cycle();
    const before = threads();
    for (let round = 0; round < 4; round++) await cycle();
    for (let look = 0; look < 100 && threads() > before; look++) await pause(50);
    expect(threads()).toBeLessThanOrEqual(before);
  });
});
