import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { MANIFEST_FILE, PluginValidator, type PluginManifest } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../support/folder.js';
import { weather, type Draft } from '../support/weather.js';

const validator = new PluginValidator({ kernelVersion: '0.1.4' });
const accept = (source: unknown): PluginManifest => validator.parse(JSON.stringify(source));

/** What is said of a manifest: a place and a message each. */
function complaints(source: unknown): string[] {
  const verdict = validator.judge(typeof source === 'string' || source instanceof Uint8Array ? source : JSON.stringify(source));
  return verdict.ok ? [] : verdict.problems.map(({ path: place, message }) => `${place} ${message}`);
}

/** The manifest of the weather with one change. */
function changed(change: (manifest: Draft) => void): Draft {
  const manifest = weather();
  change(manifest);
  return manifest;
}

describe('a manifest that is as it should be', () => {
  test('is normalised: defaults filled in, permissions in one form, references resolved', () => {
    const manifest = accept(weather());
    const network = { name: 'network', hosts: ['api.open-meteo.com', 'geocoding-api.open-meteo.com'], methods: ['GET'] };
    const files = [{ name: 'filesystem', mode: 'read', path: 'places' }, { name: 'filesystem', mode: 'write', path: 'reports' }];
    const all = [network, { name: 'memory' }, { name: 'shared', namespace: 'weather' }, { name: 'tool', tool: 'host.git.status' }, ...files];
    expect(manifest).toMatchObject({ name: 'plugin-weather', shortName: 'weather', permissions: all });
    expect(manifest.tools.map(({ name, handler, idempotent, timeoutMs, permissions }) => [name, handler, idempotent, timeoutMs, permissions])).toEqual([
      ['weather.get_forecast', 'src/get-forecast.ts', true, 10_000, [network, { name: 'memory' }]],
      ['weather.report', 'src/report.ts', false, 30_000, [{ name: 'shared', namespace: 'weather' }, ...files]],
      ['weather.units.convert', 'src/convert.ts', false, 30_000, []],
      ['weather.all', 'src/all.js', false, 30_000, all],
    ]);
    expect(manifest.agents).toEqual(weather().agents);
    expect(manifest.source).toEqual(weather());
  });

  test('may have no more than a name and a tool', () => {
    const manifest = accept({
      ...{ name: 'plugin-small', version: '0.0.1', description: 'Small.', license: 'MIT', omnipaw: '*' },
      tools: [{ name: 'small.act', description: 'Acts.', input: { type: 'object' }, handler: 'act.ts' }],
    });
    expect(manifest).toMatchObject({ permissions: [], agents: [], tools: [{ permissions: [] }] });
    expect(manifest).not.toHaveProperty('integrity');
  });

  test('means any host and any method by the plain name of the network, and reading by its object', () => {
    const { permissions } = accept(changed((manifest) => { manifest.permissions.push('network', { name: 'network', hosts: ['*.example.com', 'localhost:8080', '[::1]'] }); }));
    expect(permissions.slice(-2)).toEqual([
      { name: 'network', hosts: ['*'], methods: ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] },
      { name: 'network', hosts: ['*.example.com', 'localhost:8080', '[::1]'], methods: ['GET', 'HEAD'] },
    ]);
  });

  test('can be changed by nobody afterwards', () => {
    const manifest = accept(weather());
    const isDeeplyFrozen = (value: unknown): boolean => typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
    expect(isDeeplyFrozen(manifest)).toBe(true);
  });

  test('may begin with a byte order mark, as some editors on Windows write it', () => {
    expect(complaints(`\uFEFF${JSON.stringify(weather())}`)).toEqual([]);
    expect(complaints(Buffer.from(`\uFEFF${JSON.stringify(weather())}`))).toEqual([]);
  });
});

