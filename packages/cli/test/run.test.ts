import fs from 'node:fs';
import path from 'node:path';
import { FileLogReader, isContradicted, verify } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, start, temporaryFolder } from './command.js';
import { untilStored } from './logs.js';
import { Sink } from './sink.js';

const GREET = [program('greeter.ts'), '--input', '"Ada"'];

describe('a program that completes', () => {
  test('prints its result, and says to people what it did and how to prove it', async () => {
    const log = temporaryFolder();
    const { code, stdout, stderr } = await omnipaw(['run', ...GREET, '--grant', 'call:greet', '--log', log]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Hello Ada, good morning!\n' });
    expect(stderr).toMatch(/^✓ greeter-1 completed in .*: 1 agent, 2 ticks, 1 tool call, no denials; 8 entries in /);
    expect(stderr).toMatch(/omnipaw verify --log \S+ --pin [0-9a-f]{64}\n$/);
  });

  test('gives scripts one object, with the head that verify accepts', async () => {
    const log = temporaryFolder();
    const { code, stdout } = await omnipaw(['run', ...GREET, '--grant', 'call:*', '--log', log, '--json']);
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(report).toEqual({
      ok: true,
      agent: 'greeter-1',
      result: 'Hello Ada, good morning!',
      log,
      head: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      entries: 8,
    });
    const verdict = await verify(new FileLogReader(log), { pin: report['head'] as string });
    expect(isContradicted(verdict, { requirePin: true })).toBe(false);
  });

  test('keeps the codes of errors that its tools throw: there is one kernel in the process', async () => {
    const argv = ['run', program('greeter.ts'), '--agent', 'asker', '--grant', 'call:refuse', '--log', temporaryFolder(), '--json'];
    expect(JSON.parse((await omnipaw(argv)).stdout)).toMatchObject({ ok: true, result: { code: 'OUT_OF_ORDER' } });
  });

  test('prints anything but text as JSON', async () => {
    const argv = ['run', program('team.ts'), '--input', '["a","bcd"]', '--log', temporaryFolder()];
    const grants = ['--grant', 'delegate:worker', '--grant', 'call:measure', '--grant', 'write:shared:team/*'];
    const { code, stdout } = await omnipaw([...argv, ...grants]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ lengths: [1, 3], total: 4 });
    expect(stdout).toContain('\n  "lengths": [\n');
  });

  test('shows a terminal no characters that would command it', async () => {
    const argv = ['run', program('only.ts'), '--input', '"a\\u001b[2Jb"', '--log', temporaryFolder()];
    const stdout = new Sink({ isTTY: true });
    await omnipaw(argv, { stdout });
    expect(stdout.text).toBe('a\\u001b[2Jb\n');
    expect((await omnipaw(argv)).stdout).toBe('a\u001b[2Jb\n');
  });

  test('goes on in a log whose agents have all ended', async () => {
    const log = temporaryFolder();
    const argv = ['run', ...GREET, '--grant', 'call:*', '--log', log, '--json'];
    await omnipaw(argv);
    expect(JSON.parse((await omnipaw(argv)).stdout)).toMatchObject({ ok: true, agent: 'greeter-2', entries: 16 });
  });
});

describe('the input', () => {
  const argv = ['run', program('only.ts'), '--json'];

  test('is null unless given', async () => {
    const { stdout } = await omnipaw([...argv, '--log', temporaryFolder()]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: null });
  });

  test('comes from standard input for "-"', async () => {
    async function* stdin(): AsyncGenerator<string | Uint8Array> {
      yield '{"half":';
      yield Buffer.from('true}');
    }
    const { stdout } = await omnipaw([...argv, '--input', '-', '--log', temporaryFolder()], { stdin: stdin() });
    expect(JSON.parse(stdout)).toMatchObject({ result: { half: true } });
  });

  test('that is not JSON is refused with a word on quotes', async () => {
    const { code, stdout, stderr } = await omnipaw([...argv, '--input', 'hello', '--log', temporaryFolder()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: The input is not JSON: .* --input '"hello"'/);
  });
});

