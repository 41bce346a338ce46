import { OmniError } from '@omnipaw/kernel';
import { openPlugin, type OpenedPlugin, type OpenPluginOptions } from '@omnipaw/plugins/testing';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { folderWith } from '../support/folder.js';

vi.setConfig({ testTimeout: 60_000 });

interface Given extends Partial<OpenPluginOptions> {
  /** Bodies of `async (args, ctx)`, by the last part of the tools' names. */
  readonly tools_?: Readonly<Record<string, string>>;
  readonly permissions?: readonly unknown[];
  readonly agent?: string;
}

async function open({ tools_ = {}, permissions = [], agent, ...options }: Given): Promise<OpenedPlugin> {
  const tools = Object.keys(tools_).map((name) => ({ name: `my.${name}`, description: 'Does it.', input: { type: 'object' }, handler: `${name}.ts` }));
  const agents = agent === undefined ? {} : { agents: [{ type: 'my.agent', program: 'agent.ts', grants: ['call:my.*'] }] };
  const manifest = { name: 'plugin-my', version: '1.0.0', description: 'Mine.', license: 'MIT', omnipaw: '>=0.0.0', permissions, tools, ...agents };
  const codes = Object.entries({ ...tools_, ...(agent === undefined ? {} : { agent }) }).map(([name, body]) => [`${name}.ts`, `export default async (args, ctx) => { ${body} };`] as const);
  const plugin = await openPlugin({ folder: folderWith({ 'plugin.manifest.json': JSON.stringify(manifest), ...Object.fromEntries(codes) }), ...options });
  onTestFinished(() => plugin.close());
  return plugin;
}

const FETCH = 'const { status, headers, body } = await ctx.fetch(args.url, args.init); return { status, headers, body };';
const NETWORK = [{ name: 'network', hosts: ['api.example.com'], methods: ['GET', 'POST'] }];

