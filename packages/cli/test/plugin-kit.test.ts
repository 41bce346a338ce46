/** From nothing to a plugin that is signed and loaded. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { omnipaw, program, temporaryFolder, type Finished } from './command.js';
import { COUNTER, counterIn, grantsFile, pluginsFolder } from './plugin-folders.js';

const manifestIn = (folder: string) => JSON.parse(fs.readFileSync(path.join(folder, 'plugin.manifest.json'), 'utf8')) as { name: string; integrity?: { sha256: Record<string, string> }; signature?: unknown };

async function begun(name = 'greet'): Promise<string> {
  const folder = path.join(temporaryFolder(), name);
  expect(await omnipaw(['plugins', 'new', name, folder])).toMatchObject({ code: 0 });
  return folder;
}

async function keyPair(): Promise<string> {
  const key = path.join(temporaryFolder(), 'author.key');
  await omnipaw(['keygen', '--out', key]);
  return key;
}

describe('plugins new', () => {
  test('writes a plugin that is good as it is', async () => {
    const folder = path.join(temporaryFolder(), 'deep', 'greet');
    const { code, stdout } = await omnipaw(['plugins', 'new', 'greet', folder, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ ok: true, name: 'plugin-greet', folder, files: ['plugin.manifest.json', 'tools/hello.ts', 'test/hello.test.ts', 'package.json', 'tsconfig.json', 'README.md'] });
    expect(manifestIn(folder)).toMatchObject({ $schema: 'https://unpkg.com/@omnipaw/plugins/plugin.manifest.schema.json', name: 'plugin-greet', tools: [{ name: 'greet.hello' }] });
    expect(await omnipaw(['plugins', 'validate', folder])).toMatchObject({ code: 0, stdout: expect.stringContaining('plugin-greet 0.1.0, 1 tool, no agents') as unknown });
  });

  test('takes the whole name as well as the short one', async () => {
    expect(manifestIn(await begun('plugin-greet')).name).toBe('plugin-greet');
  });

  test('overwrites nothing', async () => {
    const folder = temporaryFolder();
    const { code, stderr } = await omnipaw(['plugins', 'new', 'greet', folder]);
    expect(code).toBe(2);
    expect(stderr).toContain(`${folder} is there already, and nothing is overwritten.`);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test.each(['Greet', '../greet', 'a b', 'plugin-', '-x', '', 'host'])('is a wrong call for the name %j, and writes nothing', async (name) => {
    const folder = path.join(temporaryFolder(), 'new');
    const { code, stderr } = await omnipaw(['plugins', 'new', '--', name, folder]);
    expect({ code, there: fs.existsSync(folder) }).toEqual({ code: 2, there: false });
    expect(stderr).toContain('is no name for a plugin: must be');
  });
});

describe('the folder of a new plugin', () => {
  /** What `npm install` leaves there, as far as it stood in the way: packages that nothing but tools need. */
  function npmInstall(folder: string): void {
    const packages = path.join(folder, 'node_modules');
    for (const name of ['esbuild/bin', '@esbuild/linux-x64/bin', '@typescript/native/lib', '.bin']) fs.mkdirSync(path.join(packages, name), { recursive: true });
    fs.writeFileSync(path.join(packages, '@esbuild/linux-x64/bin/esbuild'), 'ELF');
    fs.linkSync(path.join(packages, '@esbuild/linux-x64/bin/esbuild'), path.join(packages, 'esbuild/bin/esbuild'));
    fs.symlinkSync('../esbuild/bin/esbuild', path.join(packages, '.bin/esbuild'));
    fs.writeFileSync(path.join(packages, '@typescript/native/lib/tsc'), '');
    fs.truncateSync(path.join(packages, '@typescript/native/lib/tsc'), 17 * 1024 * 1024);
  }

  test('is as good after npm install: it is valid, listed, run, replayed and packed', async () => {
    const plugins = pluginsFolder();
    const folder = path.join(plugins, 'plugin-greet');
    await omnipaw(['plugins', 'new', 'greet', folder]);
    npmInstall(folder);
    expect(await omnipaw(['plugins', 'validate', folder])).toMatchObject({ code: 0, stdout: `✓ ${folder}: plugin-greet 0.1.0, 1 tool, no agents, without digests of its files\n` });
    expect((await omnipaw(['plugins', 'list', '--plugins', plugins])).stdout).toContain('✓ plugin-greet 0.1.0');
    const log = path.join(temporaryFolder(), 'log');
    const grants = ['--plugins', plugins, '--plugin-grants', grantsFile({ 'plugin-greet': ['memory'] })];
    const { code, stdout, stderr } = await omnipaw(['run', program('caller.ts'), '--input', '{"tool":"greet.hello","args":{"name":"Ada"}}', '--log', log, '--grant', 'call:greet.*', ...grants]);
    expect({ code, stdout: JSON.parse(stdout) as unknown }, stderr).toEqual({ code: 0, stdout: { greeting: 'Hello, Ada!', times: 1 } });
    const replayed = await omnipaw(['replay', program('caller.ts'), '--log', log, '--plugins', plugins]);
    expect(replayed).toMatchObject({ code: 0, stderr: '' });
    expect(replayed.stdout).not.toContain('Not what it was');
    expect(await omnipaw(['plugins', 'pack', folder, '--out', path.join(temporaryFolder(), 'pack')])).toMatchObject({ code: 0 });
  });
});