describe('a text is refused', () => {
  test.each([
    ['that is empty', '', 'is no JSON'],
    ['that ends too soon', '{"name":', 'is no JSON'],
    ['that is no JSON', '{ name: 1 }', 'is no JSON'],
    ['with a comment', '{ /* x */ }', 'is no JSON'],
    ['that is no UTF-8', Uint8Array.of(0x22, 0xff, 0x22), ' is no UTF-8. Save it as UTF-8'],
    ['that is too large', `"${'x'.repeat(1024 * 1024)}"`, ' takes 1048578 bytes; it may take 1048576'],
    ['that is nested too deeply', '['.repeat(65) + ']'.repeat(65), ' is nested deeper than 64 levels'],
    ['that has too many values', JSON.stringify(Array.from({ length: 30_000 }, () => 1)), ' has more than 20000 values in it'],
    ['with a key twice', '{"name":"plugin-a","\\u006eame":"plugin-b"}', '/name is there twice, and readers differ'],
    ['with a key twice, further down', '{"tools":[{},{"a":{"b~/":1,"b~/":2}}]}', '/tools/1/a/b~0~1 is there twice'],
    ['with __proto__ as a key', '{"tools":[{"input":{"__proto__":{"type":"object"}}}]}', '/tools/0/input/__proto__ is a key that objects'],
    ['with __proto__ as a key, spelt otherwise', '{"\\u005f_proto__":1}', '/__proto__ is a key that objects'],
    ['with a number that is none', '[1e999]', '/0 is no number that can be kept: "1e999"'],
    ['with half a character', '{"name":"\\ud83d"}', '/name has half a character in it'],
    ['with half a character in a key', '{"\\udc00":1}', ' has a key with half a character in it'],
    ['that is no object', '[]', ' must be an object; found an empty array'],
    ['that is null', 'null', ' must be an object; found null'],
  ])('%s', (_what, text, expected) => {
    expect(complaints(text)[0]).toMatch(new RegExp(`^ ?${expected.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`));
  });

  test('that is as deep as a text can be, without harm', () => {
    expect(complaints('['.repeat(500_000) + ']'.repeat(500_000))).toEqual([' is nested deeper than 64 levels']);
    expect(complaints('{"a":'.repeat(200_000))).toEqual([' is nested deeper than 64 levels']);
  });

  test.each<[string, string, number, number]>([
    ['', 'value expected', 1, 1],
    ['{\n  name: 1 }', 'invalid symbol', 2, 3],
    ['{\r\n  "a": 1,\r\n}', 'property name expected', 3, 1],
    ['{\n  "a": 1\n  "b": 2 }', 'comma expected', 3, 3],
    ['{ "a" 1 }', 'colon expected', 1, 7],
    ['[1, 2', 'close bracket expected', 1, 6],
    ['[1] 2', 'end of file expected', 1, 5],
    ['[\n"\n"]', 'unexpected end of string', 2, 1],
    ['["\\x"]', 'invalid escape character', 1, 2],
    ['// why\n{}', 'invalid comment token', 1, 1],
    ['[\u00a01]', 'invalid symbol', 1, 2],
  ])('with the place where %j is no JSON', (text, words, line, column) => {
    expect(validator.judge(text)).toEqual({ ok: false, problems: [{ path: '', message: `is no JSON: ${words}`, line, column }] });
  });
});

