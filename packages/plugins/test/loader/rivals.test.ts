/** Folders that say to be the same plugin: none gets what was granted to another one. */
import path from 'node:path';
import { PluginLoader } from '@omnipaw/plugins';
import { expect, onTestFinished, test } from 'vitest';
import { folderWith } from '../support/folder.js';

const manifest = (changes: object = {}): string => JSON.stringify({
  name: 'plugin-weather', version: '1.0.0', description: 'Is there.', license: 'MIT', omnipaw: '>=0.0.0', permissions: ['shell'],
  tools: [{ name: 'weather.it', description: 'Does it.', input: { type: 'object' }, handler: 'it.ts' }], ...changes,
});

async function load(folders: Readonly<Record<string, string>>) {
  const files = Object.entries(folders).flatMap(([folder, text]) => [[`${folder}/plugin.manifest.json`, text], [`${folder}/it.ts`, 'export default () => 1;']]);
  const plugins = await new PluginLoader({ folder: folderWith(Object.fromEntries(files) as Record<string, string>), grants: { 'plugin-weather': ['shell'] }, workers: 1 }).load();
  onTestFinished(() => plugins.close());
  return { loaded: plugins.loaded.map(({ folder }) => path.basename(folder)), rejected: plugins.rejected.map(({ folder, error }) => [path.basename(folder), error.code, error.message]) };
}

test('the one whose folder has the name is the plugin, wherever the others stand in the alphabet', async () => {
  expect(await load({ aaa: manifest(), 'plugin-weather': manifest(), zzz: manifest({ version: '2.0.0' }) })).toEqual({
    loaded: ['plugin-weather'],
    rejected: ['aaa', 'zzz'].map((folder) => [folder, 'PLUGIN_REFUSED', `Plugin "plugin-weather" in ${folder} has the name that the plugin in plugin-weather has. Take one of them away.`]),
  });
});

test('where none of their folders has the name, none is loaded', async () => {
  const { loaded, rejected } = await load({ aaa: manifest(), weather: manifest() });
  expect(loaded).toEqual([]);
  expect(rejected).toEqual([['aaa', 'PLUGIN_REFUSED', expect.stringMatching(/the plugin in weather has, .*name the folder of that one "plugin-weather"/)], ['weather', 'PLUGIN_REFUSED', expect.stringContaining('the plugin in aaa has')]]);
});

test('a name that is no name of another one makes no rivals, and a folder may be called as it likes', async () => {
  const { loaded, rejected } = await load({ aaa: manifest(), bbb: '{', ccc: manifest({ name: 7 }), ddd: 'null' });
  expect(loaded).toEqual(['aaa']);
  expect(rejected.map(([folder, code]) => [folder, code])).toEqual(['bbb', 'ccc', 'ddd'].map((folder) => [folder, 'PLUGIN_MANIFEST_INVALID']));
});
