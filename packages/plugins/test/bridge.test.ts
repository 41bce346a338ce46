import { grantedPermissions, type PermissionSpec } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { wishOf } from '../src/bridge/index.js';

function asked(name: string, args: unknown, permissions: readonly PermissionSpec[] = []) {
  const ownTools = new Set(['weather.get_forecast', 'weather.reporter.program']);
  return wishOf(name, args as never, { plugin: 'plugin-weather', shortName: 'weather', ownTools, permissions: grantedPermissions(permissions), fetchTool: 'weather.host.net.fetch' });
}

const DOCS: PermissionSpec = { name: 'filesystem', mode: 'read', path: 'docs' };
const OUT: PermissionSpec = { name: 'filesystem', mode: 'write', path: 'out' };
const A: PermissionSpec = { name: 'network', hosts: ['a.example'] };
const B: PermissionSpec = { name: 'network', hosts: ['b.example'], methods: ['POST'] };
const fetched = (url: unknown, method?: string) => ({ name: 'host.net.fetch', args: { url, ...(method === undefined ? {} : { method }) } });
const file = (tool: string, path?: unknown) => ({ name: `host.fs.${tool}`, args: { path } });

describe('what a plugin may', () => {
  test.each<[string, string, unknown, readonly PermissionSpec[], string]>([
    ['read below its path', 'tool', file('read_file', 'docs/a.md'), [DOCS], 'filesystem (read docs)'],
    ['read where it may write', 'tool', file('stat', 'out'), [DOCS, OUT], 'filesystem (write out)'],
    ['write', 'tool', file('write_file', 'out/b'), [OUT], 'filesystem (write out)'],
    ['call a tool that is named', 'tool', { name: 'host.git.status' }, ['tool:host.git.status'], 'tool:host.git.status'],
    ['call its own tools', 'tool', { name: 'weather.get_forecast', args: {} }, [], 'its own tool'],
    ['call the programs of its own agents', 'tool', { name: 'weather.reporter.program', args: {} }, [], 'its own tool'],
    ['use the shell', 'tool', { name: 'host.system.bash', args: { command: 'ls' } }, ['shell'], 'shell'],
  ])('%s, it is asked for', (_what, name, args, permissions, by) => {
    expect(asked(name, args, permissions)).toMatchObject({ instruction: { op: 'CALL_TOOL', tool: (args as { name: string }).name }, permission: { decision: 'ALLOW', by: `plugin-weather: ${by}` } });
  });

  test.each<[string, string, string | undefined, readonly PermissionSpec[], string, string]>([
    ['its hosts goes by the tool that has these', 'https://a.example/', undefined, [A], 'weather.host.net.fetch', 'network (GET, HEAD to a.example)'],
    ['its hosts is by the permission that covers it', 'https://b.example/', 'POST', [A, B], 'weather.host.net.fetch', 'network (POST to b.example)'],
    ['hosts below one', 'https://x.y.c.example/', 'HEAD', [A, { name: 'network', hosts: ['*.c.example'] }], 'weather.host.net.fetch', 'network (GET, HEAD to *.c.example)'],
    ['a host in another form of its name', 'https://A.EXAMPLE.:443/', 'GET', [A], 'weather.host.net.fetch', 'network (GET, HEAD to a.example)'],
    ['a port that is named', 'http://a.example:8080/', 'GET', [{ name: 'network', hosts: ['a.example:8080'] }], 'weather.host.net.fetch', 'network (GET, HEAD to a.example:8080)'],
    ['any host goes by the tool of the operator', 'https://d.example:99/', 'DELETE', ['network'], 'host.net.fetch', 'network (any host)'],
    ['any host by some methods', 'https://d.example/', 'POST', [{ name: 'network', hosts: ['*'], methods: ['POST'] }], 'host.net.fetch', 'network (POST to *)'],
    ['any host at a port', 'https://d.example:8443/', 'GET', [{ name: 'network', hosts: ['*:8443'] }], 'host.net.fetch', 'network (GET, HEAD to *:8443)'],
    ['its hosts goes by its own tool, though any host stands beside them', 'https://a.example/', 'GET', [{ name: 'network', hosts: ['*', 'a.example'] }], 'weather.host.net.fetch', 'network (GET, HEAD to *, a.example)'],
    ['another host goes by the tool of the operator, where any stands beside its own', 'https://d.example/', 'GET', [{ name: 'network', hosts: ['a.example', '*'] }], 'host.net.fetch', 'network (GET, HEAD to a.example, *)'],
    ['its hosts goes by its own tool, whatever else it may', 'https://a.example/', 'GET', ['network', A], 'weather.host.net.fetch', 'network (GET, HEAD to a.example)'],
    ['other hosts goes by the tool of the operator, where it may', 'https://d.example/', 'GET', [A, 'network'], 'host.net.fetch', 'network (any host)'],
  ])('fetch from %s', (_what, url, method, permissions, tool, by) => {
    const args = { name: 'host.net.fetch', args: { url, ...(method === undefined ? {} : { method }) } };
    expect(asked('tool', args, permissions)).toEqual({ instruction: { op: 'CALL_TOOL', tool, args: args.args }, permission: { decision: 'ALLOW', by: `plugin-weather: ${by}` } });
  });

  test('remember is a part of the memory of its agent, and no other', () => {
    expect(asked('memory.get', { key: '../other' }, ['memory']).instruction).toEqual({ op: 'READ', store: 'persistent', key: 'weather/../other' });
    expect(asked('memory.set', { key: 'a', value: 1 }, ['memory']).instruction).toEqual({ op: 'WRITE', store: 'persistent', key: 'weather/a', value: 1 });
    expect(asked('memory.delete', { key: 'a' }, ['memory']).instruction).toEqual({ op: 'WRITE', store: 'persistent', key: 'weather/a' });
  });

  test('share is in its namespace', () => {
    expect(asked('shared.set', { namespace: 'team', key: 'a', value: 1, expectedVersion: 0 }, ['shared:team'])).toMatchObject({
      instruction: { op: 'WRITE', store: 'shared', namespace: 'team', key: 'a', value: 1, expectedVersion: 0 }, permission: { decision: 'ALLOW' },
    });
  });
});