describe('the agent', () => {
  const log = (): string[] => ['--json', '--log', temporaryFolder()];
  const agentOf = async (...argv: string[]): Promise<unknown> => {
    const { stdout } = await omnipaw(['run', ...argv, ...log()]);
    return (JSON.parse(stdout) as { agent: unknown }).agent;
  };

  test('is the default export, or the only one, unless it is named', async () => {
    expect(await agentOf(program('team.ts'), '--input', '[]', '--grant', 'write:shared:**')).toBe('lead-1');
    expect(await agentOf(program('only.ts'))).toBe('only-1');
  });

  test('is named by type or by export', async () => {
    expect(await agentOf(program('several.ts'), '--agent', 'two')).toBe('two-1');
    expect(await agentOf(program('several.ts'), '--agent', 'second')).toBe('two-1');
  });

  test.each([
    [['several.ts'], 'exports several agents and none as the default: the agents one (first), two (second). Choose one with --agent.'],
    [['several.ts', '--agent', 'three'], 'exports no agent "three". It exports the agents one (first), two (second).'],
    [['only.ts', '--agent', 'three'], 'exports no agent "three". It exports the agent only.'],
    [['toolbox.ts'], 'exports no agent and the tool hammer. Export what defineAgent(…) returns, best as the default.'],
    [['greeting.ts'], 'exports no agent. Export what defineAgent(…) returns, best as the default.'],
  ])('%j is answered with what was found', async ([name = '', ...rest], message) => {
    const { code, stderr } = await omnipaw(['run', program(name), ...rest, ...log()]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${program(name)} ${message}\n` });
  });
});

describe('a program that fails', () => {
  test('for want of a grant is told which one', async () => {
    const { code, stdout, stderr } = await omnipaw(['run', ...GREET, '--log', temporaryFolder()]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('✗ greeter-1 failed after');
    expect(stderr).toContain('1 denial; 5 entries');
    expect(stderr).toContain('error: PERMISSION_DENIED: Agent "greeter-1" may not call greet');
    expect(stderr).toContain('  To allow it: --grant call:greet\n');
  });

  test('because of its child is told what to hand on', async () => {
    const argv = ['run', program('team.ts'), '--agent', 'miser', '--grant', 'delegate:worker', '--log', temporaryFolder()];
    const { code, stderr } = await omnipaw(argv);
    expect(code).toBe(1);
    expect(stderr).toContain('  To allow it to worker-1: hand call:measure on in the delegation, and --grant call:measure\n');
  });

  test('for another reason is told no grant', async () => {
    const { code, stderr } = await omnipaw(['run', program('faulty.ts'), '--log', temporaryFolder()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nerror: PROGRAM_FAILED: .*this program has a mistake\n {2}Without --input the input is null\.\n {2}See what happened: omnipaw tail --log /);
  });

  test('for an input that it did not get is told so, with the cause', async () => {
    const { code, stderr } = await omnipaw(['run', program('librarian.ts'), '--log', temporaryFolder()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nerror: PROGRAM_FAILED: .*Cannot destructure property 'folder' of .*\n {2}Without --input the input is null\.\n/);
    expect(stderr.match(/Cannot destructure/g)).toHaveLength(1);
    const given = await omnipaw(['run', program('librarian.ts'), '--input', 'null', '--log', temporaryFolder()]);
    expect(given.stderr).not.toContain('--input');
  });

  test('tells those who ask for it the whole story: stack and causes', async () => {
    const argv = ['run', program('faulty.ts'), '--agent', 'fretful', '--log'];
    for (const [rest, env] of [[['--verbose'], {}], [[], { DEBUG: '1' }]] as const) {
      const { code, stderr } = await omnipaw([...argv, temporaryFolder(), ...rest], { env });
      expect(code).toBe(1);
      expect(stderr).toContain('error: LATE: it is too late (the bus has left: the clock was slow)\n');
      expect(stderr).toMatch(/\n {4}at .*:\d+:\d+/);
      expect(stderr).toMatch(/\[cause\]: Error: the bus has left.*the clock was slow/);
    }
    expect((await omnipaw([...argv, temporaryFolder()])).stderr).not.toContain('    at ');
  });

  test('gives scripts the error', async () => {
    const { code, stdout } = await omnipaw(['run', ...GREET, '--log', temporaryFolder(), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      agent: 'greeter-1',
      error: { code: 'PERMISSION_DENIED', details: { action: 'call', resource: 'greet' } },
      entries: 5,
    });
  });
});

describe('a run that is stopped', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('by %s closes the log, says how to look at it and exits with %d', async (signal, expected) => {
    const log = path.join(temporaryFolder(), 'a log');
    const { signals, stdout, stderr, done } = start(['run', program('waiting.ts'), '--grant', 'call:wait', '--log', log]);
    await untilStored(log, 'TOOL_CALLED');
    signals.emit(signal);
    expect(await done).toBe(expected);
    expect(stdout.text).toBe('');
    expect(stderr.text).toMatch(new RegExp(`^■ Stopped by ${signal} after .* 1 tool call, no denials; 4 entries in `));
    expect(stderr.text).toContain('  Not ended: waiter-1 WAITING.\n');
    expect(stderr.text).toContain(`  See how far it came: omnipaw inspect --log '${log}'\n`);
    expect(fs.readdirSync(log).filter((name) => name.endsWith('.lock'))).toEqual([]);
    expect(signals.listenerCount('SIGINT') + signals.listenerCount('SIGTERM')).toBe(0);
  });

  test('is over when its tools have put in order what they have to', async () => {
    const [log, file] = [temporaryFolder(), path.join(temporaryFolder(), 'file')];
    const { signals, done } = start(['run', program('tidy.ts'), '--input', JSON.stringify(file), '--grant', 'call:work', '--log', log]);
    while (!fs.existsSync(`${file}.begun`)) await new Promise((resolve) => { setTimeout(resolve, 10); });
    signals.emit('SIGINT');
    expect(await done).toBe(130);
    expect(fs.readFileSync(file, 'utf8')).toBe('in order');
  });

  test('says so to scripts, and its log takes no further run', async () => {
    const log = temporaryFolder();
    const argv = ['run', program('waiting.ts'), '--grant', 'call:wait', '--log', log, '--json'];
    const { signals, stdout, done } = start(argv);
    await untilStored(log, 'TOOL_CALLED');
    signals.emit('SIGINT');
    expect(await done).toBe(130);
    expect(JSON.parse(stdout.text)).toMatchObject({ ok: false, stoppedBy: 'SIGINT', error: { code: 'KERNEL_STOPPED' }, entries: 4 });

    const again = await omnipaw(argv);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('error: LOG_NEEDS_RECOVERY: The log holds an agent that has not ended (waiter-1). Resume them');
    expect(JSON.parse(again.stdout)).toMatchObject({ ok: false, error: { code: 'LOG_NEEDS_RECOVERY' } });
  });
});

describe('a program file', () => {
  test.each([
    ['nowhere.ts', 'There is no file nowhere.ts. The first argument is the program to run.'],
    ['notes.txt', 'notes.txt is no program: its name must end in .ts, .mts, .cts, .js, .mjs, .cjs.'],
  ])('%s is refused', async (file, message) => {
    const { code, stderr } = await omnipaw(['run', file, '--log', temporaryFolder()]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `error: ${message}\n` });
  });

  test.each([
    ['syntax.ts', 'export const a = ;', /ParseError: Unexpected token \S+syntax\.ts:1:17/],
    ['throws.ts', 'const n: number = 1;\nthrow new Error(`no ${n}`);', /no 1 \(at \S+throws\.ts:2:7\)/],
    ['strange.ts', "throw 'text';", /something threw 'text'/],
    ['import.ts', "import { a } from './missing.js';\nexport const b = a;", /MODULE_NOT_FOUND: Cannot find module '\.\/missing\.js'/],
  ])('%s that does not load is told where and why', async (name, source, expected) => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, name), source);
    const { code, stdout, stderr } = await omnipaw(['run', path.join(folder, name), '--log', path.join(folder, 'log'), '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'PROGRAM_NOT_LOADED' } });
  });

  test('may be in a package of CommonJS, or in none', async () => {
    const folder = temporaryFolder();
    const source = fs.readFileSync(program('only.ts'));
    fs.writeFileSync(path.join(folder, 'agent.js'), 'export const nothing = 1;');
    expect((await omnipaw(['run', path.join(folder, 'agent.js'), '--log', folder])).stderr).toContain('exports no agent');
    for (const [name, manifest] of [['commonjs', '{"type":"commonjs"}'], ['none', undefined]] as const) {
      fs.mkdirSync(path.join(folder, name));
      fs.writeFileSync(path.join(folder, name, 'agent.ts'), source);
      if (manifest !== undefined) fs.writeFileSync(path.join(folder, name, 'package.json'), manifest);
      const { code } = await omnipaw(['run', path.join(folder, name, 'agent.ts'), '--log', path.join(folder, `${name}-log`)]);
      expect(code).toBe(0);
    }
  });
});
