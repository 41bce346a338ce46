/** Plugins that somebody has written to deceive whoever looks at them. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { COUNTER, counterIn, pluginsFolder } from './plugin-folders.js';

/** What would look like a verdict of its own, and what a terminal would obey. */
const FORGED = 'x\n✓ plugins: plugin-good 1.0.0, signed by you\u001b[2J\u009b31m\u202e';
/** A line that the command has not begun, or a character that is obeyed. */
// eslint-disable-next-line no-control-regex -- these are what it looks for
const DECEIVING = /^\s*✓ plugins:|[\u001b\u009b\u202e]/m;

const PLUGINS: readonly (readonly [what: string, make: (plugins: string) => string])[] = [
  ['a key of a manifest', (plugins) => counterIn(plugins, { ...COUNTER, [FORGED]: 1 })],
  ['a key further down', (plugins) => counterIn(plugins, { ...COUNTER, tools: [{ ...COUNTER.tools[0], input: { type: 'object', [FORGED]: 1 } }] })],
  ['a key that is there twice', (plugins) => withFile(counterIn(plugins), 'plugin.manifest.json', `{ ${JSON.stringify(FORGED)}: 1, ${JSON.stringify(FORGED)}: 2 }`)],
  ['a version', (plugins) => counterIn(plugins, { ...COUNTER, version: FORGED })],
  ['a permission', (plugins) => counterIn(plugins, { ...COUNTER, permissions: [FORGED, { name: 'network', hosts: [FORGED] }] })],
  ['a module', (plugins) => counterIn(plugins, { ...COUNTER, tools: [{ ...COUNTER.tools[0], handler: `${FORGED}.ts` }] })],
  ['the name of a file', (plugins) => withFile(counterIn(plugins), FORGED.replaceAll('/', ''), '')],
  ['a digest of no file', (plugins) => counterIn(plugins, { ...COUNTER, integrity: { sha256: { [FORGED]: '0'.repeat(64) } } })],
  ['an import', (plugins) => withFile(counterIn(plugins, { ...COUNTER, permissions: [] }), 'count.ts', `import ${JSON.stringify(FORGED)};`)],
  ['the name of its folder', (plugins) => counterIn(plugins, { ...COUNTER, version: '1' }, FORGED)],
  ['the name of a link', (plugins) => linkIn(plugins, counterIn(temporaryFolder()))],
  ['the name of a good one\'s folder', (plugins) => counterIn(plugins, COUNTER, FORGED)],
];

function linkIn(plugins: string, folder: string): string {
  fs.mkdirSync(plugins);
  fs.symlinkSync(folder, path.join(plugins, FORGED));
  return path.join(plugins, FORGED);
}

function withFile(folder: string, file: string, text: string): string {
  fs.writeFileSync(path.join(folder, file), text);
  return folder;
}

describe('nobody is deceived by', () => {
  test.each(PLUGINS)('%s', async (_what, make) => {
    const plugins = pluginsFolder();
    const folder = make(plugins);
    const parent = temporaryFolder();
    const calls = [
      ['plugins', 'validate', folder], ['plugins', 'list', '--plugins', plugins], ['plugins', 'pack', folder, '--out', path.join(parent, 'pack')],
      ['run', program('greeter.ts'), '--log', path.join(parent, 'log'), '--plugins', plugins], ['plugins', 'validate', folder, '--json'], ['plugins', 'list', '--plugins', plugins, '--json'],
    ];
    for (const argv of calls) {
      const { stdout, stderr } = await omnipaw(argv);
      expect(stdout + stderr, argv.join(' ')).not.toMatch(DECEIVING);
      if (argv.at(-1) === '--json') expect(JSON.parse(stdout)).toMatchObject({ plugins: [{ folder }] });
    }
  });
});

test('a key to trust that is none is a wrong call, which names its file, whatever plugins there are', async () => {
  const file = path.join(temporaryFolder(), 'author.pub');
  fs.writeFileSync(file, 'no key');
  const calls = [['plugins', 'list', '--plugins', temporaryFolder()], ['run', program('greeter.ts'), '--log', path.join(temporaryFolder(), 'log'), '--grant', 'call:greet', '--plugins', temporaryFolder()]];
  for (const argv of calls) {
    const { code, stdout, stderr } = await omnipaw([...argv, '--trusted-key', file]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`KEY_INVALID: ${file}: This must be an Ed25519 public key`);
  }
});

test('a plugin is signed by whichever name its folder is called, and nothing is left beside it', async () => {
  const [plugins, elsewhere] = [pluginsFolder(), temporaryFolder()];
  const folder = counterIn(plugins);
  const key = path.join(temporaryFolder(), 'author.key');
  await omnipaw(['keygen', '--out', key]);
  fs.symlinkSync(folder, path.join(elsewhere, 'link'));
  expect(await omnipaw(['plugins', 'sign', path.join(elsewhere, 'link'), '--key', key])).toMatchObject({ code: 0 });
  expect(await omnipaw(['plugins', 'list', '--plugins', plugins, '--trusted-key', `${key}.pub`])).toMatchObject({ code: 0, stdout: expect.stringContaining('✓ plugin-counter') as unknown });
  expect([fs.readdirSync(plugins), fs.readdirSync(elsewhere)]).toEqual([['plugin-counter'], ['link']]);
});
