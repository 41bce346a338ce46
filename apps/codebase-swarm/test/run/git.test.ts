import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { Program } from '../support/program.js';
import { output, runSwarm } from '../support/swarm.js';
import { fingerprint, repository, runGit, temporaryDirectory, tree, writeFiles } from '../support/tree.js';

/** Checks the patch, applies it, and compares with the workspace. */
function applyAndCompare(source: string, out: string, names: readonly string[]): void {
  const patch = path.join(out, 'changes.patch');
  runGit(source, ['apply', '--check', patch]);
  runGit(source, ['apply', patch]);
  for (const name of names) {
    expect(readFileSync(path.join(source, name)), name).toEqual(readFileSync(path.join(out, 'workspace', name)));
  }
}

describeWith('git', 'a git repository', () => {
  test('gives each comment the author and the day of its line', async () => {
    const source = repository(
      { author: 'Ada Lovelace', date: '2020-01-31', files: { 'a.ts': '// TODO: first\nx;\n' } },
      { author: 'Grace Hopper', date: '2024-03-01', files: { 'a.ts': '// TODO: first\nx;\n// FIXME(perf) second\n' } },
    );
    writeFiles(source, { 'a.ts': '// TODO: first\nx;\n// FIXME(perf) second\n// HACK: third\n', 'new.ts': '// XXX: fourth\n' });
    const before = fingerprint(source);
    const { out, report, account } = await runSwarm(source);
    expect(report.read).toMatchObject({ findings: 4, withoutGit: null });
    const patch = output(out, 'changes.patch');
    expect(patch).toMatch(/^\+\/\/ TODO\(#t\w{7}, Ada Lovelace, 2020-01-31\): first$/m);
    expect(patch).toMatch(/^\+\/\/ FIXME\(#t\w{7}, perf, Grace Hopper, 2024-03-01\): second$/m);
    expect(patch).toMatch(/^\+\/\/ HACK\(#t\w{7}\): third$/m);
    expect(patch).toMatch(/^\+\/\/ XXX\(#t\w{7}\): fourth$/m);
    expect(output(out, 'TODO.md')).toMatch(/\| TODO \| `a\.ts:1` \| first \| 2020-01-31 \(\d+ years\) \| Ada Lovelace \|/);
    expect(account.verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE' });
    // Not even git's own index is touched.
    expect(fingerprint(source)).toBe(before);
    applyAndCompare(source, out, ['a.ts', 'new.ts']);
  });

  test('takes the patch whatever its files are called and however their lines end', async () => {
    const names = ['a b/c d.ts', 'ünï/文件.ts', 'quote"d\'.ts', 'tab\there.ts', 'new\nline.ts', 'back\\slash.ts', '-dash.ts', ':(glob)*.ts', 'a.ts ', ' b/c.ts'];
    const files = Object.fromEntries(names.map((name) => [name, `x;\n// TODO: in ${JSON.stringify(name.slice(0, 3))}\ny;\n`]));
    const ends = { 'crlf.ts': 'x;\r\n// TODO: a\r\ny;\r\n', 'mixed.ts': 'x;\r\n// TODO: b\ny;', 'open.ts': '// TODO: c', 'bom.ts': '\ufeff// TODO: d\n' };
    const all = { ...files, ...ends };
    const source = repository({ author: 'Ada', date: '2024-03-01', files: all });
    const { out, report } = await runSwarm(source);
    // "a.ts " has an ending that nobody knows.
    const expected = Object.keys(all).filter((name) => name !== 'a.ts ');
    expect(report.patch).toMatchObject({ files: expected.length, leftOut: [] });
    expect(report.vote).toMatchObject({ accepted: expected.length, rejected: 0, edits: expected.length });
    expect(output(out, 'changes.patch').match(/, Ada, 2024-03-01\)/g)).toHaveLength(expected.length);
    applyAndCompare(source, out, expected);
  });

  test('decides what is read: not what it ignores, but what is new', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { '.gitignore': 'ignored/\n', 'kept.ts': 'x;\n', 'gone.ts': '// TODO: gone\n' } });
    writeFiles(source, { 'ignored/a.ts': '// TODO: ignored\n', 'new.ts': '// TODO: new\n', 'node_modules/a.ts': '// TODO: module\n' });
    runGit(source, ['rm', '-q', '--cached', 'gone.ts']);
    const { out } = await runSwarm(source);
    const register = output(out, 'TODO.md');
    expect(register).toContain('| new |');
    expect(register).toContain('| gone |');
    expect(register).not.toContain('ignored');
    expect(register).not.toContain('module');
  });

  test('lets one of its folders be read and patched alone', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'outer.ts': '// TODO: outer\n', 'inner/a.ts': '// TODO: inner\n' } });
    const inner = path.join(source, 'inner');
    const { out, report } = await runSwarm(inner);
    expect(report.read.findings).toBe(1);
    expect(output(out, 'changes.patch')).toContain(', Ada, 2024-03-01): inner');
    applyAndCompare(inner, out, ['a.ts']);
  });

  test('that ignores the directory is not asked about it', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { '.gitignore': 'build/\n' } });
    writeFiles(source, { 'build/a.ts': '// TODO: built\n' });
    const { report } = await runSwarm(path.join(source, 'build'));
    expect(report.read).toMatchObject({ findings: 1, withoutGit: expect.stringContaining('ignores it') });
  });

  test('without a commit is read all the same', async () => {
    const source = tree({ 'a.ts': '// TODO: a\n' });
    runGit(source, ['init', '-q']);
    const { out, report } = await runSwarm(source);
    expect(report.read).toMatchObject({ findings: 1, withoutGit: null });
    applyAndCompare(source, out, ['a.ts']);
  });

  test('can not make git run anything', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'a.ts': '// TODO: a\n', '.gitattributes': '*.ts diff=evil\n' } });
    const trace = path.join(temporaryDirectory(), 'trace');
    for (const key of ['core.fsmonitor', 'diff.evil.textconv']) runGit(source, ['config', key, `touch ${trace}; cat`]);
    const { report } = await runSwarm(source);
    expect(report.read.findings).toBe(1);
    expect(existsSync(trace)).toBe(false);
  });

  test('has no way to put code into the patch by the name of an author', async () => {
    const source = repository({ author: '*/ evil(); /* --> \u202E', date: '2024-03-01', files: { 'a.c': '/* TODO: a */ int b;\n' } });
    const { out } = await runSwarm(source);
    expect(output(out, 'workspace/a.c')).toMatch(/^\/\* TODO\(#t\w{7}, evil -, 2024-03-01\): a \*\/ int b;\n$/);
  });

  test('keeps author and day in the tag when the patch is committed by somebody else', async () => {
    const source = repository({ author: 'Ada', date: '2020-01-31', files: { 'a.ts': '// TODO: a\n' } });
    const first = await runSwarm(source);
    applyAndCompare(source, first.out, ['a.ts']);
    runGit(source, ['-c', 'user.name=Bob', '-c', 'user.email=b@example.org', 'commit', '-qam', 'tags']);
    const second = await runSwarm(source);
    expect(output(second.out, 'TODO.md')).toBe(output(first.out, 'TODO.md'));
  });

  test('is not read from the output directory inside it, nor told of it', async () => {
    const source = repository({ author: 'Ada', date: '2024-03-01', files: { 'a.ts': '// TODO: a\n' } });
    mkdirSync(path.join(source, 'results'));
    writeFileSync(path.join(source, 'results', '.gitignore'), '*\n');
    const before = runGit(source, ['status', '--porcelain']);
    const { report } = await runSwarm(source);
    expect(report.read.findings).toBe(1);
    expect(runGit(source, ['status', '--porcelain'])).toBe(before);
  });
});

