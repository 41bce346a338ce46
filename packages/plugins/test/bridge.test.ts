import { grantedPermissions, type PermissionSpec } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { wishOf } from '../src/bridge/index.js';

function asked(name: string, args: unknown, permissions: readonly PermissionSpec[] = []) {
  return wishOf(name, args as never, { plugin: 'plugin-weather', shortName: 'weather', permissions: grantedPermissions(permissions) });
}

const DOCS: PermissionSpec = { name: 'filesystem', mode: 'read', path: 'docs' };
const OUT: PermissionSpec = { name: 'filesystem', mode: 'write', path: 'out' };
const file = (tool: string, path?: unknown) => ({ name: `host.fs.${tool}`, args: { path } });

describe('what a plugin may', () => {
  test.each<[string, string, unknown, readonly PermissionSpec[], string]>([
    ['read below its path', 'tool', file('read_file', 'docs/a.md'), [DOCS], 'filesystem (read docs)'],
    ['read where it may write', 'tool', file('stat', 'out'), [DOCS, OUT], 'filesystem (write out)'],
    ['write', 'tool', file('write_file', 'out/b'), [OUT], 'filesystem (write out)'],
    ['call a tool that is named', 'tool', { name: 'host.git.status' }, ['tool:host.git.status'], 'tool:host.git.status'],
    ['call its own tools', 'tool', { name: 'weather.get_forecast', args: {} }, [], 'its own tool'],
    ['use the shell', 'tool', { name: 'host.system.bash', args: { command: 'ls' } }, ['shell'], 'shell'],
  ])('%s, it is asked for', (_what, name, args, permissions, by) => {
    expect(asked(name, args, permissions)).toMatchObject({ instruction: { op: 'CALL_TOOL', tool: (args as { name: string }).name }, permission: { decision: 'ALLOW', by: `plugin-weather: ${by}` } });
  });

  test('fetch from its hosts goes by the tool that has its hosts, and from any host by that of the operator', () => {
    const args = { name: 'host.net.fetch', args: { url: 'https://a.example/' } };
    expect(asked('tool', args, [{ name: 'network', hosts: ['a.example'] }])).toMatchObject({ instruction: { tool: 'weather.host.net.fetch' }, permission: { decision: 'ALLOW' } });
    expect(asked('tool', args, ['network'])).toMatchObject({ instruction: { tool: 'host.net.fetch' }, permission: { decision: 'ALLOW' } });
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
    ['a name with something behind it', 'tool', { name: 'host.fs.read_file ', args: { path: 'docs/a' } }, [DOCS]],
    ['a name of every object', 'tool', { name: 'constructor', args: { path: 'docs/a' } }, [DOCS]],
    ['the network without it', 'tool', { name: 'host.net.fetch', args: { url: 'https://a.example/' } }, [DOCS]],
    ['its own way to the network, past its own permissions', 'tool', { name: 'weather.host.net.fetch', args: { url: 'https://a.example/' } }, [DOCS]],
    ['the shell without it', 'tool', { name: 'host.system.bash', args: { command: 'ls' } }, [DOCS]],
    ['memory without it', 'memory.get', { key: 'a' }, [DOCS]],
    ['another namespace', 'shared.get', { namespace: 'other', key: 'a' }, ['shared:team']],
    ['a secret of its agent', 'tool', { name: 'host.git.status', args: { deep: [{ $secret: 'KEY' }] } }, ['tool:host.git.status']],
  ])('%s', (_what, name, args, permissions) => {
    expect(asked(name, args, permissions).permission).toMatchObject({ decision: 'DENY', by: expect.stringMatching(/^plugin-weather has no permission for /) as string });
  });
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
