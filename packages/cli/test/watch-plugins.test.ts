/** `run --watch`: plugins that change during a run. */
import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, readEntries, type Entry } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, start, temporaryFolder, type Running } from './command.js';
import { COUNTER, grantsFile, pluginsFolder } from './plugin-folders.js';

const MANIFEST = { ...COUNTER, name: 'plugin-word', permissions: [], tools: [{ name: 'word.say', description: 'Says a word.', input: { type: 'object' }, handler: 'say.ts' }], agents: undefined };

interface Listening extends Running {
  readonly log: string;
  readonly folder: string;
  /** Writes the word, and waits until the command has said something like that. */
  readonly say: (code: string, until: RegExp) => Promise<void>;
}

const saying = (word: string): string => `export default () => ${JSON.stringify(word)};\n`;

/** An agent that listens to a plugin, and has heard it. */
async function listen({ permissions = [], packages = 0 }: { readonly permissions?: readonly string[]; readonly packages?: number } = {}): Promise<Listening> {
  const [plugins, log] = [pluginsFolder(), path.join(temporaryFolder(), 'log')];
  const folder = path.join(plugins, 'plugin-word');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify({ ...MANIFEST, permissions }));
  fs.writeFileSync(path.join(folder, 'say.ts'), saying('one'));
  if (packages > 0) fs.mkdirSync(path.join(folder, 'node_modules/large'), { recursive: true });
  for (let index = 0; index < packages; index++) fs.writeFileSync(path.join(folder, `node_modules/large/${index}.js`), '');
  const running = start(['run', program('listening.ts'), '--log', log, '--grant', 'call:word.say', '--plugins', plugins, '--plugin-grants', grantsFile({ 'plugin-word': permissions }), '--watch']);
  while (!fs.existsSync(log) || !(await callsIn(log)).some(({ kind }) => kind === 'TOOL_RESULT')) await new Promise((resolve) => { setTimeout(resolve, 20); });
  const say: Listening['say'] = async (code, until) => {
    fs.writeFileSync(path.join(folder, 'say.ts'), code);
    await running.stderr.until((text) => until.test(text));
  };
  return { ...running, log, folder, say };
}

async function callsIn(log: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  try {
    for await (const entry of readEntries(new FileLogReader(log))) entries.push(entry as unknown as Entry);
  } catch {
    // It has only begun.
  }
  return entries;
}