describe('openPlugin', () => {
  test('answers what is fetched by the script, as the real tool would hand it on', async () => {
    const seen: unknown[] = [];
    const plugin = await open({
      tools_: { get: FETCH }, permissions: NETWORK,
      fetch: ({ url, method, headers, body }) => {
        seen.push([url.href, method, headers, body]);
        return { status: 201, headers: { 'Retry-After': '3', 'Set-Cookie': 'secret' }, body: { n: 1 } };
      },
    });
    expect(await plugin.call('my.get', { url: 'https://api.example.com/a?b=c', init: { method: 'POST', headers: { Accept: 'text/plain' }, body: 'x' } })).toEqual({ status: 201, headers: { 'content-type': 'application/json', 'retry-after': '3' }, body: '{"n":1}' });
    expect(seen).toEqual([['https://api.example.com/a?b=c', 'POST', { accept: 'text/plain' }, 'x']]);
    expect(plugin.uses).toMatchObject([{ from: 'my.get', instruction: { op: 'CALL_TOOL', tool: 'my.host.net.fetch' }, isAllowed: true, by: 'plugin-my: network (GET, POST to api.example.com)' }]);
  });

  test.each<[string, unknown, string]>([
    ['another host', { url: 'https://evil.example/' }, 'PERMISSION_DENIED'],
    ['another method', { url: 'https://api.example.com/', init: { method: 'DELETE' } }, 'PERMISSION_DENIED'],
    ['another port', { url: 'https://api.example.com:8443/' }, 'PERMISSION_DENIED'],
    ['a password', { url: 'https://me:it@api.example.com/' }, 'FETCH_REFUSED'],
    ['no URL', { url: 'nowhere' }, 'PERMISSION_DENIED'],
    ['a header of the connection', { url: 'https://api.example.com/', init: { headers: { host: 'evil.example' } } }, 'TOOL_INPUT_INVALID'],
  ])('lets nothing through to the script that the manifest does not name, or the real tool refuses: %s', async (_what, args, code) => {
    const plugin = await open({ tools_: { get: `try { ${FETCH} } catch (error) { return error.code; }` }, permissions: NETWORK, fetch: () => { throw new Error('never'); } });
    expect(await plugin.call('my.get', args as object)).toBe(code);
  });

  test('refuses and records what the manifest does not name, exactly as in production', async () => {
    const plugin = await open({ tools_: { spy: 'try { return await ctx.shell("id"); } catch (error) { return error.code; }' }, tools: { 'host.system.bash': () => { throw new Error('never'); } } });
    expect(await plugin.call('my.spy')).toBe('PERMISSION_DENIED');
    expect(plugin.uses).toMatchObject([{ instruction: { tool: 'host.system.bash' }, isAllowed: false, by: 'plugin-my has no permission for shell' }]);
  });

  test('answers tools of the kernel by their scripts', async () => {
    const plugin = await open({
      tools_: { read: 'return (await ctx.fs.readFile("docs/a.md")).content + (await ctx.tool("clock.tick"));' },
      permissions: [{ name: 'filesystem', mode: 'read', path: 'docs' }, 'tool:clock.tick'],
      tools: { 'host.fs.read_file': ({ path }) => ({ content: `of ${path as string}, ` }), 'clock.tick': async () => 'tock' },
    });
    expect(await plugin.call('my.read')).toBe('of docs/a.md, tock');
  });

  test('keeps the memory of the agent from call to call, and makes calls one after the other', async () => {
    const plugin = await open({ tools_: { count: 'const n = ((await ctx.memory.get("n")) ?? 0) + 1; await ctx.memory.set("n", n); return n;' }, permissions: ['memory'] });
    expect(await Promise.all([plugin.call('my.count'), plugin.call('my.count'), plugin.call('my.count')])).toEqual([1, 2, 3]);
  });

  test('gives the same clock and chance each time, and keeps what is logged', async () => {
    const tools_ = { look: 'ctx.log("looked", args.n); return [ctx.now, ctx.random()];' };
    const [one, other] = [await open({ tools_ }), await open({ tools_ })];
    const first = await one.call('my.look', { n: 7 });
    expect(first).toEqual([Date.UTC(2026, 0, 1), expect.any(Number)]);
    expect(await other.call('my.look', { n: 7 })).toEqual(first);
    expect(one.logs).toEqual(['looked 7']);
    expect(await (await open({ tools_, now: 5 })).call('my.look')).toEqual([5, expect.any(Number)]);
  });

  test('rejects with the error that an agent gets, with the place in the source', async () => {
    const plugin = await open({ tools_: { fail: 'throw new Error("no luck");' } });
    const error = await plugin.call('my.fail').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OmniError);
    expect(error).toMatchObject({ code: 'PLUGIN_FAILED', message: expect.stringMatching(/no luck.*fail\.ts:1:/), details: { stack: expect.anything() } });
    // And where the test has asked for it.
    expect((error as OmniError).stack).toMatch(/^OmniError: The handler threw Error: no luck[^]*open-plugin\.test\.ts:\d+/);
  });

  test('runs an agent with what its manifest grants it', async () => {
    const plugin = await open({ tools_: { one: 'return 1;' }, agent: 'return (await ctx.tool("my.one")) + args;' });
    expect(await plugin.run('my.agent', 2)).toBe(3);
    const asking = await open({ agent: 'return ctx.tool("clock.tick");', tools_: { one: 'return 1;' }, permissions: ['tool:clock.tick'], tools: { 'clock.tick': () => 'tock' } });
    await expect(asking.run('my.agent')).rejects.toThrow('call clock.tick');
    expect(await asking.run('my.agent', null, { grants: ['call:clock.tick'] })).toBe('tock');
    await expect(plugin.run('my.other')).rejects.toThrow('plugin-my has no agent "my.other"; it has my.agent.');
    await expect(plugin.call('my.two')).rejects.toThrow('plugin-my has no tool "my.two"; it has my.one.');
  });

  test('is refused what the operator does not grant', async () => {
    await expect(open({ tools_: { one: 'return 1;' }, permissions: ['memory', 'shell'], grants: ['memory'] })).rejects.toMatchObject({ code: 'PLUGIN_PERMISSION_MISSING' });
  });

  test('fails what is under way when it is closed', async () => {
    const plugin = await open({ tools_: { get: FETCH }, permissions: NETWORK, fetch: () => new Promise(() => undefined) });
    const call = plugin.call('my.get', { url: 'https://api.example.com/' });
    const next = plugin.call('my.get', { url: 'https://api.example.com/' });
    const both = Promise.allSettled([call, next]);
    // A machine may be slow.
    await vi.waitFor(() => { expect(plugin.uses).toHaveLength(1); }, { timeout: 60_000 });
    await plugin.close();
    expect(await both).toMatchObject([{ reason: { code: 'KERNEL_STOPPED' } }, { reason: { code: 'KERNEL_STOPPED' } }]);
  });
});
