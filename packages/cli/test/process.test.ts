/** What only a process of its own can show: exit codes, signals, pipes, and standard output with nothing else in it. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeBundles, Process, type Bundles } from './cli-process.js';
import { program, temporaryFolder } from './command.js';
import { damage, storedText, untilStored } from './logs.js';

let bundles: Bundles;
beforeAll(async () => {
  bundles = await makeBundles();
});
afterAll(() => {
  bundles.remove();
});

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function omnipaw(args: readonly string[], cwd = temporaryFolder()): Process {
  return new Process([bundles.bin, ...args], { cwd });
}

async function ended(process: Process): Promise<Ended> {
  const code = await process.ended;
  return { code, stdout: process.stdout, stderr: process.stderr };
}

describe('run', () => {
  test('runs TypeScript with zod, local imports and top-level await, from another folder', async () => {
    const folder = temporaryFolder();
    const args = ['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:greet', '--log', 'logs/one'];
    expect(await ended(omnipaw(args, folder))).toMatchObject({ code: 0, stdout: 'Hello Ada, good morning!\n' });
    expect(fs.readdirSync(path.join(folder, 'logs/one'))).toEqual(['0000000000000000.jsonl']);
  });

  test('runs TypeScript where there is neither a package nor a kernel', async () => {
    const folder = temporaryFolder();
    fs.copyFileSync(program('only.ts'), path.join(folder, 'agent.ts'));
    const { code, stdout } = await ended(omnipaw(['run', 'agent.ts', '--input', '[1]', '--log', 'log', '--json'], folder));
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: [1] });
  });

  test('runs JavaScript as Node does, with the kernel beside it', async () => {
    const folder = temporaryFolder();
    fs.mkdirSync(path.join(folder, 'node_modules/@omnipaw'), { recursive: true });
    fs.symlinkSync(bundles.kernelPackage, path.join(folder, 'node_modules/@omnipaw/kernel'));
    const source = "import { defineAgent } from '@omnipaw/kernel';\nexport default defineAgent('plain', function* () { return import.meta.url; });\n";
    fs.writeFileSync(path.join(folder, 'agent.mjs'), source);
    fs.mkdirSync(path.join(folder, 'package'));
    fs.writeFileSync(path.join(folder, 'package/package.json'), '{"type":"module"}');
    fs.writeFileSync(path.join(folder, 'package/agent.js'), source);
    fs.writeFileSync(path.join(folder, 'agent.js'), source.replace('import.meta.url', "'no package'"));
    for (const [file, result] of [['agent.mjs', /agent\.mjs$/], ['package/agent.js', /agent\.js$/], ['agent.js', /no package/]] as const) {
      const { code, stdout } = await ended(omnipaw(['run', file, '--log', `${file}-log`, '--json'], folder));
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as { result: unknown }).result).toMatch(result);
    }
  });

  test('says what to install for JavaScript without a kernel, and where other JavaScript breaks', async () => {
    const folder = temporaryFolder();
    fs.writeFileSync(path.join(folder, 'bare.mjs'), "import '@omnipaw/kernel';");
    fs.writeFileSync(path.join(folder, 'throws.mjs'), "\nthrow new TypeError('plain');");
    fs.writeFileSync(path.join(folder, 'syntax.mjs'), 'export const a = ;');
    const reasons = { bare: /npm install @omnipaw\/kernel\n$/, throws: /plain \(at \S+throws\.mjs:2:7\)\n$/, syntax: /Run "node --check syntax\.mjs" to see where\.\n$/ };
    for (const [name, reason] of Object.entries(reasons)) {
      const { code, stderr } = await ended(omnipaw(['run', `${name}.mjs`, '--log', 'log'], folder));
      expect(code).toBe(1);
      expect(stderr).toMatch(reason);
    }
  });

  test('keeps standard output for the result, whatever the program prints', async () => {
    const args = ['run', program('noisy.ts'), '--grant', 'call:shout', '--log', 'log'];
    const { stdout, stderr } = await ended(omnipaw([...args, '--json']));
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, result: 'done' });
    for (const who of ['while loading', 'by the program', 'by the tool']) expect(stderr).toContain(`printed ${who}\n`);
    expect(stderr).toContain('written by the tool\n');
    expect((await ended(omnipaw(args))).stdout).toBe('done\n');
  });

  test('takes its input from a pipe', async () => {
    const running = omnipaw(['run', program('only.ts'), '--input', '-', '--log', 'log', '--json']);
    running.endInput('{"from":"a pipe"}');
    expect(JSON.parse((await ended(running)).stdout)).toMatchObject({ result: { from: 'a pipe' } });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stopped by %s closes its log and exits with %d', async (signal, expected) => {
    const folder = temporaryFolder();
    const running = omnipaw(['run', program('waiting.ts'), '--grant', 'call:wait', '--log', 'log', '--json'], folder);
    await untilStored(path.join(folder, 'log'), 'TOOL_CALLED');
    running.kill(signal);
    const { code, stdout, stderr } = await ended(running);
    expect(code).toBe(expected);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, stoppedBy: signal, entries: 4 });
    expect(stderr).toContain('See how far it came: omnipaw inspect --log log\n');
    expect(fs.readdirSync(path.join(folder, 'log'))).toEqual(['0000000000000000.jsonl']);
    expect((await ended(omnipaw(['verify', '--log', 'log'], folder))).code).toBe(0);
  });
});

describe('tail --follow', () => {
  test('shows what another process writes, across segments, and ends with 0 on Ctrl-C', async () => {
    const folder = temporaryFolder();
    const writer = new Process([bundles.writer, 'log', '1500'], { cwd: folder });
    await writer.until((text) => text !== '');
    const following = omnipaw(['tail', '--log', 'log', '--follow', '--json'], folder);
    for (let round = 1; round <= 5; round++) {
      writer.say(`round ${round}\n`);
      await writer.until((text) => text.split('\n').length === round + 2);
      const written = Number(writer.stdout.trim().split('\n').at(-1));
      await following.until((text) => text.split('\n').length - 1 === written);
    }
    writer.endInput();
    expect(await writer.ended).toBe(0);
    following.kill('SIGINT');
    expect(await ended(following)).toEqual({ code: 0, stdout: storedText(path.join(folder, 'log')), stderr: '' });
    expect(fs.readdirSync(path.join(folder, 'log')).length).toBeGreaterThan(3);
  });
});

test('A reader that goes away ends the command quietly', async () => {
  const folder = temporaryFolder();
  const writer = new Process([bundles.writer, 'log', '1000000'], { cwd: folder });
  for (let line = 0; line < 300; line++) writer.say(`line ${line} ${'x'.repeat(500)}\n`);
  writer.endInput();
  await writer.ended;
  const reading = omnipaw(['tail', '--log', 'log', '--json'], folder);
  await reading.until((text) => text.includes('\n'));
  reading.stopReading();
  expect(await reading.ended).toBe(0);
  expect(reading.stderr).toBe('');
});

test('verify proves a log, and shows each way to spoil it', async () => {
  const folder = temporaryFolder();
  const log = path.join(folder, 'log');
  const run = await ended(omnipaw(['run', program('greeter.ts'), '--input', '"Ada"', '--grant', 'call:*', '--log', log, '--json'], folder));
  const { head, entries } = JSON.parse(run.stdout) as { head: string; entries: number };
  const verify = async (...rest: string[]): Promise<Ended> => ended(omnipaw(['verify', '--log', log, '--json', ...rest], folder));
  expect((await verify('--pin', head, '--require-pin')).code).toBe(0);

  const whole = fs.readFileSync(path.join(log, '0000000000000000.jsonl'));
  damage(log, (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n', -2) + 1));
  expect(await verify()).toMatchObject({ code: 0, stdout: expect.stringContaining(`"entries":${entries - 1}`) as string });
  expect(await verify('--pin', head)).toMatchObject({ code: 1, stderr: expect.stringContaining('LOG_INCOMPLETE') as string });

  damage(log, () => Buffer.from(whole.toString().replace('Ada', 'Eve')));
  const changed = await verify();
  expect(changed.code).toBe(1);
  expect(JSON.parse(changed.stdout)).toMatchObject({ integrity: 'BROKEN', firstBad: { segment: '0000000000000000.jsonl', busSeq: 1 } });
  expect(changed.stderr).toMatch(/^error: LOG_CORRUPT: The log is damaged in segment 0000000000000000\.jsonl at byte \d+, where the entry with busSeq 1 should be/);
});

test('Exit codes say what kind of end it was', async () => {
  expect((await ended(omnipaw(['--version']))).code).toBe(0);
  expect((await ended(omnipaw(['run', program('faulty.ts'), '--log', 'log']))).code).toBe(1);
  expect((await ended(omnipaw(['unknown']))).code).toBe(2);
  expect((await ended(omnipaw(['verify', '--log', 'nowhere']))).code).toBe(2);
});
