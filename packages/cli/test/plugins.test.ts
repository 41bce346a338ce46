import fs from 'node:fs';
import path from 'node:path';
import { generateKeyPair } from '@omnipaw/attest';
import { hashFolder, PluginLoader, signManifest } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { installed } from '../src/plugins/library.js';
import { omnipaw, program, temporaryFolder } from './command.js';
import { COUNTER, counterIn, pluginsFolder } from './plugin-folders.js';

async function signedCounter(plugins: string): Promise<{ folder: string; publicKey: string }> {
  const folder = counterIn(plugins);
  const { privateKey, publicKey } = generateKeyPair();
  const signed = signManifest(COUNTER, await hashFolder(folder), privateKey);
  fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify(signed));
  const key = path.join(temporaryFolder(), 'author.pub');
  fs.writeFileSync(key, publicKey);
  return { folder, publicKey: key };
}

describe('plugins validate', () => {
  test('finds nothing wrong with a good plugin', async () => {
    const folder = counterIn(pluginsFolder());
    expect(await omnipaw(['plugins', 'validate', folder])).toEqual({ code: 0, stdout: `✓ ${folder}: plugin-counter 1.0.0, 1 tool, 1 agent, without digests of its files\n`, stderr: '' });
  });

  test('says where each problem is, and judges the others all the same', async () => {
    const plugins = pluginsFolder();
    const bad = counterIn(plugins, { ...COUNTER, version: '1.0', permissions: ['memroy'] }, 'bad');
    const good = counterIn(plugins);
    const { code, stdout, stderr } = await omnipaw(['plugins', 'validate', bad, good]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const file = path.join(bad, 'plugin.manifest.json');
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      `✗ ${bad}`,
      expect.stringMatching(/:3:\d+: \/version must be a version .*Write "1.0.0"\?$/) as unknown,
      expect.stringMatching(/:8:\d+: \/permissions\/0 is no permission: "memroy"\. Did you mean "memory"\?/) as unknown,
    ]);
    expect(stdout).toContain(`  ${file}:3:`);
    expect(stdout).toContain(`✓ ${good}: plugin-counter 1.0.0`);
  });

  test('gives scripts the problems', async () => {
    const bad = counterIn(pluginsFolder(), { ...COUNTER, license: 7 });
    const { code, stdout } = await omnipaw(['plugins', 'validate', bad, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, plugins: [{ folder: bad, ok: false, error: { code: 'PLUGIN_MANIFEST_INVALID', details: { problems: [{ path: '/license', line: 5 }] } } }] });
  });

  test('finds a file that is not what the manifest says', async () => {
    const { folder } = await signedCounter(pluginsFolder());
    fs.appendFileSync(path.join(folder, 'count.ts'), '// More.\n');
    const { code, stdout } = await omnipaw(['plugins', 'validate', folder]);
    expect(code).toBe(1);
    expect(stdout).toContain('  PLUGIN_INTEGRITY_FAILED: The files of plugin "plugin-counter" are not those that its manifest names:\n    "count.ts" was changed\n');
  });

  test('finds a manifest that was changed after it was signed', async () => {
    const { folder } = await signedCounter(pluginsFolder());
    const file = path.join(folder, 'plugin.manifest.json');
    expect((await omnipaw(['plugins', 'validate', folder])).stdout).toMatch(/signed by [A-Za-z0-9+/]{43}=\n$/);
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('Counts.', 'Counts well.'));
    const { code, stdout } = await omnipaw(['plugins', 'validate', folder]);
    expect(code).toBe(1);
    expect(stdout).toContain('PLUGIN_SIGNATURE_INVALID');
  });

  test('is a wrong call without a folder', async () => {
    const { code, stderr } = await omnipaw(['plugins', 'validate', path.join(temporaryFolder(), 'nowhere')]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/There is no folder .*nowhere\. A plugin is a folder with a plugin\.manifest\.json\./);
  });

  test('judges the others where one folder is not there, and is a wrong call all the same', async () => {
    const folder = counterIn(pluginsFolder());
    const { code, stdout, stderr } = await omnipaw(['plugins', 'validate', path.join(temporaryFolder(), 'nowhere'), folder]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: `✓ ${folder}: plugin-counter 1.0.0, 1 tool, 1 agent, without digests of its files\n` });
    expect(stderr).toContain('There is no folder ');
  });
});

