import { createRequire } from 'node:module';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { teamLog } from './logs.js';
import { ClosedPipe, Sink } from './sink.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
const COMMANDS = ['run', 'verify', 'inspect', 'tail', 'dashboard', 'keygen', 'sign', 'receipt'];

describe('help', () => {
  test.each([['--help'], ['-h'], ['help']])('%s lists the commands and the exit codes', async (argument) => {
    const { code, stdout, stderr } = await omnipaw([argument]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(stdout).toContain('Exit codes:\n  0  ');
  });

  test.each(COMMANDS)('%s --help says what it takes', async (command) => {
    const { code, stdout } = await omnipaw([command, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: omnipaw ${command} [options]`);
    if (command !== 'keygen') expect(stdout).toContain('--log <dir>');
    expect(stdout).toContain('--json');
  });

  test('comes unasked, as a wrong call, where no command is named', async () => {
    const { code, stdout, stderr } = await omnipaw([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: omnipaw');
  });

  test('uses the width that the terminal has', async () => {
    const stdout = new Sink({ isTTY: true, columns: 70 });
    await omnipaw(['run', '--help'], { stdout });
    expect(Math.max(...stdout.lines.map(({ length }) => length))).toBeLessThanOrEqual(70);
  });
});

test('--version says the version', async () => {
  expect(await omnipaw(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
});

describe('a wrong call', () => {
  test.each([
    [['verfy', '--log', 'x'], "error: unknown command 'verfy'\n(Did you mean verify?)"],
    [['verify', '--log', 'x', '--requirepin'], "error: unknown option '--requirepin'\n(Did you mean --require-pin?)"],
    [['verify'], "error: required option '--log <dir>' not specified"],
    [['verify', '--log'], "error: option '--log <dir>' argument missing"],
    [['verify', '--log', 'x', '--pin', 'abc'], "error: option '--pin <hash>' argument 'abc' is invalid. A pin is the hash of an entry: 64 hexadecimal digits."],
    [['inspect', '--log', 'x', '--at', 'end'], 'It must be a whole number from 0.'],
    [['sign', '--log', 'x'], "error: required option '--key <file>' not specified"],
    [['receipt', '--log', 'x'], "error: required option '--at <seq>' not specified"],
    [['receipt', '--at', '3'], "error: required option '--log <dir>' not specified"],
    [['run', '--log', 'x'], "error: missing required argument 'program'"],
    [['run', 'a.ts', 'b.ts', '--log', 'x'], 'error: too many arguments'],
    [['run', 'a.ts', '--log', 'x', '--grant', 'greet'], '"greet" is not a grant. Write action:resource, for instance call:host.fs.*; actions: call, '],
  ])('%j ends with 2, a reason, and nothing on standard output', async ([command, ...rest], reason) => {
    const { code, stdout, stderr } = await omnipaw([command!, ...(command === 'verfy' ? [] : ['--json']), ...rest]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(reason);
  });
});

describe('something unexpected', () => {
  const argv = (): string[] => ['run', program('only.ts'), '--log', '/dev/null/log'];

  test('is one clear line', async () => {
    const { code, stderr } = await omnipaw(argv());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: LOG_WRITE_FAILED: The log in \/dev\/null\/log could not be opened for writing: .*\n$/);
  });

  test('is a whole story for those who ask, by --verbose or by DEBUG', async () => {
    for (const [rest, env] of [[['--verbose'], {}], [[], { DEBUG: '1' }]] as const) {
      const { stderr } = await omnipaw([...argv(), ...rest], { env });
      expect(stderr).toMatch(/\n {4}at /);
      expect(stderr).toContain('[cause]');
    }
  });

  test('is an object for scripts', async () => {
    const { stdout } = await omnipaw([...argv(), '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'LOG_WRITE_FAILED', message: expect.any(String) as string } });
  });
});

describe('a reader', () => {
  test('that goes away changes no verdict and causes no complaint', async () => {
    const { log } = await teamLog();
    for (const [rest, expected] of [[[], 0], [['--require-pin', '--json'], 1]] as const) {
      const { code, stderr } = await omnipaw(['verify', '--log', log, ...rest], { stdout: new ClosedPipe() });
      expect(code).toBe(expected);
      expect(stderr).not.toContain('EPIPE');
    }
  });

  test('that is slow is waited for', async () => {
    const { log, entries } = await teamLog();
    let text = '';
    const stdout = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        text += chunk.toString();
        setImmediate(done);
      },
    });
    const { code } = await omnipaw(['tail', '--log', log, '--json'], { stdout });
    expect(code).toBe(0);
    expect(text.split('\n')).toHaveLength(entries + 1);
  });

  test('that cannot take all, since the disk is full, is a failure', async () => {
    const { log } = await teamLog();
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error('no space left'), { code: 'ENOSPC' })) });
    const { code, stderr } = await omnipaw(['verify', '--log', log], { stdout });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: (The output could not be written: )?ENOSPC: no space left/);
  });
});

test('A command that is called for nothing leaves nothing behind', async () => {
  const folder = temporaryFolder();
  await omnipaw(['verify', '--log', `${folder}/log`]);
  await omnipaw(['run', 'nowhere.ts', '--log', `${folder}/log`]);
  expect((await omnipaw(['tail', '--log', `${folder}/log`])).code).toBe(2);
});
