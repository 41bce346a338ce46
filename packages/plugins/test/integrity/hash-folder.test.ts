import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FOLDER_LIMITS, hashFolder, MANIFEST_FILE, verifyInputs, verifyIntegrity } from '@omnipaw/plugins';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../support/folder.js';

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
const files = { [MANIFEST_FILE]: '{}', 'src/b.ts': 'b', 'src/a.ts': 'a', 'README.md': '', 'node_modules/x/index.js': 'x', 'src/plugin.manifest.json': '{}' };
const refused = (says: string) => expect.objectContaining({ code: 'PLUGIN_INTEGRITY_FAILED', message: expect.stringContaining(says) as string });

describe('the digests of a folder', () => {
  test('are those of all of its files but the manifest, sorted, with / between the parts', async () => {
    const digests = await hashFolder(folderWith(files));
    expect(Object.entries(digests)).toEqual([
      ['README.md', sha256('')], ['node_modules/x/index.js', sha256('x')], ['src/a.ts', sha256('a')], ['src/b.ts', sha256('b')], ['src/plugin.manifest.json', sha256('{}')],
    ]);
  });

  test('are right for a file of many chunks', async () => {
    const content = 'omnipaw'.repeat(50_000);
    expect(await hashFolder(folderWith({ large: content }))).toEqual({ large: sha256(content) });
  });

  test.each([
    ['a link to a file', (folder: string) => { symlinkSync('/etc/hostname', path.join(folder, 'src/link.ts')); }, '"src/link.ts" in the folder of the plugin is a symbolic link; a plugin has regular files only'],
    ['a link within the folder', (folder: string) => { symlinkSync('a.ts', path.join(folder, 'src/link.ts')); }, '"src/link.ts" in the folder of the plugin is a symbolic link'],
    ['a link to a directory', (folder: string) => { symlinkSync('/etc', path.join(folder, 'etc')); }, '"etc" in the folder of the plugin is a symbolic link'],
    ['a link to nothing', (folder: string) => { symlinkSync('nowhere', path.join(folder, 'gone')); }, '"gone" in the folder of the plugin is a symbolic link'],
    ['a link around in a circle', (folder: string) => { symlinkSync('.', path.join(folder, 'again')); }, '"again" in the folder of the plugin is a symbolic link'],
    ['a pipe', (folder: string) => { execFileSync('mkfifo', [path.join(folder, 'pipe')]); }, '"pipe" in the folder of the plugin is a pipe'],
    ['a name that Windows takes for something else', (folder: string) => { writeFileSync(path.join(folder, 'x.ts:y'), ''); }, '"x.ts:y" in the folder of the plugin has the character ":"'],
    ['a name with a backslash', (folder: string) => { writeFileSync(path.join(folder, 'a\\b.ts'), ''); }, 'has a backslash'],
    ['a name that another file has, by upper and lower case', (folder: string) => { writeFileSync(path.join(folder, 'src/A.ts'), ''); }, 'differs from "'],
    ['a name that another folder has, with another letter of the same lower case', (folder: string) => { mkdirSync(path.join(folder, '\u017frc')); }, 'by upper and lower case only'],
    ['a manifest in other letters', (folder: string) => { writeFileSync(path.join(folder, 'Plugin.manifest.json'), ''); }, 'by upper and lower case only'],
    ['a name that can\'t be seen', (folder: string) => { writeFileSync(path.join(folder, 'a\u200b.ts'), ''); }, 'has a character that cannot be seen'],
  ])('are refused for %s', async (_what, add, says) => {
    const folder = folderWith(files);
    add(folder);
    await expect(hashFolder(folder)).rejects.toThrow(refused(says));
  });

  test('leave out the programs of packages, which can not be imported either', async () => {
    const folder = folderWith({ ...files, 'node_modules/.bin/y': 'y', 'src/.bin/z': 'z' });
    symlinkSync('../x/index.js', path.join(folder, 'node_modules/.bin/x'));
    const digests = await hashFolder(folder);
    expect(Object.keys(digests).filter((name) => name.includes('.bin'))).toEqual(['src/.bin/z']);
    expect(() => { verifyInputs({ name: 'plugin-x', integrity: { sha256: digests } }, { 'node_modules/.bin/y': sha256('y') }); }).toThrow(refused('node_modules/.bin/y'));
  });

  test('are refused for a hard link, which may be another name of a file outside; not where the digest of each file is known before', async () => {
    const [folder, outside] = [folderWith(files), folderWith({ 'secret.json': '{ "secret": 1 }' })];
    const integrity = { sha256: { ...(await hashFolder(folder)), 'src/c.json': sha256('{ "secret": 1 }') } };
    linkSync(path.join(outside, 'secret.json'), path.join(folder, 'src/c.json'));
    await expect(hashFolder(folder)).rejects.toThrow(refused('"src/c.json" in the folder of the plugin has another name, too, perhaps outside of the folder (a hard link). Put a copy in its place'));
    await expect(verifyIntegrity({ name: 'plugin-x' }, folder)).rejects.toThrow(refused('(a hard link)'));
    expect(await verifyIntegrity({ name: 'plugin-x', integrity }, folder)).toEqual(integrity.sha256);
  });

  test('are refused for packages that are links, with what makes pnpm install them as files', async () => {
    const folder = folderWith({ 'node_modules/.pnpm/dep@1.0.0/node_modules/dep/index.js': '1' });
    symlinkSync('.pnpm/dep@1.0.0/node_modules/dep', path.join(folder, 'node_modules/dep'));
    await expect(hashFolder(folder)).rejects.toThrow(refused('"node_modules/dep" in the folder of the plugin is a symbolic link; a plugin has regular files only. With pnpm, set "nodeLinker: hoisted" and "packageImportMethod: copy".'));
  });

  test('are refused for more directories than there may be files, without a look at them all', async () => {
    const folder = folderWith({});
    for (let index = 0; index < 40; index++) mkdirSync(path.join(folder, `d${index}`));
    // Of a name that is not looked at nothing is said.
    writeFileSync(path.join(folder, 'd0/a:b'), '');
    await expect(hashFolder(folder, { ...FOLDER_LIMITS, files: 39 })).rejects.toThrow(refused('is one too many; a plugin may have 39 files and directories'));
    rmSync(path.join(folder, 'd0/a:b'));
    expect(await hashFolder(folder, { ...FOLDER_LIMITS, files: 40 })).toEqual({});
  });

  test.each([
    ['files', { files: 2 }, 'is one too many; a plugin may have 2 files and directories'],
    ['bytes in a file', { fileBytes: 3 }, '"b" in the folder of the plugin is larger than 3 bytes'],
    ['bytes together', { bytes: 5 }, 'is too much; the files of a plugin may have 5 bytes together'],
    ['levels', { depth: 1 }, '"d/e" in the folder of the plugin is nested deeper than 1 levels'],
  ])('are refused for more %s than there may be', async (_what, limit, says) => {
    const folder = folderWith({ a: 'aaa', b: 'bbbb', 'd/e/c': '' });
    await expect(hashFolder(folder, { ...FOLDER_LIMITS, ...limit })).rejects.toThrow(refused(says));
  });

  test('are refused for a folder that is not there', async () => {
    await expect(hashFolder(path.join(folderWith({}), 'gone'))).rejects.toThrow(refused('"." in the folder of the plugin can\'t be read (ENOENT)'));
  });
});

