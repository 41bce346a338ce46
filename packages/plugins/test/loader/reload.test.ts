/** A plugin that changes while a kernel uses it: what was recorded is what ran, and a bad change changes nothing. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKernel, defineAgent, defineTool, MemoryLogStore, replay, secret, unchecked, type Json, type OmniKernel, type Tool } from '@omnipaw/kernel';
import { PluginLoader, type LoaderOptions, type Plugins } from '@omnipaw/plugins';
import { describe, expect, onTestFinished, test } from 'vitest';
import { asker, entriesOf, ofKind, pause } from '../invariants/attack.js';
import { folderWith } from '../support/folder.js';

const MANIFEST = {
  name: 'plugin-say', version: '1.0.0', description: 'Says.', license: 'MIT', omnipaw: '>=0.0.0', permissions: ['tool:wait'],
  tools: [
    { name: 'say.it', description: 'Says it.', input: { type: 'object' }, handler: 'it.ts' },
    { name: 'say.later', description: 'Says it later.', input: { type: 'object' }, handler: 'later.ts' },
  ],
  agents: [{ type: 'say.agent', program: 'agent.ts', grants: ['call:say.it'] }],
};
const code = (word: string) => ({
  'plugin-say/it.ts': `export default () => ${JSON.stringify(word)};`,
  'plugin-say/later.ts': `export default async (_args, ctx) => { const first = await ctx.tool('wait'); return [first, ${JSON.stringify(word)}, await ctx.tool('say.it')]; };`,
  'plugin-say/agent.ts': `export default async (_args, ctx) => ${JSON.stringify(word)} + ' ' + await ctx.tool('say.it');`,
});

interface Scene {
  readonly plugins: Plugins;
  readonly kernel: OmniKernel;
  readonly log: MemoryLogStore;
  readonly ask: (tool: string) => Promise<Json>;
  readonly write: (files: Readonly<Record<string, string>>) => void;
  readonly reload: () => ReturnType<Plugins['reload']>;
  /** The calls of `wait`; each is answered by what it is given. */
  readonly waiting: ((answer: Json) => void)[];
  readonly folder: string;
}

async function scene(options: Partial<LoaderOptions> = {}): Promise<Scene> {
  const folder = folderWith({ 'plugin-say/plugin.manifest.json': JSON.stringify(MANIFEST), ...code('one') });
  const plugins = await new PluginLoader({ folder, grants: { 'plugin-say': ['tool:wait'] }, workers: 1, ...options }).load();
  expect(plugins.rejected).toEqual([]);
  const waiting: Scene['waiting'] = [];
  const wait = defineTool({ name: 'wait', description: '', input: unchecked<Json>(), run: () => new Promise<Json>((resolve) => { waiting.push(resolve); }) });
  const log = new MemoryLogStore();
  const kernel = await createKernel({ log, agents: [asker, ...plugins.agents.map(({ definition }) => definition)], tools: [...plugins.tools, wait] });
  onTestFinished(async () => {
    await kernel.stop();
    await plugins.close();
  });
  const say = path.join(folder, 'plugin-say');
  return {
    plugins, kernel, log, waiting, folder: say,
    ask: async (tool) => (await kernel.spawn(asker, { args: {}, tool }, { grants: ['call:say.*', 'call:wait'] }).result()),
    write: (files) => { for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text); },
    reload: () => plugins.reload(say),
  };
}

const untilWaiting = async ({ waiting }: Scene, count: number): Promise<void> => { while (waiting.length < count) await pause(5); };

