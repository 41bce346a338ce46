/** Whom each tool of a plugin may ask, and how: what its manifest says of that tool, also after redirections. */
import { defineTool, unchecked, type Json } from '@omnipaw/kernel';
import type { LoaderOptions, PluginHost } from '@omnipaw/plugins';
import { expect, test } from 'vitest';
import { asker, attack, ofKind, type Source } from '../invariants/attack.js';

/** Tools that note what they are for and who is asked by them. */
function network() {
  const lists: Record<string, readonly PluginHost[]> = {};
  const asked: string[] = [];
  const fetchTool: LoaderOptions['fetchTool'] = (name, allow) => {
    lists[name] = allow;
    return defineTool({
      name, description: '', idempotent: true, input: unchecked<{ readonly url: string; readonly method?: string }>(),
      run: ({ url, method = 'GET' }) => {
        asked.push(`${name}: ${method} ${url}`);
        return null;
      },
    });
  };
  return { lists, asked, fetchTool };
}

const READ = { name: 'network', hosts: ['read.example'] } as const;
const WRITE = { name: 'network', hosts: ['write.example:8443'], methods: ['POST'] } as const;
const all = `
  const said = [];
  for (const url of ['https://read.example/', 'https://write.example:8443/']) for (const method of ['GET', 'POST']) said.push((await tried(ctx.fetch(url, { method }))).code ?? 'done');
  return said;`;
const evil: Source = {
  permissions: [READ, WRITE, 'memory'],
  tools: { read: { code: all, permissions: [0] }, both: { code: all }, write: { code: all, permissions: [1] }, again: { code: all, permissions: [0, 'memory'] }, none: { code: all, permissions: ['memory'] } },
  agents: { agent: { code: all, grants: ['call:evil.*'] } },
};
const [READS, WRITES] = [{ host: 'read.example', methods: ['GET', 'HEAD'] }, { host: 'write.example', methods: ['POST'], ports: [8443] }];
const no = 'PERMISSION_DENIED';

test('each set of permissions has a tool of its own, which asks exactly its hosts by exactly its methods', async () => {
  const { lists, asked, fetchTool } = network();
  const { said, entries } = await attack({
    plugins: { evil }, fetchTool: fetchTool,
    act: async (kernel, plugins) => {
      const said: Json[] = [];
      for (const tool of ['read', 'both', 'write', 'again', 'none']) said.push(await kernel.spawn(asker, { args: {}, tool: `evil.${tool}` }, { grants: ['call:evil.*'] }).result());
      const [{ definition, grants }] = plugins.agents as [typeof plugins.agents[number]];
      return [...said, { value: await kernel.spawn(definition, null, { grants }).result() }];
    },
  });
  expect(lists).toEqual({ 'evil.host.net.fetch': [READS], 'evil.host.net.fetch2': [READS, WRITES], 'evil.host.net.fetch3': [WRITES] });
  expect(said).toEqual([['done', no, no, no], ['done', no, no, 'done'], [no, no, no, 'done'], ['done', no, no, no], [no, no, no, no], ['done', no, no, 'done']].map((value) => ({ value })));
  const [read, write] = ['GET https://read.example/', 'POST https://write.example:8443/'];
  expect(asked).toEqual([`evil.host.net.fetch: ${read}`, `evil.host.net.fetch2: ${read}`, `evil.host.net.fetch2: ${write}`, `evil.host.net.fetch3: ${write}`, `evil.host.net.fetch: ${read}`, `evil.host.net.fetch2: ${read}`, `evil.host.net.fetch2: ${write}`]);
  // What was not allowed is on record as well, and each by the permission that it was about.
  const by = ofKind(entries, 'TOOL_ASKED').map(({ data }) => data.toolPermission.by);
  expect(by).toHaveLength(24);
  expect(new Set(by)).toEqual(new Set([
    ...['GET, HEAD to read.example', 'POST to write.example:8443'].flatMap((what) => [`plugin-evil: network (${what})`, `plugin-evil: network (${what}), which the tool does not list among its permissions`]),
    ...['POST to read.example', 'GET to write.example:8443'].map((what) => `plugin-evil has no permission for network (${what})`),
  ]));
});

test('a plugin whose tools have none of its hosts has no tool for them', async () => {
  const { lists, fetchTool } = network();
  await attack({ plugins: { evil: { permissions: [READ], tools: { run: { code: 'return 1;', permissions: [] } } } }, fetchTool: fetchTool });
  expect(lists).toEqual({});
});

test('a host that is named beside any host is fetched from by the plugin\'s own tool, whose redirections stay on it', async () => {
  const { lists, asked, fetchTool } = network();
  const operators = defineTool({ name: 'host.net.fetch', description: '', input: unchecked<Json>(), run: () => 'by the operator' });
  const { said } = await attack({
    plugins: { evil: { permissions: [{ name: 'network', hosts: ['read.example', '*'] }], tools: { run: `return [await ctx.fetch('https://read.example/'), await ctx.fetch('https://other.example/')];` } } },
    fetchTool, tools: [operators], grants: ['call:**'],
  });
  expect(said).toEqual({ value: [null, 'by the operator'] });
  expect(lists).toEqual({ 'evil.host.net.fetch': [READS] });
  expect(asked).toEqual(['evil.host.net.fetch: GET https://read.example/']);
});
