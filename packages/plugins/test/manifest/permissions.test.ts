import { assertGranted, grantedPermissions, missingPermissions, permissionText, PluginValidator, specOf, type PermissionSpec } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { weather } from '../support/weather.js';

function asking(permissions: readonly unknown[]) {
  const manifest = weather();
  const tool = { ...manifest.tools[0], permissions: undefined };
  return new PluginValidator().parse(JSON.stringify({ ...manifest, permissions, tools: [tool], agents: undefined }));
}

/** What is missing, in words. */
function missing(wanted: readonly unknown[], granted: readonly PermissionSpec[]): string[] {
  return missingPermissions(asking(wanted), grantedPermissions(granted)).map(({ permission }) => permissionText(permission));
}

describe('what is granted covers what is asked for', () => {
  test.each<[string, unknown, readonly PermissionSpec[]]>([
    ['by the same words', 'memory', ['memory']],
    ['by a pattern for tools', 'tool:host.git.status', ['tool:host.git.*']],
    ['by a pattern for namespaces', 'shared:weather', ['shared:*']],
    ['by the whole network', { name: 'network', hosts: ['a.example.com'], methods: ['POST'] }, ['network']],
    ['by all hosts below one', { name: 'network', hosts: ['a.b.example.com', '*.b.example.com'] }, [{ name: 'network', hosts: ['*.example.com'] }]],
    ['by all hosts at one port', { name: 'network', hosts: ['a.com:8080', '*.b.com:8080'] }, [{ name: 'network', hosts: ['*:8080'] }]],
    ['by all hosts at any port', { name: 'network', hosts: ['a.com:8080', '*.b.com:8080'] }, [{ name: 'network', hosts: ['*'] }]],
    ['by several permissions together', { name: 'network', hosts: ['a.com', 'b.com'], methods: ['GET', 'POST'] }, [
      { name: 'network', hosts: ['a.com'], methods: ['GET', 'POST'] }, { name: 'network', hosts: ['b.com'], methods: ['GET'] }, { name: 'network', hosts: ['*'], methods: ['POST'] }]],
    ['by a directory above', { name: 'filesystem', mode: 'read', path: 'docs/drafts' }, [{ name: 'filesystem', mode: 'read', path: 'docs' }]],
    ['by the whole workspace', { name: 'filesystem', mode: 'write', path: '.' }, [{ name: 'filesystem', mode: 'write', path: '.' }]],
    ['by writing, which reads', { name: 'filesystem', mode: 'read', path: 'docs' }, [{ name: 'filesystem', mode: 'write', path: 'docs' }]],
  ])('%s', (_how, wanted, granted) => {
    expect(missing([wanted], granted)).toEqual([]);
  });

  test.each<[string, unknown, readonly PermissionSpec[], string]>([
    ['of nothing', 'shell', [], 'shell'],
    ['of something else', 'memory', ['shell', 'network', 'tool:*', 'shared:*'], 'memory'],
    ['of another tool', 'tool:host.git.commit', ['tool:host.git.status', 'tool:host.fs.*'], 'tool:host.git.commit'],
    ['of another namespace', 'shared:weather', ['shared:weathe', 'shared:weather2'], 'shared:weather'],
    ['of another host', { name: 'network', hosts: ['a.com', 'b.com'] }, [{ name: 'network', hosts: ['a.com'] }], 'network (GET, HEAD to b.com)'],
    ['of a host that only ends so', { name: 'network', hosts: ['evilexample.com'] }, [{ name: 'network', hosts: ['*.example.com'] }], 'network (GET, HEAD to evilexample.com)'],
    ['of those below a host, and not itself', { name: 'network', hosts: ['example.com'] }, [{ name: 'network', hosts: ['*.example.com'] }], 'network (GET, HEAD to example.com)'],
    ['of one host, and not those below it', { name: 'network', hosts: ['*.example.com'] }, [{ name: 'network', hosts: ['a.example.com'] }], 'network (GET, HEAD to *.example.com)'],
    ['of another port', { name: 'network', hosts: ['a.com:8080'] }, [{ name: 'network', hosts: ['a.com', '*.com'] }], 'network (GET, HEAD to a.com:8080)'],
    ['of all hosts at one port, and not at the usual one', { name: 'network', hosts: ['a.com'] }, [{ name: 'network', hosts: ['*:8080'] }], 'network (GET, HEAD to a.com)'],
    ['of all hosts at another port', { name: 'network', hosts: ['a.com:8080', '*.b.com:8080'] }, [{ name: 'network', hosts: ['*:80'] }], 'network (GET, HEAD to a.com:8080, *.b.com:8080)'],
    ['of all hosts at one port for all', { name: 'network', hosts: ['*'] }, [{ name: 'network', hosts: ['*:8080'] }], 'network (GET, HEAD to *)'],
    ['of another method', { name: 'network', hosts: ['a.com'], methods: ['GET', 'POST'] }, [{ name: 'network', hosts: ['*'] }], 'network (POST to a.com)'],
    ['of some hosts for all', 'network', [{ name: 'network', hosts: ['a.com'] }], 'network (any host)'],
    ['of reading for writing', { name: 'filesystem', mode: 'write', path: 'docs' }, [{ name: 'filesystem', mode: 'read', path: '.' }], 'filesystem (write docs)'],
    ['of a sibling with the same beginning', { name: 'filesystem', mode: 'read', path: 'docs-secret' }, [{ name: 'filesystem', mode: 'read', path: 'docs' }], 'filesystem (read docs-secret)'],
    ['of a directory below', { name: 'filesystem', mode: 'read', path: '.' }, [{ name: 'filesystem', mode: 'write', path: 'docs' }], 'filesystem (read the whole workspace)'],
  ])('and a grant %s does not', (_how, wanted, granted, expected) => {
    expect(missing([wanted], granted)).toEqual([expected]);
  });
});