describe('a manifest is refused', () => {
  const cases: readonly (readonly [string, (manifest: Draft) => void, string])[] = [
    ['without a name', (m) => { delete m.name; }, ' has no "name", which it must have'],
    ['with another kind of name', (m) => { m.name = 'weather'; }, '/name must be the name of the plugin: "plugin-" and a short name of lower-case letters'],
    ['with a name that is not its own', (m) => { m.name = 'plugin-host'; m.tools = [{ ...m.tools[0]!, name: 'host.x' }]; Object.assign(m, { agents: undefined }); }, '/name must be another: tools named "host.…" are not those of a plugin'],
    ['with a key that is misspelt', (m) => { m['licence'] = 'MIT'; }, '/licence is a key that is not known here. Did you mean "license"?'],
    ['with a version that is none', (m) => { m.version = 'v1.2'; }, '/version must be a version by the rules of semantic versioning (1.2.3, 1.2.3-beta.1); found "v1.2". Write "1.2.0"?'],
    ['with a range that is none', (m) => { m.omnipaw = 'newest'; }, '/omnipaw must be a range of versions as npm has them'],
    ['for other kernels', (m) => { m.omnipaw = '^2.0.0'; }, '/omnipaw does not hold the kernel that is here, 0.1.4; found "^2.0.0".'],
    ['that offers nothing', (m) => { Object.assign(m, { tools: undefined, agents: undefined }); }, ' must have "tools" or "agents": this plugin offers nothing'],
    ['with a tool of nobody', (m) => { m.tools[0]!.name = 'get.forecast'; }, '/tools/0/name must begin with "weather.", the short name of the plugin and a dot; found "get.forecast". Write "weather.forecast"'],
    ['with the tool of another plugin', (m) => { m.tools[0]!.name = 'weatherman.forecast'; }, '/tools/0/name must begin with "weather."'],
    ['with a tool twice', (m) => { m.tools[1]!.name = 'weather.get_forecast'; }, '/tools/1/name must be given once; found "weather.get_forecast" a second time'],
    ['with an agent twice', (m) => { m.agents.push(m.agents[0]!); }, '/agents/1/type must be given once'],
    ['with a tool that is called as the program of its agent', (m) => { m.tools[1]!.name = 'weather.reporter.program'; }, '/tools/1/name must be another: "weather.reporter.program" is the tool by which the program of /agents/0 runs'],
    ['with a tool that is called as its way to the network', (m) => { m.tools[1]!.name = 'weather.host.net.fetch'; }, '/tools/1/name must be another: tools named "weather.host.net.…" are those by which a plugin reaches its hosts; found "weather.host.net.fetch"'],
    ['with an agent that is called as its way to the network', (m) => { m.agents.push({ type: 'weather.host.net.fetch2', program: 'src/report.ts' }); }, '/agents/1/type must be another: tools named "weather.host.net.…" are those'],
    ['with an agent whose program has too long a name', (m) => { m.agents.push({ type: `weather.${'a'.repeat(113)}`, program: 'src/report.ts' }); }, '/agents/1/type must have 120 characters at the most'],
    ['with a tool that takes no object', (m) => { m.tools[0]!.input = { type: 'string' }; }, '/tools/0/input/type must be "object"; found "string"'],
    ['with a time that is none', (m) => { m.tools[0]!.timeoutMs = 0; }, '/tools/0/timeoutMs must be >= 1; found 0'],
    ['with a schema that can\'t be used', (m) => { m.tools[0]!.output = { tpye: 'object' }; }, '/tools/0/output/tpye is no keyword of JSON Schema (draft 2020-12). Did you mean "type"?'],
    ['with a schema that leads out', (m) => { m.tools[0]!.output = { properties: { a: { $ref: 'https://example.com' } } }; }, '/tools/0/output/properties/a/$ref must lead to a schema within this one'],
    ['with a reference to no permission', (m) => { m.tools[0]!.permissions = ['netwrok']; }, '/tools/0/permissions/0 must be one of the plugin\'s permissions (it has network, memory, shared:weather, tool:host.git.status, filesystem); found "netwrok". Did you mean "network"?'],
    ['with a reference beyond the list', (m) => { m.tools[0]!.permissions = [6]; }, '/tools/0/permissions/0 must be one of the plugin\'s permissions'],
    ['with a permission that is misspelt', (m) => { m.permissions[1] = 'memroy'; m.tools = m.tools.slice(1); }, '/permissions/1 is no permission: "memroy". Did you mean "memory"?'],
    ['with a permission without bounds', (m) => { m.permissions.push('filesystem'); }, '/permissions/6 must be written as { "name": "filesystem", "mode": "read", "path": "docs" }; found "filesystem"'],
    ['with a permission in the wrong form', (m) => { m.permissions.push({ name: 'shell' }); }, '/permissions/6 must be written as "shell"; found an object'],
    ['with a permission that says too much', (m) => { m.permissions.push('tool:host.*'); }, '/permissions/6 must name one thing; found "tool:host.*", which has a wildcard.'],
    ['with a permission twice', (m) => { m.permissions.push('memory'); }, '/permissions/6 is the same as /permissions/1. Take one out'],
    ['with a permission that is a number', (m) => { m.permissions.push(1); }, '/permissions/6 must be a permission (network, shell, memory'],
    ['with a method that there is not', (m) => { network(m)['methods'] = ['get']; }, '/permissions/0/methods/0 must be one of "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"; found "get". Did you mean "GET"?'],
    ['with a URL for a host', (m) => { network(m)['hosts'] = ['https://example.com/']; }, '/permissions/0/hosts/0 must be a host in lower case (api.example.com)'],
    ['with an address in another form', (m) => { network(m)['hosts'] = ['0x7f.1']; }, '/permissions/0/hosts/0 can\'t be used: "0x7f.1" is not written as URLs have it: write "127.0.0.1"'],
    ['with any host at one port', (m) => { network(m)['hosts'] = ['*:8080']; }, '/permissions/0/hosts/0 can\'t be used: "*:8080" is any host at one port, and redirections of any host may lead to others. Name the hosts, or ask for "*"'],
    ['with a port that there is not', (m) => { network(m)['hosts'] = ['localhost:99999']; }, '/permissions/0/hosts/0 can\'t be used: "localhost:99999" has a port above 65535'],
    ['with files outside of the workspace', (m) => { (m.permissions[4] as Record<string, unknown>)['path'] = '../secrets'; }, '/permissions/4/path can\'t be used: "../secrets" leads out of its folder, by ".."'],
    ['with an agent that is granted the tools of others', (m) => { m.agents[0]!.grants = ['call:host.system.bash']; }, '/agents/0/grants/0 can\'t be used: "call:host.system.bash" is for a tool that is not the plugin\'s'],
    ['with an agent that is granted everything', (m) => { m.agents[0]!.grants = ['call:*']; }, '/agents/0/grants/0 can\'t be used: "call:*" is for more than the plugin\'s own tools: grant "call:weather.*", and each other tool by its name'],
    ['with an agent that is granted a tool that the plugin does not have', (m) => { m.agents[0]!.grants = ['call:weather.get_forcast']; }, '/agents/0/grants/0 can\'t be used: "call:weather.get_forcast" is for a tool that the plugin does not have. Did you mean "weather.get_forecast"? Its tools: weather.get_forecast, weather.report'],
    ['with an agent that is granted commands without the permission', (m) => { m.agents[0]!.grants = ['call:host.system.bash']; }, '/agents/0/grants/0 can\'t be used: "call:host.system.bash" is for a tool that is not the plugin\'s: add "tool:host.system.bash" to its permissions'],
    ['with an agent that is granted more of the files than the plugin', (m) => { m.permissions = m.permissions.slice(0, 5); m.tools = m.tools.slice(1, 3); m.agents[0]!.grants = ['call:host.fs.write_file']; }, '/agents/0/grants/0 can\'t be used: "call:host.fs.write_file" is for a tool that is not'],
    ['with an agent that is granted another namespace', (m) => { m.agents[0]!.grants = ['write:shared:weather2/**']; }, '/agents/0/grants/0 can\'t be used: "write:shared:weather2/**" is for what is not among the plugin\'s permissions'],
    ['with an agent that is granted secrets', (m) => { m.agents[0]!.grants = ['read:secret:*']; }, '/agents/0/grants/0 can\'t be used: "read:secret:*" is for what is not among'],
    ['with a grant that is none', (m) => { m.agents[0]!.grants = ['weather.*']; }, '/agents/0/grants/0 can\'t be used: "weather.*" is no grant: write action:resource'],
    ['with a limit that is none', (m) => { m.agents[0]!.quota = { ticks: 3 }; }, '/agents/0/quota/ticks is a key that is not known here.'],
    ['with a limit that is misspelt', (m) => { m.agents[0]!.quota = { maxToolCall: 10 }; }, '/agents/0/quota/maxToolCall is a key that is not known here. Did you mean "maxToolCalls"?'],
    ['with a limit that warns too late', (m) => { m.agents[0]!.quota = { maxTicks: { hard: 3, soft: 4 } }; }, '/agents/0/quota/maxTicks/soft must be 3 at the most, as "hard" is; found 4'],
    ['with a signature over no files', (m) => { m.signature = { ed25519: `${'A'.repeat(86)}==`, publicKey: `${'A'.repeat(43)}=` }; }, ' has no "integrity", which it must have'],
    ['with a digest of itself', (m) => { m.integrity = { sha256: { ...digests(m), [MANIFEST_FILE]: '0'.repeat(64) } }; }, '/integrity/sha256/plugin.manifest.json can\'t be used: "plugin.manifest.json" is the manifest'],
    ['with a module without a digest', (m) => { m.integrity = { sha256: digests(m) }; delete m.integrity.sha256['src/report.ts']; }, '/tools/1/handler has no digest in "integrity": "src/report.ts". Sign the plugin anew'],
  ];

  test.each(cases)('%s', (_what, change, expected) => {
    expect(complaints(changed(change))).toEqual([expect.stringMatching(new RegExp(`^${expected.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`))]);
  });

  function digests({ tools, agents }: Draft): Record<string, string> {
    const modules = [...tools.map(({ handler }) => handler), ...agents.map(({ program }) => program)];
    return Object.fromEntries(modules.map((module) => [module.replace(/^\.\//, ''), '0'.repeat(64)]));
  }

  function network({ permissions }: Draft): Record<string, unknown> {
    return permissions[0] as Record<string, unknown>;
  }

  test('with all of its mistakes at once, in the order of the text, each with its line', () => {
    const text = `{
  "name": "plugin-weather",
  "version": "1",
  "description": "Forecasts.",
  "omnipaw": "*",
  "tools": [
    { "name": "forecast", "description": "Forecasts.", "input": { "type": "object" }, "handler": "../forecast.ts",
      "timeout": 3 }
  ]
}`;
    expect(() => validator.parse(text, 'plugin-weather/plugin.manifest.json')).toThrow(expect.objectContaining({
      code: 'PLUGIN_MANIFEST_INVALID',
      message: `plugin-weather/plugin.manifest.json is not as it should be, in 5 places:
  the manifest (line 1): has no "license", which it must have: Under which licence it may be used, as SPDX writes it: MIT, Apache-2.0, UNLICENSED
  /version (line 3): must be a version by the rules of semantic versioning (1.2.3, 1.2.3-beta.1); found "1". Write "1.0.0"?
  /tools/0/name (line 7): must be a name after the short name of the plugin and a dot, of lower-case letters, digits and "_": weather.get_forecast; found "forecast"
  /tools/0/handler (line 7): must be a path in the folder of the plugin; "../forecast.ts" leads out of its folder, by ".."
  /tools/0/timeout (line 8): is a key that is not known here. Did you mean "timeoutMs"? Known are: name, description, input, output, handler, idempotent, timeoutMs, permissions`,
      details: { manifest: 'plugin-weather/plugin.manifest.json', problems: expect.arrayContaining([expect.objectContaining({ path: '/tools/0/timeout', line: 8, column: 7 })]) },
    }));
  });

  test('with thousands of mistakes, of which some are told', () => {
    const text = JSON.stringify({ permissions: Array.from({ length: 19_000 }, (_, index) => index) });
    expect(() => validator.parse(text)).toThrow(/and \d+ more$/);
  });
});

describe('the range of kernels', () => {
  test.each([
    ['0.1.4', '>=0.1.0 <0.2.0', true],
    ['0.1.5-beta.1', '>=0.1.0 <0.2.0', true],
    ['0.2.0', '>=0.1.0 <0.2.0', false],
    ['1.0.0', '^0.1.0', false],
  ])('says of the kernel %s whether %s holds it', (kernelVersion, range, holds) => {
    expect(new PluginValidator({ kernelVersion }).judge(JSON.stringify({ ...weather(), omnipaw: range })).ok).toBe(holds);
  });

  test('is only read where no kernel is named', () => {
    expect(new PluginValidator().judge(JSON.stringify({ ...weather(), omnipaw: '^7.0.0' })).ok).toBe(true);
  });
});

describe('a folder', () => {
  const small = JSON.stringify({
    ...{ name: 'plugin-small', version: '0.0.1', description: 'Small.', license: 'MIT', omnipaw: '*' },
    tools: [{ name: 'small.act', description: 'Acts.', input: { type: 'object' }, handler: './src/act.ts' }],
  });

  test('is read when its modules are there', async () => {
    expect(await validator.read(folderWith({ [MANIFEST_FILE]: small, 'src/act.ts': '' }))).toMatchObject({ shortName: 'small' });
  });

  test('without a manifest is refused', async () => {
    await expect(validator.read(folderWith({}))).rejects.toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID', message: expect.stringContaining('is not there') });
  });

  test('without a module that its manifest names is refused', async () => {
    await expect(validator.read(folderWith({ [MANIFEST_FILE]: small }))).rejects.toThrow('/tools/0/handler (line 1): must be a file in the folder of the plugin; there is no "src/act.ts"');
  });

  test('whose module is reached by a link is refused', async () => {
    const folder = folderWith({ [MANIFEST_FILE]: small });
    symlinkSync('/etc', path.join(folder, 'src'));
    await expect(validator.read(folder)).rejects.toMatchObject({ code: 'PLUGIN_MANIFEST_INVALID' });
    rmSync(path.join(folder, 'src'));
    mkdirSync(path.join(folder, 'src'));
    symlinkSync('/etc/hostname', path.join(folder, 'src/act.ts'));
    await expect(validator.read(folder)).rejects.toThrow('"src/act.ts" is reached by a link');
  });

  test('whose manifest is a link, or a folder, is refused', async () => {
    const folder = folderWith({});
    symlinkSync('/etc/hostname', path.join(folder, MANIFEST_FILE));
    await expect(validator.read(folder)).rejects.toThrow('is no regular file');
    rmSync(path.join(folder, MANIFEST_FILE));
    mkdirSync(path.join(folder, MANIFEST_FILE));
    await expect(validator.read(folder)).rejects.toThrow('is no regular file');
  });

  test('whose manifest is larger than one may be is refused', async () => {
    await expect(validator.read(folderWith({ [MANIFEST_FILE]: ' '.repeat(3_000_000) }))).rejects.toThrow('takes 1048577 bytes; it may take 1048576');
  });
});