describe('a plugin that is loaded anew', () => {
  test('gives new calls its new code, and its digest stands in each', async () => {
    const it = await scene();
    expect(await it.ask('say.it')).toEqual({ value: 'one' });
    const before = it.plugins.loaded[0]!.digests.code;
    it.write(code('two'));
    const after = await it.reload();
    expect(after!.digests.code).not.toBe(before);
    expect(it.plugins.loaded[0]!.digests).toEqual(after!.digests);
    expect(it.plugins.loaded[0]!.manifest).toBe(after!.manifest);
    expect(await it.ask('say.it')).toEqual({ value: 'two' });
    const { definition, grants } = it.plugins.agents[0]!;
    expect(await it.kernel.spawn(definition, null, { grants }).result()).toBe('two two');
    await it.kernel.stop();
    const origins = ofKind(await entriesOf(it.log), 'TOOL_CALLED').map(({ data }) => / code (\S+) /.exec(data.origin!)![1]);
    const now = after!.digests.code;
    expect(origins).toEqual([before, now, now, now]);
    const agents = [asker, definition];
    for (const tools of [it.plugins.tools, []]) expect(await replay(it.log, { agents, tools })).toMatchObject({ replay: 'REPRODUCED', integrity: 'INTACT' });
  });

  test('ends a call that is under way with the old code; what that calls is new', async () => {
    const it = await scene();
    const asked = it.ask('say.later');
    await untilWaiting(it, 1);
    it.write(code('two'));
    await it.reload();
    const later = it.ask('say.later');
    await untilWaiting(it, 2);
    for (const answer of it.waiting) answer('waited');
    expect(await Promise.all([asked, later])).toEqual([{ value: ['waited', 'one', 'two'] }, { value: ['waited', 'two', 'two'] }]);
  });

  test('runs what was recorded, when it changes between the record and the run', async () => {
    const it = await scene();
    const wanted: ((value: string) => void)[] = [];
    const log = new MemoryLogStore();
    const secrets = () => new Promise<string>((resolve) => { wanted.push(resolve); });
    const kernel = await createKernel({ log, agents: [asker], tools: it.plugins.tools, secrets });
    const before = it.plugins.loaded[0]!.digests.code;
    const ask = () => kernel.spawn(asker, { args: { key: secret('KEY') }, tool: 'say.it' }, { grants: ['call:say.it', 'read:secret:KEY'] }).result();
    const asked = ask();
    while (wanted.length === 0) await pause(5);
    it.write(code('two'));
    await it.reload();
    const later = ask();
    while (wanted.length === 1) await pause(5);
    for (const give of wanted) give('hunter2-and-more');
    expect(await Promise.all([asked, later])).toEqual([{ value: 'one' }, { value: 'two' }]);
    await kernel.stop();
    const origins = ofKind(await entriesOf(log), 'TOOL_CALLED').map(({ data }) => / code (\S+) /.exec(data.origin!)![1]);
    expect(origins).toEqual([before, it.plugins.loaded[0]!.digests.code]);
  });

  test('is not led past by a copy of its tool that does something of its own', async () => {
    const it = await scene();
    const [tool] = it.plugins.tools as [Tool];
    const copy = { ...tool, run: (...given: Parameters<Tool['run']>) => Promise.resolve(tool.run(...given)).then((said) => [said, 'and more']) };
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: [copy] });
    it.write(code('two'));
    await it.reload();
    expect(await kernel.spawn(asker, { args: {}, tool: 'say.it' }, { grants: ['call:say.it'] }).result()).toEqual({ value: ['two', 'and more'] });
    await kernel.stop();
  });

  test('is not, if it is what it was', async () => {
    const it = await scene();
    it.write(code('one'));
    expect(await it.reload()).toBeUndefined();
  });

  test.each<[string, (it: Scene) => void, string, RegExp]>([
    ['code that is none', (it) => { it.write({ 'plugin-say/it.ts': 'export default () => {' }); }, 'PLUGIN_BUNDLE_FAILED', /it\.ts:1:\d+/],
    ['a file that is gone', (it) => { rmSync(path.join(it.folder, 'it.ts')); }, 'PLUGIN_MANIFEST_INVALID', /no "it\.ts"/],
    ['a folder that is gone', (it) => { renameSync(it.folder, `${it.folder}-away`); }, 'PLUGIN_MANIFEST_INVALID', /is not there/],
    ['a manifest that is cut off', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify(MANIFEST).slice(0, 99) }); }, 'PLUGIN_MANIFEST_INVALID', /plugin\.manifest\.json/],
    ['more permissions', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify({ ...MANIFEST, permissions: ['tool:wait', 'shell'] }) }); }, 'PLUGIN_PERMISSION_MISSING', /shell/],
    ['another tool', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify({ ...MANIFEST, tools: [...MANIFEST.tools, { ...MANIFEST.tools[0], name: 'say.more' }] }) }); }, 'PLUGIN_REFUSED', /it has other tools and other schemas than what the kernel was started with\. Start it again/],
    ['another schema', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify({ ...MANIFEST, tools: [{ ...MANIFEST.tools[0], input: { type: 'object', required: ['a'] } }, MANIFEST.tools[1]] }) }); }, 'PLUGIN_REFUSED', /it has other schemas than/],
    ['another version', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify({ ...MANIFEST, version: '1.0.1' }) }); }, 'PLUGIN_REFUSED', /it has another version than/],
    ['another name', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify(MANIFEST).replaceAll('say', 'tell') }); }, 'PLUGIN_PERMISSION_MISSING', /"plugin-tell" asks for more/],
    ['more for its agents', (it) => { it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify({ ...MANIFEST, agents: [{ ...MANIFEST.agents[0], grants: ['call:say.*'] }] }) }); }, 'PLUGIN_REFUSED', /it has other agents than/],
  ])('stays as it was with %s, and may be mended', async (_what, spoil, error, message) => {
    const it = await scene();
    spoil(it);
    await expect(it.reload()).rejects.toMatchObject({ code: error, message: expect.stringMatching(message) as unknown });
    expect(await it.ask('say.it')).toEqual({ value: 'one' });
    mkdirSync(it.folder, { recursive: true });
    it.write({ 'plugin-say/plugin.manifest.json': JSON.stringify(MANIFEST), ...code('two') });
    await it.reload();
    expect(await it.ask('say.it')).toEqual({ value: 'two' });
  });

  test('is what was read last, however many are read at once', async () => {
    const it = await scene();
    const reads = ['two', 'three', 'four'].map((word) => {
      it.write(code(word));
      return it.reload();
    });
    await Promise.all(reads);
    expect(await it.ask('say.it')).toEqual({ value: 'four' });
  });

  test('is none in a replay, nor after the end, nor one that was not loaded', async () => {
    const inReplay = await scene({ mode: 'REPLAY' });
    await expect(inReplay.reload()).rejects.toMatchObject({ code: 'PLUGIN_REFUSED', message: expect.stringMatching(/replay, in which nothing changes/) as unknown });
    const it = await scene();
    await expect(it.plugins.reload('elsewhere')).rejects.toMatchObject({ code: 'PLUGIN_REFUSED', message: expect.stringMatching(/is not loaded/) as unknown });
    await it.plugins.close();
    await expect(it.reload()).rejects.toMatchObject({ code: 'PLUGIN_REFUSED', message: expect.stringMatching(/is closed/) as unknown });
  });
});

test('an agent that began before a plugin changed goes on with both', async () => {
  const it = await scene();
  const twice = defineAgent('twice', function* (ctx) {
    const tool = { name: 'say.it' } as Tool<object, Json>;
    const first = yield* ctx.tool(tool, {});
    yield* ctx.tool({ name: 'wait' } as Tool<object, Json>, {});
    return [first, yield* ctx.tool(tool, {})];
  });
  const waiting: ((answer: Json) => void)[] = [];
  const wait = defineTool({ name: 'wait', description: '', input: unchecked<Json>(), run: () => new Promise<Json>((resolve) => { waiting.push(resolve); }) });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [twice], tools: [...it.plugins.tools, wait] });
  const result = kernel.spawn(twice, null, { grants: ['call:**'] }).result();
  while (waiting.length === 0) await pause(5);
  it.write(code('two'));
  await it.reload();
  waiting[0]!(null);
  expect(await result).toEqual(['one', 'two']);
  await kernel.stop();
});