describe('what a plugin may not is asked for as denied', () => {
  test.each<[string, string, unknown, readonly PermissionSpec[]]>([
    ['a sibling of its folder', 'tool', file('read_file', 'docs-secret/a'), [DOCS]],
    ['a way out of its folder', 'tool', file('read_file', 'docs/../secret'), [DOCS]],
    ['a way around it', 'tool', file('read_file', './docs/a'), [DOCS]],
    ['the other separator', 'tool', file('read_file', 'docs\\..\\secret'), [DOCS]],
    ['an absolute path', 'tool', file('read_file', '/etc/passwd'), [DOCS]],
    ['no path at all', 'tool', file('list_dir'), [DOCS]],
    ['a path that is none', 'tool', file('read_file', ['docs']), [DOCS]],
    ['writing where it may read', 'tool', file('write_file', 'docs/a'), [DOCS]],
    ['a patch, which may be of anything', 'tool', { name: 'host.fs.apply_patch', args: { path: 'out/x', patch: '' } }, [OUT]],
    ['another tool', 'tool', { name: 'host.git.commit', args: {} }, ['tool:host.git.status', DOCS]],
    ['a tool of somebody else that is named as its own are', 'tool', { name: 'weather.secret', args: {} }, []],
    ['a name with something behind it', 'tool', { name: 'host.fs.read_file ', args: { path: 'docs/a' } }, [DOCS]],
    ['a name of every object', 'tool', { name: 'constructor', args: { path: 'docs/a' } }, [DOCS]],
    ['the network without it', 'tool', { name: 'host.net.fetch', args: { url: 'https://a.example/' } }, [DOCS]],
    ['another host', 'tool', fetched('https://b.example/'), [A]],
    ['a method that is that of another host', 'tool', fetched('https://a.example/', 'POST'), [A, B]],
    ['reading where it may only write', 'tool', fetched('https://b.example/'), [A, B]],
    ['a host that ends like one of its own', 'tool', fetched('https://xa.example/'), [A]],
    ['a host that is above those that it may', 'tool', fetched('https://c.example/'), [{ name: 'network', hosts: ['*.c.example'] }]],
    ['a port that is not named', 'tool', fetched('https://a.example:8443/'), [A]],
    ['any host by another method', 'tool', fetched('https://a.example/', 'DELETE'), [{ name: 'network', hosts: ['*'], methods: ['GET', 'POST'] }]],
    ['any host at another port', 'tool', fetched('https://a.example/'), [{ name: 'network', hosts: ['*:8443'] }]],
    ['a method that is none', 'tool', fetched('https://a.example/', 'get'), [A, 'network']],
    ['what is no URL', 'tool', fetched('a.example'), ['network']],
    ['a URL of another kind', 'tool', fetched('file:///etc/passwd'), ['network']],
    ['a URL that is no text', 'tool', fetched(['https://a.example/']), ['network']],
    ['its own way to the network, whatever it may', 'tool', { name: 'weather.host.net.fetch', args: { url: 'https://a.example/' } }, [A]],
    ['another way of its own to the network', 'tool', { name: 'weather.host.net.fetch2', args: { url: 'https://a.example/' } }, [A]],
    ['its own way to the network, past its own permissions', 'tool', { name: 'weather.host.net.fetch', args: { url: 'https://a.example/' } }, [DOCS]],
    ['the shell without it', 'tool', { name: 'host.system.bash', args: { command: 'ls' } }, [DOCS]],
    ['memory without it', 'memory.get', { key: 'a' }, [DOCS]],
    ['another namespace', 'shared.get', { namespace: 'other', key: 'a' }, ['shared:team']],
    ['a secret of its agent', 'tool', { name: 'host.git.status', args: { deep: [{ $secret: 'KEY' }] } }, ['tool:host.git.status']],
  ])('%s', (_what, name, args, permissions) => {
    expect(asked(name, args, permissions).permission).toMatchObject({ decision: 'DENY', by: expect.stringMatching(/^plugin-weather has no permission for /) as string });
  });
});