describe('plugins validate', () => {
  test('says where code does not compile, of all modules, and runs none', async () => {
    const folder = counterIn(pluginsFolder());
    fs.writeFileSync(path.join(folder, 'count.ts'), 'export const = 3;\n');
    fs.writeFileSync(path.join(folder, 'twice.ts'), '\nimport fs from "node:fs";\nexport default () => fs;\n');
    const { code, stdout } = await omnipaw(['plugins', 'validate', folder]);
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      `✗ ${folder}`,
      `  ${folder}/count.ts:1:14: Expected identifier but found "="`,
      expect.stringMatching(/^ {2}.*twice\.ts:2:16: .*"node:fs" is a module of Node/) as unknown,
      '',
    ]);
    const json = JSON.parse((await omnipaw(['plugins', 'validate', folder, '--json'])).stdout) as unknown;
    expect(json).toMatchObject({ ok: false, plugins: [{ folder, ok: false, error: { code: 'PLUGIN_BUNDLE_FAILED', details: { problems: [{ file: 'count.ts', line: 1, column: 14 }, { file: 'twice.ts', line: 2 }] } } }] });
  });
});

describe('plugins pack', () => {
  test('makes a folder of what is shipped, with the digest of each file', async () => {
    const folder = await begun();
    const into = path.join(temporaryFolder(), 'a', 'pack');
    const { code, stdout } = await omnipaw(['plugins', 'pack', folder, '--out', into, '--json']);
    expect(code).toBe(0);
    const { files, ...said } = JSON.parse(stdout) as { files: Record<string, string> };
    expect(said).toMatchObject({ ok: true, folder: into, name: 'plugin-greet', version: '0.1.0', digests: { code: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown } });
    expect(Object.keys(files)).toEqual(['README.md', 'package.json', 'tools/hello.ts']);
    expect(manifestIn(into).integrity?.sha256).toEqual(files);
    expect(await omnipaw(['plugins', 'validate', into])).toMatchObject({ code: 0, stdout: expect.stringContaining('not signed') as unknown });
  });

  test('overwrites nothing', async () => {
    const into = temporaryFolder();
    const { code, stderr } = await omnipaw(['plugins', 'pack', await begun(), '--out', into]);
    expect(code).toBe(2);
    expect(stderr).toContain('is there already, and nothing is overwritten. Name another folder with --out.');
  });

  test('is not made within the plugin itself, of which it would be a part', async () => {
    const folder = await begun();
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    for (const out of [[], ['--out', path.join(folder, 'dist', 'pack')]]) {
      const { code, stderr } = await omnipaw(['plugins', 'pack', folder, ...out]);
      expect(code).toBe(2);
      expect(stderr).toContain("would lie in the plugin's own folder, and be a part of it. Name a folder outside with --out, as --out ../packed/greet");
    }
    expect(fs.readdirSync(folder).sort()).toEqual(['README.md', 'package.json', 'plugin.manifest.json', 'test', 'tools', 'tsconfig.json']);
  });

  test.each<[string, (folder: string) => void, RegExp]>([
    ['code', (folder) => { fs.writeFileSync(path.join(folder, 'count.ts'), 'export default {'); }, /^✗ .*\n {2}.*count\.ts:1:17: /],
    ['a manifest', (folder) => { fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify({ ...COUNTER, version: 'one' }, null, 2)); }, /^✗ .*\n {2}.*plugin\.manifest\.json:3:3: \/version must be/],
  ])('tells what is wrong with %s as validate does, and packs nothing', async (_what, spoil, says) => {
    const folder = counterIn(pluginsFolder());
    spoil(folder);
    const into = path.join(temporaryFolder(), 'pack');
    const { code, stdout } = await omnipaw(['plugins', 'pack', folder, '--out', into]);
    expect({ code, there: fs.existsSync(into) }).toEqual({ code: 1, there: false });
    expect(stdout).toMatch(says);
    expect(JSON.parse((await omnipaw(['plugins', 'pack', folder, '--out', into, '--json'])).stdout)).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^PLUGIN_/) as unknown } });
  });
});

