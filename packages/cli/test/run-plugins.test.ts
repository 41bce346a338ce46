import fs from 'node:fs';
import path from 'node:path';
import { generateKeyPair } from '@omnipaw/attest';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder, type Finished } from './command.js';
import { COUNTER, counterIn, grantsFile, pluginsFolder } from './plugin-folders.js';

interface Given {
  readonly plugins: string;
  readonly log?: string;
  readonly grants?: unknown;
  readonly more?: readonly string[];
}

function run({ plugins, log = temporaryFolder(), grants = { 'plugin-counter': ['memory'] }, more = [] }: Given): Promise<Finished> {
  return omnipaw(['run', program('counting.ts'), '--log', log, '--grant', 'call:counter.*', '--plugins', plugins, '--plugin-grants', grantsFile(grants), ...more]);
}

describe('run --plugins', () => {
  test('has the tools of plugins, and a replay needs none', async () => {
    const [plugins, log] = [pluginsFolder(), temporaryFolder()];
    counterIn(plugins);
    expect(await run({ plugins, log })).toMatchObject({ code: 0, stdout: '5\n' });
    expect(await omnipaw(['replay', program('counting.ts'), '--log', log])).toMatchObject({ code: 0 });
  });

  test('runs the agent of a plugin with what its manifest grants it', async () => {
    const plugins = pluginsFolder();
    counterIn(plugins);
    expect(await run({ plugins, more: ['--agent', 'counter.twice', '--input', '4'] })).toMatchObject({ code: 0, stdout: '8\n' });
  });

  test('leaves out a plugin that asks for more than it is granted, says what to write where, and runs', async () => {
    const plugins = pluginsFolder();
    counterIn(plugins, { ...COUNTER, permissions: ['memory', 'shell'] });
    const argv = ['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:greet', '--log', temporaryFolder(), '--plugins', plugins];
    const { code, stdout, stderr } = await omnipaw([...argv, '--plugin-grants', grantsFile({ 'plugin-counter': ['memory'] })]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Hello Ada, good morning!\n' });
    expect(stderr).toMatch(/^warning: The plugin in .*plugin-counter is left out\.\n {2}PLUGIN_PERMISSION_MISSING: [^]*shell, needed by counter\.count\n/);
    expect(stderr).toMatch(/That is in \S+plugins\.grants\.json: "plugin-counter": \["memory","shell"\]\n/);
  });

  test('leaves out a broken plugin, and takes the others', async () => {
    const plugins = pluginsFolder();
    counterIn(plugins);
    counterIn(plugins, { ...COUNTER, name: 'plugin-broken', version: 'one' }, 'broken');
    const { stdout, stderr } = await run({ plugins });
    expect(stdout).toBe('5\n');
    expect(stderr).toMatch(/broken is left out\.\n {2}PLUGIN_MANIFEST_INVALID/);
  });

  test('takes the first of two plugins with one name, from whichever folder', async () => {
    const [one, other] = [pluginsFolder(), pluginsFolder()];
    const twin = [counterIn(one), counterIn(other)][1]!;
    const { stdout, stderr } = await run({ plugins: one, more: ['--plugins', other] });
    expect(stdout).toBe('5\n');
    expect(stderr).toContain(`The plugin in ${twin} is left out.\n  It brings the agent counter.twice, which is there already`);
  });

  test('takes signed plugins only, where keys are trusted', async () => {
    const plugins = pluginsFolder();
    counterIn(plugins);
    const key = path.join(temporaryFolder(), 'other.pub');
    fs.writeFileSync(key, generateKeyPair().publicKey);
    const { code, stderr } = await run({ plugins, more: ['--trusted-key', key] });
    expect(code).toBe(1);
    expect(stderr).toContain('PLUGIN_UNTRUSTED: Plugin "plugin-counter" is not signed');
  });

  test.each<[string, unknown, RegExp]>([
    ['a list', [], /must be an object with a list of permissions for each plugin/],
    ['one permission', { 'plugin-counter': 'memory' }, /what "plugin-counter" is granted must be a list/],
    ['an unknown one', { 'plugin-counter': ['memroy'] }, /"plugin-counter": Granted permission 0 .*Did you mean "memory"\?/],
  ])('is a wrong call with grants that are %s', async (_what, grants, message) => {
    const plugins = pluginsFolder();
    counterIn(plugins);
    const { code, stderr } = await run({ plugins, grants });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

test('resume takes up an agent that uses a plugin', async () => {
  const [plugins, log] = [pluginsFolder(), temporaryFolder()];
  counterIn(plugins);
  await run({ plugins, log });
  // The entry of the first result: the fork goes on behind it.
  const lines = (await omnipaw(['tail', '--log', log, '--json', '--kind', 'TOOL_RESULT'])).stdout.trim().split('\n');
  const { busSeq } = JSON.parse(lines[0]!) as { busSeq: number };
  const into = path.join(temporaryFolder(), 'fork');
  await omnipaw(['fork', '--log', log, '--at', String(busSeq), '--into', into]);
  const resumed = await omnipaw(['resume', program('counting.ts'), '--log', into, '--plugins', plugins, '--plugin-grants', grantsFile({ 'plugin-counter': ['memory'] })]);
  expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('5') as unknown });
});
