/** Logs of runs with plugins: replayed, forked and taken up, with the plugins, with other ones, and without. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { COUNTER, counterIn, grantsFile, pluginsFolder } from './plugin-folders.js';

interface Run {
  readonly plugins: string;
  readonly log: string;
}

/** A log of a run whose agent calls the tool of a plugin twice; or of an agent of the plugin. */
async function counted(more: readonly string[] = []): Promise<Run> {
  const [plugins, log] = [pluginsFolder(), path.join(temporaryFolder(), 'log')];
  counterIn(plugins);
  const done = await omnipaw(['run', program('counting.ts'), '--log', log, '--grant', 'call:counter.*', '--plugins', plugins, '--plugin-grants', grantsFile(), ...more]);
  expect(done.code).toBe(0);
  return { plugins, log };
}

const ofItsAgent = (): Promise<Run> => counted(['--agent', 'counter.twice', '--input', '4']);

const replay = (log: string, more: readonly string[] = []) => omnipaw(['replay', program('counting.ts'), '--log', log, ...more]);

/** The entry of the first result of a tool. */
async function firstResultOf(log: string): Promise<string> {
  const { stdout } = await omnipaw(['tail', '--log', log, '--json', '--kind', 'TOOL_RESULT']);
  return String((JSON.parse(stdout.split('\n')[0]!) as { busSeq: number }).busSeq);
}