describe('run --watch', () => {
  test('gives the calls that come the new code of a plugin, and the log names it', async () => {
    const { say, done, stdout, log } = await listen();
    await say(saying('two'), /↻ plugin-word 1\.0\.0 has changed: calls from now on have its code [0-9a-f]{12}…\./);
    await say(saying('stop'), /(?:↻[^]*){2}/);
    expect(await done).toBe(0);
    expect(stdout.text).toMatch(/^one (?:two )?stop\n$/);
    const origins = (await callsIn(log)).flatMap((entry) => (entry.kind === 'TOOL_CALLED' ? [/ code (\S+)/.exec(entry.data.origin!)![1]] : []));
    expect(new Set(origins).size).toBeGreaterThan(1);
    expect(await omnipaw(['replay', program('listening.ts'), '--log', log])).toMatchObject({ code: 0 });
  });

  test('says why a change can\'t be taken up, once, and goes on with what was there', async () => {
    const { say, done, stdout, stderr } = await listen();
    await say('export default () => {', /warning: The plugin in \S+plugin-word has changed and stays what it was: PLUGIN_BUNDLE_FAILED: "say\.ts" could not be bundled: say\.ts:1:\d+/);
    await say(saying('stop'), /↻/);
    expect(await done).toBe(0);
    expect(stdout.text).toBe('one stop\n');
    expect(stderr.text.match(/stays what it was/g)).toHaveLength(1);
  });

  test.each<[string, object]>([
    ['other tools and other schemas', { tools: [...MANIFEST.tools, { ...MANIFEST.tools[0], name: 'word.more' }] }],
    ['other schemas', { tools: [{ ...MANIFEST.tools[0], input: { type: 'object', maxProperties: 3 } }] }],
    ['another version', { version: '1.0.1' }],
  ])('says that it takes another start to take up %s, and goes on with what was there', async (what, changes) => {
    const { folder, say, done, stdout, stderr } = await listen();
    const file = path.join(folder, 'plugin.manifest.json');
    fs.writeFileSync(file, JSON.stringify({ ...MANIFEST, ...changes }));
    await stderr.until((text) => /plugin-word has changed and stays what it was: PLUGIN_REFUSED: .*\. Start it again to take that up\./.test(text));
    expect(stderr.text).toContain(`can't be loaded anew: it has ${what} than what the kernel was started with.`);
    fs.writeFileSync(file, JSON.stringify(MANIFEST));
    await say(saying('stop'), /↻/);
    expect(await done).toBe(0);
    expect(stdout.text).toBe('one stop\n');
  });

  test('says of permissions alone that they are others, and where to grant what is missing', async () => {
    const { folder, say, done, stderr } = await listen({ permissions: ['memory'] });
    const write = (permissions: readonly string[]): void => { fs.writeFileSync(path.join(folder, 'plugin.manifest.json'), JSON.stringify({ ...MANIFEST, permissions })); };
    write([]);
    await stderr.until((text) => text.includes('↻ plugin-word 1.0.0 has changed: it has other permissions, which count from now on.\n'));
    write(['shell']);
    await stderr.until((text) => /stays what it was: PLUGIN_PERMISSION_MISSING: Plugin "plugin-word" asks for more than it is granted:\n {4}shell, [^\n]*\n {2}If it should have that, [^\n]*\n {2}That is in \S+plugins\.grants\.json: "plugin-word": \["memory","shell"\]\n/.test(text));
    write([]);
    await say(saying('stop'), /now on have its code/);
    expect(await done).toBe(0);
  });

  test('sees what changes beside packages with more files than anybody looks at', async () => {
    const { say, done, stdout } = await listen({ packages: 5_001 });
    await say(saying('stop'), /↻/);
    expect(await done).toBe(0);
    expect(stdout.text).toBe('one stop\n');
  });

  test('takes up another package once it is installed', async () => {
    const { folder, say, done, stdout } = await listen({ packages: 1 });
    await say('import word from "word"; export default () => word;\n', /"word" was not found/);
    fs.mkdirSync(path.join(folder, 'node_modules/word'));
    fs.writeFileSync(path.join(folder, 'node_modules/word/index.js'), 'module.exports = "stop";');
    // As npm does when it is done.
    fs.writeFileSync(path.join(folder, 'node_modules/.package-lock.json'), '{}');
    expect(await done).toBe(0);
    expect(stdout.text).toBe('one stop\n');
  });

  test('takes up a file that took the place of another one, as editors write them, and one of many small writes', async () => {
    const { folder, done, stdout, stderr } = await listen();
    const file = path.join(folder, 'say.ts');
    for (let part = 0; part < 20; part++) fs.appendFileSync(file, `// ${part}\n`);
    const other = path.join(path.dirname(path.dirname(folder)), 'say.ts.new');
    fs.writeFileSync(other, saying('stop'));
    fs.renameSync(other, file);
    expect(await done).toBe(0);
    expect(stdout.text).toBe('one stop\n');
    expect(stderr.text.match(/↻/g)).toHaveLength(1);
  });

  test('goes on while a plugin is gone, and takes it up when it is there again', async () => {
    const { folder, say, done, stderr } = await listen();
    fs.renameSync(folder, `${folder}-away`);
    await stderr.until((text) => text.includes('stays what it was: PLUGIN_MANIFEST_INVALID'));
    fs.renameSync(`${folder}-away`, folder);
    await say(saying('stop'), /↻/);
    expect(await done).toBe(0);
  });

  test('ends with the run', async () => {
    const { signals, done, folder, stderr } = await listen();
    signals.emit('SIGINT');
    expect(await done).toBe(130);
    const before = stderr.text;
    fs.writeFileSync(path.join(folder, 'say.ts'), saying('stop'));
    await new Promise((resolve) => { setTimeout(resolve, 700); });
    expect(stderr.text).toBe(before);
  });

  test('is a wrong call without plugins', async () => {
    const { code, stderr } = await omnipaw(['run', program('greeter.ts'), '--log', path.join(temporaryFolder(), 'log'), '--watch']);
    expect(code).toBe(2);
    expect(stderr).toContain('--watch is for plugins, and there are none.');
  });
});
