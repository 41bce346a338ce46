import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FileLogReader, verify } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../../../testing/components.js';
import type { Summary } from '../src/run/summary.js';
import { Program } from './support/program.js';
import { fingerprint, repository, runGit, temporaryDirectory, tree } from './support/tree.js';

const PATIENCE_MS = 180_000;
const FILES = { 'a.ts': '// TODO: first\n', 'b.py': 'x = 1  # FIXME(perf) second\n' };

describe('the program', () => {
  test('leaves log, workspace, patch and register in a new directory of .omnipaw/runs, and says where', async () => {
    const cwd = temporaryDirectory();
    const { code, stdout, stderr } = await Program.run(['--path', tree(FILES), '--once'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [run] = readdirSync(path.join(cwd, '.omnipaw/runs'));
    expect(run).toMatch(/^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    const directory = path.join('.omnipaw/runs', run!);
    expect(readdirSync(path.join(cwd, directory)).sort()).toEqual(['.gitignore', 'TODO.md', 'changes.patch', 'log', 'workspace']);
    expect(stdout).toContain(`patch     ${directory}/changes.patch\nregister  ${directory}/TODO.md\nlog       ${directory}/log\n`);
    expect(stdout).toMatch(/15 agents, \d+ ticks, 9 tool calls, 0 denials in/);
    expect(stdout).toContain('verify    INTACT, COMPLETE');
    // No colours and no cursor movements.
    expect(stdout).not.toContain('\u001b');
  }, PATIENCE_MS);

  test('says the head of its log, with which anybody can verify it', async () => {
    const out = path.join(temporaryDirectory(), 'out');
    const { stdout } = await Program.run(['--path', tree(FILES), '--out', out], { cwd: temporaryDirectory() });
    const head = /^head {6}([0-9a-f]{64})$/m.exec(stdout)![1]!;
    const verdict = await verify(new FileLogReader(path.join(out, 'log')), { pin: head });
    expect(verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', head });
  }, PATIENCE_MS);

  test('with --json prints one JSON value on standard output, and everything for people elsewhere', async () => {
    const source = tree(FILES);
    const { code, stdout, stderr } = await Program.run(['--path', source, '--json'], { cwd: temporaryDirectory() });
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as Summary;
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(summary).toMatchObject({
      outcome: 'completed', error: null, source, agents: 15, denials: 0,
      verdict: { integrity: 'INTACT', completeness: 'COMPLETE' },
      report: { read: { findings: 2 }, plan: { items: 2 }, vote: { accepted: 2, edits: 2 }, write: { files: 2 } },
    });
    for (const file of [summary.log, summary.patch, summary.workspace, summary.register]) expect(existsSync(file!)).toBe(true);
    expect(stderr).toContain('verify    INTACT, COMPLETE');
  }, PATIENCE_MS);

  test('says so when there is nothing to do', async () => {
    const { code, stdout } = await Program.run(['--path', tree({ 'a.ts': 'x;\n' })], { cwd: temporaryDirectory() });
    expect(code).toBe(0);
    expect(stdout).toContain('No TODO, FIXME, HACK or XXX comment, and nothing to fix, in 1 source file: there is nothing to patch.');
    expect(stdout).not.toContain('patch     ');
  }, PATIENCE_MS);

  test('writes nothing to the tree, even if its results lie inside', async () => {
    const source = tree({ 'src/a.ts': '// TODO: a\n' });
    const before = fingerprint(path.join(source, 'src'));
    for (const out of ['results/1', 'results/2']) {
      const { stdout } = await Program.run(['--path', '.', '--out', out, '--json'], { cwd: source });
      expect((JSON.parse(stdout) as Summary).report?.read.filesRead).toBe(1);
    }
    expect(fingerprint(path.join(source, 'src'))).toBe(before);
  }, PATIENCE_MS);

  test('works on a machine without git', async () => {
    const { code, stdout } = await Program.run(['--path', tree({ ...FILES, '.git/HEAD': 'ref: refs/heads/main\n' })], { cwd: temporaryDirectory(), env: { PATH: temporaryDirectory() } });
    expect(code).toBe(0);
    expect(stdout).toContain('No age or author, without git: git could not be asked: there is no git on this machine.');
    expect(stdout).toMatch(/To apply the patch: patch -p1 -d \S+ -i \S+\/changes\.patch/);
  }, PATIENCE_MS);

  test('goes on to its end when nobody reads what it says', async () => {
    const out = path.join(temporaryDirectory(), 'out');
    const program = await Program.start(['--path', tree(FILES), '--out', out], { cwd: temporaryDirectory() });
    program.process.stdout?.destroy();
    await expect(program.ended).resolves.toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(path.join(out, 'TODO.md'))).toBe(true);
  }, PATIENCE_MS);
});

describe('a run with a check', () => {
  test('says what it was worth', async () => {
    const { code, stdout } = await Program.run(['--path', tree(FILES), '--agents', '1', '--no-fixes', '--check', '! grep TODO.# a.ts'], { cwd: temporaryDirectory() });
    expect(code).toBe(0);
    expect(stdout).toContain(`In the patch
  1 comment in 1 file; 1 file voted against
  ✗ a.ts: check: ! grep TODO.# a.ts fails with it
  ! grep TODO.# a.ts fails with what was voted against (4 runs)
`);
  }, PATIENCE_MS);

  test('that is stopped takes the check with it, and the copy', async () => {
    const out = path.join(temporaryDirectory(), 'out');
    const source = tree(FILES);
    const started = path.join(temporaryDirectory(), 'started');
    const program = await Program.start(['--path', source, '--out', out, '--check', `touch ${started}; exec sleep 600`], { cwd: temporaryDirectory() });
    await expect.poll(() => existsSync(started), { timeout: PATIENCE_MS }).toBe(true);
    program.process.kill('SIGINT');
    const { code, stdout } = await program.ended;
    expect(code).toBe(130);
    expect(stdout).toContain('verify    INTACT, COMPLETE');
    expect(readdirSync(out).sort()).toEqual(['.gitignore', 'log', 'workspace']);
  }, PATIENCE_MS);
});

describe('wrong usage is told in one line, with exit code 2', () => {
  const isRoot = process.getuid?.() === 0;
  const cases: readonly (readonly [title: string, args: readonly string[], message: RegExp])[] = [
    ['a path that is not there', ['--path', 'none'], /--path \/.*\/none is not there\./],
    ['a path that is a file', ['--path', 'file'], /--path \/.*\/file is no directory\./],
    ['no agents', ['--agents', '0'], /--agents takes a whole number from 1 to 1000; found "0"\./],
    ['half an agent', ['--agents=1.5'], /--agents takes a whole number from 1 to 1000; found "1\.5"\./],
    ['an empty check', ['--check', ' '], /--check names a command; found an empty text\./],
    ['an empty path', ['--path='], /--path and --out name a directory/],
    ['an option that nobody knows', ['--pathh', 'x'], /Unknown option '--pathh'.*Options: --path DIR/],
    ['an argument', ['x'], /Unexpected argument 'x'/],
    ['an option without its value', ['--path'], /--path/],
    ['an output that is in use', ['--path', 'full', '--out', 'full'], /--out \/.*\/full is not empty/],
    ['an output that is a file', ['--path', 'full', '--out', 'file'], /--out \/.*\/file is no directory/],
    ['an output that is the code base', ['--path', 'empty', '--out', 'empty'], /holds the code base/],
    ['an output that is the code base, by a link', ['--path', 'empty', '--out', 'link'], /holds the code base/],
  ];
  // Nothing is closed to root.
  const closed: typeof cases = isRoot ? [] : [['a path that is closed', ['--path', 'closed'], /--path \/.*\/closed is not accessible/]];

  test.each([...cases, ...closed])('%s', async (_, args, message) => {
    const cwd = tree({ file: '', 'full/x': '', 'closed/x': '' });
    mkdirSync(path.join(cwd, 'empty'));
    symlinkSync('empty', path.join(cwd, 'link'));
    chmodSync(path.join(cwd, 'closed'), isRoot ? 0o755 : 0);
    const { code, stdout, stderr } = await Program.run(args, { cwd });
    chmodSync(path.join(cwd, 'closed'), 0o755);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(existsSync(path.join(cwd, '.omnipaw'))).toBe(false);
  }, PATIENCE_MS);

  test('--help is no wrong usage', async () => {
    const { code, stdout } = await Program.run(['--help'], { cwd: temporaryDirectory() });
    expect(code).toBe(0);
    expect(stdout).toContain('--path DIR');
  }, PATIENCE_MS);
});

describeWith('git', 'a run that is stopped', () => {
  /** A directory with a git that, asked for blame, says that it was and then never answers. */
  function slowGit(): { readonly env: NodeJS.ProcessEnv; readonly asked: Promise<void> } {
    const bin = temporaryDirectory();
    const real = spawnSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).stdout.trim();
    const script = `#!/bin/sh\ncase " $* " in\n*" blame "*) : > '${bin}/asked'; exec sleep 600 ;;\n*) exec '${real}' "$@" ;;\nesac\n`;
    writeFileSync(path.join(bin, 'git'), script, { mode: 0o755 });
    const asked = new Promise<void>((resolve) => {
      const watcher = watch(bin, () => {
        if (!existsSync(path.join(bin, 'asked'))) return;
        watcher.close();
        resolve();
      });
    });
    return { env: { PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` }, asked };
  }

  test.each([['SIGINT', 130], ['SIGTERM', 143]] as const)('by %s ends with %i, and leaves a log that is whole', async (signal, code) => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'a.ts': '// TODO: a\n' } });
    const before = runGit(source, ['status', '--porcelain']);
    const out = path.join(temporaryDirectory(), 'out');
    const { env, asked } = slowGit();
    const program = await Program.start(['--path', source, '--out', out], { cwd: temporaryDirectory(), env });
    await Promise.race([asked, program.ended]);
    program.process.kill(signal);
    const ended = await program.ended;
    expect(ended).toMatchObject({ code, stderr: '' });
    expect(ended.stdout).toContain('Stopped. The log holds all that was done.');
    expect(ended.stdout).toContain('verify    INTACT, COMPLETE');
    expect(ended.stdout).toContain(`log       ${path.join(out, 'log')}`);
    const verdict = await verify(new FileLogReader(path.join(out, 'log')));
    expect(verdict.integrity).toBe('INTACT');
    expect(readFileSync(path.join(out, 'log', '0000000000000000.jsonl'), 'utf8')).toContain('git.blame');
    expect(readdirSync(path.join(out, 'log'))).toEqual(['0000000000000000.jsonl']);
    expect(runGit(source, ['status', '--porcelain'])).toBe(before);
  }, PATIENCE_MS);

  test('says so in the JSON, too', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'a.ts': '// TODO: a\n' } });
    const { env, asked } = slowGit();
    const program = await Program.start(['--path', source, '--json'], { cwd: temporaryDirectory(), env });
    await Promise.race([asked, program.ended]);
    program.process.kill('SIGINT');
    const { code, stdout } = await program.ended;
    expect(code).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'stopped', patch: null, report: null, agents: 5, verdict: { integrity: 'INTACT' } });
  }, PATIENCE_MS);
});