describe('replay', () => {
  test('of a tool needs no plugin, and says that it is not there', async () => {
    const { plugins, log } = await counted();
    fs.rmSync(plugins, { recursive: true });
    const { code, stdout } = await replay(log);
    expect(code).toBe(0);
    expect(stdout).toContain('REPRODUCED');
    expect(stdout).toMatch(/Not what it was when the log was written\n {2}plugin-counter 1\.0\.0 {2}not there\n$/);
  });

  test('with the same plugins has nothing to say of them, and needs no grants', async () => {
    const { plugins, log } = await counted();
    const { code, stdout, stderr } = await replay(log, ['--plugins', plugins]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain('Not what it was');
  });

  test('names a plugin that has changed once, by what has changed of it, and reproduces what is on record', async () => {
    const { plugins, log } = await counted();
    fs.writeFileSync(path.join(plugins, 'plugin-counter/count.ts'), 'export default () => { this is no code');
    const { code, stdout } = await replay(log, ['--plugins', plugins]);
    expect(code).toBe(0);
    const [, before, now] = /\n {2}plugin-counter 1\.0\.0 +code ([0-9a-f]{12})… – ([0-9a-f]{12})…\n$/.exec(stdout)!;
    expect(before).not.toBe(now);
    expect(stdout).not.toContain('counter.count');
    fs.writeFileSync(path.join(plugins, 'plugin-counter/plugin.manifest.json'), JSON.stringify({ ...COUNTER, version: '1.1.0' }));
    expect((await replay(log, ['--plugins', plugins])).stdout).toMatch(/\n {2}plugin-counter 1\.0\.0 +version 1\.0\.0 – 1\.1\.0, manifest [0-9a-f]{12}… – [0-9a-f]{12}…, code /);
  });

  test('of a log that two kernels wrote names what has changed since each', async () => {
    const { plugins, log } = await counted();
    const into = path.join(temporaryFolder(), 'fork');
    await omnipaw(['fork', '--log', log, '--at', await firstResultOf(log), '--into', into]);
    fs.appendFileSync(path.join(plugins, 'plugin-counter/count.ts'), '// Changed.\n');
    const resumed = await omnipaw(['resume', program('counting.ts'), '--log', into, '--plugins', plugins, '--plugin-grants', grantsFile()]);
    expect(resumed.code).toBe(0);
    expect(resumed.stderr).toMatch(/^warning: plugin-counter 1\.0\.0 is not what it was when the log was written: code [0-9a-f]{12}… – [0-9a-f]{12}…\. Calls from now on are made with what is there\.\n/);
    fs.appendFileSync(path.join(plugins, 'plugin-counter/count.ts'), '// And again.\n');
    const { stdout } = await replay(into, ['--plugins', plugins]);
    const [, ...lines] = stdout.slice(stdout.indexOf('Not what it was')).trimEnd().split('\n');
    expect(lines).toEqual([1, 2].map(() => expect.stringMatching(/^ {2}plugin-counter 1\.0\.0 {2}code [0-9a-f]{12}… – [0-9a-f]{12}…$/) as unknown));
    expect(new Set(lines).size).toBe(2);
  });

  test('of an agent that a plugin brought needs the plugin, whatever that is granted by now', async () => {
    const { plugins, log } = await ofItsAgent();
    const { code, stdout, stderr } = await replay(log, ['--plugins', plugins]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('REPRODUCED');
  });

  test('of an agent that a plugin brought says which plugin is missing, and how to name it', async () => {
    const { log } = await ofItsAgent();
    expect(await replay(log)).toEqual({
      code: 2, stdout: '',
      stderr: 'error: AGENT_TYPE_NOT_REGISTERED: The log uses the agent "counter.twice" of the plugin plugin-counter@1.0.0, which is not there. Name the folder in which that plugin has its folder: --plugins DIR\n',
    });
  });

  test('of an agent whose plugin is broken by now says that it is left out, too', async () => {
    const { plugins, log } = await ofItsAgent();
    counterIn(plugins, { ...COUNTER, version: 'one' });
    const { code, stderr } = await replay(log, ['--plugins', plugins]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^warning: The plugin in \S+plugin-counter is left out\.\n {2}PLUGIN_MANIFEST_INVALID[^]*error: AGENT_TYPE_NOT_REGISTERED/);
  });

  test('takes nothing that only a run needs', async () => {
    const { plugins, log } = await counted();
    for (const option of ['--watch', '--plugin-grants']) expect(await replay(log, ['--plugins', plugins, option])).toMatchObject({ code: 2, stderr: expect.stringContaining(`unknown option '${option}'`) as unknown });
  });
});

describe('fork', () => {
  test('with plugins goes on at once', async () => {
    const { plugins, log } = await counted();
    const into = path.join(temporaryFolder(), 'fork');
    const argv = ['fork', program('counting.ts'), '--log', log, '--at', await firstResultOf(log), '--into', into, '--plugins', plugins, '--plugin-grants', grantsFile()];
    expect(await omnipaw(argv)).toMatchObject({ code: 0, stdout: '5\n' });
    expect(await replay(into, ['--plugins', plugins])).toMatchObject({ code: 0 });
  });

  test('of an agent of a plugin says which plugin is missing, and leaves nothing', async () => {
    const { log } = await ofItsAgent();
    const into = path.join(temporaryFolder(), 'fork');
    const { code, stderr } = await omnipaw(['fork', program('counting.ts'), '--log', log, '--at', await firstResultOf(log), '--into', into]);
    expect(code).toBe(2);
    expect(stderr).toContain('of the plugin plugin-counter@1.0.0, which is not there');
    expect(fs.existsSync(into)).toBe(false);
  });

  test('takes plugins only with a program that goes on', async () => {
    const { plugins, log } = await counted();
    const { code, stderr } = await omnipaw(['fork', '--log', log, '--at', '3', '--into', path.join(temporaryFolder(), 'fork'), '--plugins', plugins]);
    expect(code).toBe(2);
    expect(stderr).toContain('--plugins is for a fork that goes on at once');
  });
});

test('diff tells that a plugin was another one, as it does of programs, and what-if needs none', async () => {
  const one = await counted();
  const [plugins, other] = [pluginsFolder(), path.join(temporaryFolder(), 'log')];
  fs.appendFileSync(path.join(counterIn(plugins), 'count.ts'), '// Changed.\n');
  await omnipaw(['run', program('counting.ts'), '--log', other, '--grant', 'call:counter.*', '--plugins', plugins, '--plugin-grants', grantsFile()]);
  const { code, stdout } = await omnipaw(['diff', one.log, other]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/entry 3 TOOL_CALLED[^]*\$\.data\.origin +"plugin-counter@1\.0\.0 manifest [^]*\$\.tools\["counter\.count"\]\.digest/);
  expect(await omnipaw(['what-if', '--log', one.log, '--deny', 'call:counter.*'])).toMatchObject({ code: 1, stdout: expect.stringContaining('call counter.count') as unknown });
});