describe('plugins list', () => {
  test('says what each plugin has, asks for, and why one is not good', async () => {
    const plugins = pluginsFolder();
    counterIn(plugins);
    counterIn(plugins, { ...COUNTER, omnipaw: '^9.0.0' }, 'plugin-later');
    const { code, stdout } = await omnipaw(['plugins', 'list', '--plugins', plugins]);
    expect(code).toBe(0);
    expect(stdout).toContain(
      [
        `✓ plugin-counter 1.0.0 in ${path.join(plugins, 'plugin-counter')}`,
        '  tools      counter.count',
        '  agents     counter.twice',
        '  asks for   memory',
        '  signed by  nobody',
        `✗ ${path.join(plugins, 'plugin-later')}`,
      ].join('\n'),
    );
    expect(stdout).toMatch(/\/omnipaw does not hold the kernel that is here/);
  });

  test('names a link, which a loader refuses whatever it leads to', async () => {
    const [plugins, elsewhere] = [pluginsFolder(), pluginsFolder()];
    counterIn(plugins);
    fs.symlinkSync(counterIn(elsewhere), path.join(plugins, 'linked'));
    fs.symlinkSync('nowhere', path.join(plugins, 'dangling'));
    const { stdout } = await omnipaw(['plugins', 'list', '--plugins', plugins]);
    expect(stdout).toContain(`✗ ${path.join(plugins, 'dangling')}\n  PLUGIN_REFUSED: dangling is a link, and the folder of a plugin is none. Put the folder itself there`);
    const listed = JSON.parse((await omnipaw(['plugins', 'list', '--plugins', plugins, '--json'])).stdout) as { plugins: { folder: string; ok: boolean; error?: unknown }[] };
    const loader = await new PluginLoader({ folder: plugins, grants: { 'plugin-counter': ['memory'] }, workers: 1 }).load();
    await loader.close();
    expect(listed.plugins.flatMap(({ folder, ok }) => (ok ? [folder] : []))).toEqual(loader.loaded.map(({ folder }) => folder));
    expect(listed.plugins.flatMap(({ folder, error }) => (error === undefined ? [] : [{ folder, ...(error as { code: string; message: string }) }]))).toEqual(loader.rejected.map(({ folder, error: { code, message } }) => ({ folder, code, message })));
  });

  test('holds signatures against the keys that are trusted', async () => {
    const plugins = pluginsFolder();
    const { publicKey } = await signedCounter(plugins);
    const other = path.join(temporaryFolder(), 'other.pub');
    fs.writeFileSync(other, generateKeyPair().publicKey);
    const list = async (key: string) => JSON.parse((await omnipaw(['plugins', 'list', '--plugins', plugins, '--trusted-key', key, '--json'])).stdout) as unknown;
    expect(await list(publicKey)).toMatchObject({ plugins: [{ ok: true, name: 'plugin-counter', tools: ['counter.count'], permissions: ['memory'], signedBy: expect.any(String) as unknown }] });
    expect(await list(other)).toMatchObject({ plugins: [{ ok: false, name: 'plugin-counter', error: { code: 'PLUGIN_UNTRUSTED' } }] });
  });

  test('says that a manifest has signed by a key only where it has', async () => {
    const plugins = pluginsFolder();
    const { folder } = await signedCounter(plugins);
    const list = async () => (await omnipaw(['plugins', 'list', '--plugins', plugins])).stdout;
    expect(await list()).toMatch(/\n {2}signed by {2}[A-Za-z0-9+/]{43}=\n$/);
    const file = path.join(folder, 'plugin.manifest.json');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('Counts.', 'Counts well.'));
    const forged = await list();
    expect(forged).toMatch(/PLUGIN_SIGNATURE_INVALID[^]*\n {2}names the key {2}[A-Za-z0-9+/]{43}=\n$/);
    expect(forged).not.toContain('signed by');
  });

  test('is a wrong call for a plugin itself, of which nothing is a plugin', async () => {
    const folder = counterIn(pluginsFolder());
    for (const argv of [['plugins', 'list'], ['run', program('caller.ts'), '--log', path.join(temporaryFolder(), 'log')]]) {
      const { code, stderr } = await omnipaw([...argv, '--plugins', folder]);
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(`${folder} is a plugin itself. Name the folder that it is in with --plugins: ${path.dirname(folder)}`) as unknown });
    }
  });

  test('is a wrong call where there is no such folder', async () => {
    const { code, stderr } = await omnipaw(['plugins', 'list', '--plugins', path.join(temporaryFolder(), 'none')]);
    expect(code).toBe(2);
    expect(stderr).toContain('Name the folder that has a folder for each plugin with --plugins.');
  });
});

test('a package that is absent is told apart from one that is broken', async () => {
  const missing = (what: string) => (): Promise<unknown> => Promise.reject(Object.assign(new Error(`Cannot find package '${what}' imported from here`), { code: 'ERR_MODULE_NOT_FOUND' }));
  expect(await installed(missing('@omnipaw/plugins'), '@omnipaw/plugins')).toBeUndefined();
  await expect(installed(missing('ajv'), '@omnipaw/plugins')).rejects.toThrow("'ajv'");
});
