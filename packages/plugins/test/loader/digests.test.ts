/** What a log says of the plugins that took part, and what a replay finds out by it. */
import { createKernel, MemoryLogStore, nodePorts, replay, type LogReader, type Tool } from '@omnipaw/kernel';
import { PluginLoader, type LoadedPlugin, type LoaderOptions, type Plugins } from '@omnipaw/plugins';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asker, entriesOf, ofKind } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

interface Parts {
  readonly code?: string;
  readonly note?: string;
  readonly description?: string;
  readonly input?: object;
  readonly permissions?: readonly string[];
  /** In `node_modules`. */
  readonly packages?: Readonly<Record<string, string>>;
}

/** A plugin that doubles, and another one beside it. */
async function load({ code = 'export default async ({ n }) => 2 * n;', note = '', description = 'Doubles.', input = { type: 'object' }, permissions = [], packages = {} }: Parts = {}, options: Partial<LoaderOptions> = {}): Promise<Plugins> {
  const manifest = (name: string, tool: string) => JSON.stringify({
    name: `plugin-${name}`, version: '1.0.0', description, license: 'MIT', omnipaw: '>=0.0.0',
    tools: [{ name: tool, description: 'Calculates.', input, handler: 'run.ts' }], permissions,
  });
  const folder = folderWith({
    'plugin-double/plugin.manifest.json': manifest('double', 'double.it'), 'plugin-double/run.ts': code, 'plugin-double/note.txt': note,
    ...Object.fromEntries(Object.entries(packages).map(([file, content]) => [`plugin-double/node_modules/${file}`, content])),
    'plugin-other/plugin.manifest.json': manifest('other', 'other.it'), 'plugin-other/run.ts': 'export default () => 1;',
  });
  const plugins = await new PluginLoader({ folder, workers: 1, ...options }).load();
  onTestFinished(() => plugins.close());
  expect(plugins.rejected).toEqual([]);
  return plugins;
}

/** One that doubles by a package. */
const PACKAGED = { code: 'import twice from "twice"; export default async ({ n }) => twice(n);', packages: { 'twice/index.js': 'module.exports = (n) => 2 * n;', 'tool/index.js': '' } };

async function run({ tools }: { readonly tools: readonly Tool[] }): Promise<MemoryLogStore> {
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [asker], tools });
  expect(await kernel.spawn(asker, { args: { n: 21 }, tool: 'double.it' }, { grants: ['call:double.it'] }).result()).toEqual({ value: 42 });
  await kernel.stop();
  return log;
}

const again = (log: LogReader, tools: readonly Tool[]) => replay(log, { agents: [asker], tools });
const originOf = ({ manifest: { name, version }, digests: { manifest, code, schemas } }: LoadedPlugin): string => `${name}@${version} manifest ${manifest} code ${code} schemas ${schemas}`;

describe('the digests of a plugin', () => {
  test('are in the log\'s header and in each call: of the manifest, the code and the schemas', async () => {
    const plugins = await load();
    const entries = await entriesOf(await run(plugins));
    const [double, other] = plugins.loaded.map(originOf);
    expect(double).toMatch(/^plugin-double@1\.0\.0 manifest [0-9a-f]{64} code [0-9a-f]{64} schemas [0-9a-f]{64}$/);
    expect(ofKind(entries, 'LOG_OPENED')[0]!.data.tools).toMatchObject({ 'double.it': { version: '1.0.0', origin: double }, 'other.it': { origin: other } });
    expect(ofKind(entries, 'TOOL_CALLED').map(({ data }) => data.origin)).toEqual([double]);
  });

  test.each<[string, Parts, readonly (keyof LoadedPlugin['digests'])[]]>([
    ['its code', { code: 'export default async ({ n }) => n + n;' }, ['code']],
    ['a file that no code needs', { note: 'changed' }, ['code']],
    ['what its manifest says', { description: 'Doubles, slowly.' }, ['manifest']],
    ['its schemas', { input: { type: 'object', required: ['n'] } }, ['manifest', 'schemas']],
  ])('change with %s', async (_what, parts, changed) => {
    const [before, after] = [(await load()).loaded[0]!.digests, (await load(parts)).loaded[0]!.digests];
    expect((['manifest', 'code', 'schemas'] as const).filter((which) => before[which] !== after[which])).toEqual(changed);
  });

  test.each<[string, Readonly<Record<string, string>>, boolean]>([
    ['change with what is bundled of its packages', { 'twice/index.js': 'module.exports = (n) => n + n;' }, true],
    ['change with a file by which a package is found', { 'twice/package.json': '{ "main": "./index.js" }' }, true],
    ['stay what they are, whatever other packages there are, which only tools need', { 'tool/index.js': 'all else', 'twice/test.js': 'all else' }, false],
  ])('%s', async (_what, packages, isOther) => {
    const [before, after] = [(await load(PACKAGED)).loaded[0]!.digests, (await load({ ...PACKAGED, packages: { ...PACKAGED.packages, ...packages } })).loaded[0]!.digests];
    expect(before.code !== after.code).toBe(isOther);
  });

  test('are the same where nothing runs', async () => {
    expect((await load(PACKAGED, { mode: 'REPLAY' })).loaded[0]!.digests).toEqual((await load(PACKAGED)).loaded[0]!.digests);
  });
});