describeWith('docker', 'SANDBOX_MODE=docker', () => {
  const PATIENCE_MS = 60_000;
  const image = (): string => execFileSync('bash', [fileURLToPath(new URL('../../../../testing/sandbox-image.sh', import.meta.url))], { encoding: 'utf8' }).trim();

  /** Who does not run as root owns it already. */
  function given(source: string): string {
    if (process.getuid!() === 0) execFileSync('chown', ['-R', '61234:61234', source]);
    return source;
  }

  test('in a .env lets the main job ask git in containers', async () => {
    const source = given(repository({ author: 'Ada Lovelace', date: '2020-01-31', files: { 'a.ts': '// TODO: first\n' } }));
    const cwd = tree({ '.env': `SANDBOX_MODE=docker\nSANDBOX_IMAGE=${image()}\n` });
    const { code, stdout, stderr } = await Program.run(['--path', source, '--out', 'out'], { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`reads ${source}; git runs in containers of ${image()}\n`);
    expect(output(path.join(cwd, 'out'), 'changes.patch')).toContain('Ada Lovelace, 2020-01-31');
  }, PATIENCE_MS);

  test.runIf(process.getuid!() === 0)('for root, with a tree of root, is refused with the line that works', async () => {
    const source = repository({ author: 'Ada', date: '2020-01-31', files: { 'a.ts': '// TODO: first\n' } });
    const { code, stderr } = await Program.run(['--path', source, '--out', 'out'], { cwd: temporaryDirectory(), env: { SANDBOX_MODE: 'docker' } });
    expect(code).toBe(2);
    expect(stderr).toContain(`chown -R 1000:1000 "${source}" && SANDBOX_MODE=docker SANDBOX_IMAGE=IMAGE-WITH-GIT npm start -- --path "${source}"`);
  }, PATIENCE_MS);

  test('without an engine is said, and files are found without git', async () => {
    const source = given(repository({ author: 'Ada', date: '2020-01-31', files: { 'a.ts': '// TODO: first\n' } }));
    const cwd = temporaryDirectory();
    const env = { SANDBOX_MODE: 'docker', DOCKER_HOST: `unix://${cwd}/none.sock` };
    const { code, stdout } = await Program.run(['--path', source, '--out', 'out', '--json'], { cwd, env });
    expect(code).toBe(0);
    expect(stdout).toContain('The engine did not answer');
  }, PATIENCE_MS);
});