describe('a plugin that asks for more than it is granted', () => {
  const manifest = new PluginValidator().parse(JSON.stringify(weather()));

  test('is refused in words that name the permission, the tools that need it, and what to grant', () => {
    const granted = grantedPermissions([{ name: 'network', hosts: ['api.open-meteo.com'], methods: ['GET'] }, 'memory', 'shared:*', { name: 'filesystem', mode: 'write', path: '.' }]);
    expect(() => assertGranted(manifest, granted)).toThrow(expect.objectContaining({
      code: 'PLUGIN_PERMISSION_MISSING',
      failureClass: 'POLICY_VIOLATION',
      message: `Plugin "plugin-weather" asks for more than it is granted:
  network (GET to geocoding-api.open-meteo.com), needed by weather.get_forecast, weather.all
  tool:host.git.status, needed by weather.all
If it should have that, add to what is granted to "plugin-weather": {"name":"network","methods":["GET"],"hosts":["geocoding-api.open-meteo.com"]}, "tool:host.git.status"`,
      details: {
        plugin: 'plugin-weather',
        missing: [
          { permission: { name: 'network', methods: ['GET'], hosts: ['geocoding-api.open-meteo.com'] }, tools: ['weather.get_forecast', 'weather.all'] },
          { permission: 'tool:host.git.status', tools: ['weather.all'] },
        ],
      },
    }));
  });

  test('is accepted once that is granted', () => {
    const missing = missingPermissions(manifest, []).map(({ permission }) => specOf(permission));
    expect(missing).toHaveLength(6);
    assertGranted(manifest, grantedPermissions(missing));
  });

  test('is told of what none of its tools needs but its agent, and of what nobody does', () => {
    const idle = new PluginValidator().parse(JSON.stringify({ ...weather(), tools: [weather().tools[2]] }));
    expect(() => assertGranted(idle, [])).toThrow('memory, needed by the agent weather.reporter');
    expect(() => assertGranted({ ...idle, agents: [] }, [])).toThrow('memory, which none of its tools says that it needs');
  });
});

describe('what an operator grants', () => {
  test.each([
    ['memroy', 'is no permission: "memroy". Did you mean "memory"?'],
    ['filesystem', 'must be written as { "name": "filesystem"'],
    [{ name: 'network' }, 'has no "hosts", which it must have'],
    [{ name: 'network', hosts: ['a.com'], method: ['GET'] }, '/method is a key that is not known here. Did you mean "methods"?'],
    [{ name: 'network', hosts: ['127.1'] }, 'is not written as URLs have it: write "127.0.0.1"'],
    [{ name: 'filesystem', mode: 'read', path: '/etc' }, 'has the path "/etc", which is absolute'],
    [7, 'must be a permission'],
    [null, 'must be a permission'],
  ])('is refused if it is %j', (spec, expected) => {
    expect(() => grantedPermissions(['memory', spec as PermissionSpec])).toThrow(new RegExp(`^Granted permission 1 .*${expected.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`));
  });
});