describe('a run with plugins is replayed', () => {
  test('with the same plugin, of which nothing is to be said', async () => {
    const log = await run(await load());
    expect(await again(log, (await load()).tools)).toMatchObject({ replay: 'REPRODUCED', changed: [] });
  });

  test('without the plugin\'s folder: results are on record, and that it is absent is told', async () => {
    const log = await run(await load());
    const { changed, ...report } = await again(log, []);
    expect(report).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
    expect(changed.filter(({ what }) => what === 'tool')).toMatchObject([
      { name: 'double.it', recorded: { version: '1.0.0', digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown }, present: null },
      { name: 'other.it', present: null },
    ]);
  });

  test.each<[string, Parts]>([
    ['code that does something else', { code: 'export default async ({ n }) => 3 * n;' }],
    ['code that would not even load in the isolate', { code: 'throw new Error("never");\nexport default () => 0;' }],
    ['a file beside the code', { note: 'changed' }],
    ['a package', { packages: { 'twice/index.js': 'module.exports = (n) => 3 * n;' } }],
  ])('with a folder that has changed: the recorded results count, and %s is told by digest, of that plugin alone', async (_what, parts) => {
    const base = parts.packages === undefined ? {} : PACKAGED;
    const log = await run(await load(base));
    const { replay: verdict, changed } = await again(log, (await load({ ...base, ...parts })).tools);
    expect(verdict).toBe('REPRODUCED');
    expect(changed).toMatchObject([{ what: 'tool', name: 'double.it', recorded: { version: '1.0.0' }, present: { version: '1.0.0' } }]);
    expect(changed[0]!.recorded!.digest).not.toBe(changed[0]!.present!.digest);
  });

  test('with other schemas: what would be taken or given is another thing, and the first call says so by digest', async () => {
    const log = await run(await load());
    const { replay: verdict, divergence, changed } = await again(log, (await load({ input: { type: 'object', required: ['n'] } })).tools);
    expect(verdict).toBe('DIVERGED');
    expect(divergence?.message).toMatch(/The schemas of tool "double\.it" are not what they were when it was called: recorded [0-9a-f]{64}, present [0-9a-f]{64}/);
    expect(changed.map(({ what, name }) => `${what} ${name}`)).toEqual(expect.arrayContaining(['tool double.it', 'schema double.it']));
  });

  test('that another version of the plugin took up: with either of them, and without', async () => {
    const first = await load();
    const second = await load({ note: 'changed' });
    const log = await run(first);
    const kernel = await createKernel({ log, agents: [asker], tools: second.tools });
    expect(await kernel.spawn(asker, { args: { n: 4 }, tool: 'double.it' }, { grants: ['call:double.it'] }).result()).toEqual({ value: 8 });
    await kernel.stop();
    expect(ofKind(await entriesOf(log), 'TOOL_CALLED').map(({ data }) => data.origin)).toEqual([first, second].map(({ loaded }) => originOf(loaded[0]!)));
    for (const tools of [first.tools, second.tools, []]) expect(await again(log, tools)).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
  });

  test('and is taken up by another version in the middle of a call, which is made again', async () => {
    const whole = await run(await load());
    const { codec } = nodePorts;
    const lines = new TextDecoder().decode(whole.bytes()).split('\n');
    const called = ofKind(await entriesOf(whole), 'TOOL_CALLED')[0]!.busSeq;
    const log = new MemoryLogStore({ bytes: codec.utf8(`${lines.slice(0, called + 1).join('\n')}\n`), codec });
    const second = await load({ note: 'changed' });
    const kernel = await createKernel({ log, agents: [asker], tools: second.tools });
    expect(await kernel.agent('asker-1').result()).toEqual({ value: 42 });
    await kernel.stop();
    for (const tools of [second.tools, []]) expect(await again(log, tools)).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
  });

  test.each<[string, Parts]>([
    ['', {}],
    [', and whatever their packages are', { packages: { 'twice/index.js': 'this is no code' } }],
  ])('with plugins that were loaded for that: granted nothing, and whatever their code is by now%s; they do not run', async (_what, parts) => {
    const log = await run(await load());
    const { tools } = await load({ code: 'import "twice"; this is no code', permissions: ['shell'], ...parts }, { mode: 'REPLAY' });
    expect(await again(log, tools)).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'tool', name: 'double.it' }, { what: 'tool', name: 'other.it' }] });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools });
    expect(await kernel.spawn(asker, { args: {}, tool: 'double.it' }, { grants: ['call:double.it'] }).result()).toMatchObject({ code: 'PLUGIN_REFUSED', message: expect.stringMatching(/loaded for a replay/) as unknown });
    await kernel.stop();
  });
});