describe('the files of a plugin', () => {
  test('are those that its manifest names', async () => {
    const folder = folderWith(files);
    const digests = await hashFolder(folder);
    expect(await verifyIntegrity({ name: 'plugin-x', integrity: { sha256: digests } }, folder)).toEqual(digests);
  });

  test('are what they are where it names none', async () => {
    expect(await verifyIntegrity({ name: 'plugin-x' }, folderWith({ a: 'a' }))).toEqual({ a: sha256('a') });
  });

  test('are refused with the names of those that were changed, are missing, and are too many', async () => {
    const folder = folderWith(files);
    const integrity = { sha256: await hashFolder(folder) };
    appendFileSync(path.join(folder, 'src/a.ts'), ' ');
    rmSync(path.join(folder, 'README.md'));
    mkdirSync(path.join(folder, 'constructor'));
    writeFileSync(path.join(folder, 'constructor/toString'), '');
    await expect(verifyIntegrity({ name: 'plugin-x', integrity }, folder)).rejects.toThrow(expect.objectContaining({
      code: 'PLUGIN_INTEGRITY_FAILED',
      message: `The files of plugin "plugin-x" are not those that its manifest names:
  "src/a.ts" was changed
  "README.md" is missing
  "constructor/toString" does not belong to it
Get the plugin anew; or if the changes are yours, sign it anew.`,
      details: { plugin: 'plugin-x', changed: ['src/a.ts'], missing: ['README.md'], added: ['constructor/toString'] },
    }));
  });

  test('may be some of those where they are bundled, and no others', () => {
    const manifest = { name: 'plugin-x', integrity: { sha256: { 'a.ts': sha256('a'), 'b.ts': sha256('b') } } };
    verifyInputs(manifest, { 'a.ts': sha256('a') });
    verifyInputs({ name: 'plugin-x' }, { 'c.ts': sha256('c') });
    expect(() => verifyInputs(manifest, { 'a.ts': sha256('b') })).toThrow(refused('"a.ts" was changed'));
    expect(() => verifyInputs(manifest, { 'c.ts': sha256('c') })).toThrow(refused('"c.ts" does not belong to it'));
  });
});