describe('plugins sign', () => {
  test('vouches for a pack: whoever trusts the key takes it, and nobody after a change', async () => {
    const [key, parent] = [await keyPair(), temporaryFolder()];
    const into = path.join(parent, 'plugin-greet');
    await omnipaw(['plugins', 'pack', await begun(), '--out', into]);
    const { code, stdout } = await omnipaw(['plugins', 'sign', into, '--key', key]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^✓ .*: plugin-greet 0\.1\.0 is signed by [A-Za-z0-9+/]{43}=\n$/) as unknown });
    expect(fs.readdirSync(parent)).toEqual(['plugin-greet']);
    const list = async (): Promise<string> => (await omnipaw(['plugins', 'list', '--plugins', parent, '--trusted-key', `${key}.pub`])).stdout;
    expect(await list()).toContain('✓ plugin-greet 0.1.0');
    fs.appendFileSync(path.join(into, 'tools/hello.ts'), '// More.\n');
    expect(await list()).toContain('PLUGIN_INTEGRITY_FAILED');
    expect(await omnipaw(['plugins', 'sign', into, '--key', key])).toMatchObject({ code: 0 });
    expect(await list()).toContain('✓ plugin-greet 0.1.0');
  });

  test('does not sign a folder with links in it, and leaves the manifest as it was', async () => {
    const folder = await begun();
    fs.symlinkSync('tools/hello.ts', path.join(folder, 'link.ts'));
    const { code, stdout } = await omnipaw(['plugins', 'sign', folder, '--key', await keyPair()]);
    expect(code).toBe(1);
    expect(stdout).toContain('PLUGIN_INTEGRITY_FAILED: "link.ts" in the folder of the plugin is a symbolic link');
    expect(manifestIn(folder).signature).toBeUndefined();
  });

  test.each<[string, (key: string) => string, RegExp]>([
    ['that is not there', (key) => `${key}.gone`, /The private key can't be read/],
    ['that is the public half', (key) => `${key}.pub`, /author\.key\.pub: This must be an Ed25519 private key/],
  ])('is a wrong call with a key %s', async (_what, of, says) => {
    const { code, stderr } = await omnipaw(['plugins', 'sign', await begun(), '--key', of(await keyPair())]);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });
});

test.each(['new', 'test', 'pack', 'sign', 'validate', 'list'])('plugins %s --help says what it takes', async (command) => {
  const { code, stdout }: Finished = await omnipaw(['plugins', command, '--help']);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: omnipaw plugins ${command} [options]`);
  expect(stdout).toContain('--json');
});