test('what is said of a request that was refused shows its host, and nothing that may be secret', () => {
  expect(asked('tool', fetched('https://me:password@b.example:99/path?key=secret', 'PUT'), [A]).permission.by).toBe('plugin-weather has no permission for network (PUT to b.example:99)');
  expect(asked('tool', fetched('data:text/plain,secret'), [A]).permission.by).toBe('plugin-weather has no permission for network (GET to data:)');
});

test('what is said of a file that was refused is the path that was asked for, in one line', () => {
  expect(asked('tool', file('read_file', 'notes/../secret.txt'), [DOCS]).permission.by).toBe('plugin-weather has no permission for filesystem (read notes/../secret.txt)');
  expect(asked('tool', file('read_file', 'a\n✓ granted\u202e'), [DOCS]).permission.by).toBe('plugin-weather has no permission for filesystem (read a\\u000a✓ granted\\u202e)');
});

test('what the plugin may and the tool does not list is denied, with a word about where to look', () => {
  const holder = { plugin: 'plugin-weather', shortName: 'weather', ownTools: new Set<string>(), permissions: [], ofPlugin: grantedPermissions([A, 'memory']), fetchTool: undefined };
  expect(wishOf('memory.get', { key: 'a' }, holder).permission).toEqual({ decision: 'DENY', by: 'plugin-weather: memory, which the tool does not list among its permissions' });
  expect(wishOf('tool', fetched('https://a.example/') as never, holder)).toMatchObject({ instruction: { tool: 'host.net.fetch' }, permission: { decision: 'DENY', by: 'plugin-weather: network (GET, HEAD to a.example), which the tool does not list among its permissions' } });
  expect(wishOf('tool', fetched('https://b.example/') as never, holder).permission.by).toBe('plugin-weather has no permission for network (GET to b.example)');
});

test.each<[string, string, unknown]>([
  ['no capability', 'secret', {}],
  ['a name of every object', '__proto__', {}],
  ['arguments that are no object', 'tool', 'host.fs.read_file'],
  ['a list', 'memory.get', ['key']],
  ['no key', 'memory.get', {}],
  ['nothing to write', 'memory.set', { key: 'a' }],
  ['a write without a version', 'shared.set', { namespace: 'team', key: 'a', value: 1 }],
])('%s is no question at all', (_what, name, args) => {
  expect(() => asked(name, args, ['memory', 'shared:team'])).toThrow(expect.objectContaining({ code: 'PLUGIN_CALL_INVALID' }));
});
