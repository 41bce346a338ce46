import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Git, hostTools, LocalRunner, Workspace, type CommandRunner } from '@omnipaw/host';
import { describe, expect, test, vi } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { parseBlame } from '../../src/git/blame.js';
import { call, codeOf } from '../support/call.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

// Git is started again and again, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const author = { name: 'Ada', email: 'ada@example.com' };

function git(root: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', root, '-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** A repository whose files are committed. */
function repository(files: Readonly<Record<string, string>>): string {
  const root = tree(files);
  git(root, 'init', '--quiet', '--initial-branch=main');
  git(root, 'add', '--all');
  git(root, 'commit', '--quiet', '--message=first', '--date=2024-03-01T10:00:00Z');
  return root;
}

describeWith('git', 'host.git', () => {
  test('tells what is changed, renamed and new', async () => {
    const root = repository({ 'a b.txt': 'one\n', 'old.txt': 'a long enough line\nand another\n', 'gone.txt': 'x' });
    git(root, 'mv', 'old.txt', 'new.txt');
    git(root, 'rm', '--quiet', 'gone.txt');
    writeFileSync(path.join(root, 'a b.txt'), 'two\n');
    writeFileSync(path.join(root, 'ü\u0020.txt'), '');
    const { branch, head, changes, more } = await call(hostTools({ root }).git.status, {});
    expect([branch, head?.length, more]).toEqual(['main', 40, false]);
    expect(changes).toEqual([
      { path: 'a b.txt', from: null, index: '.', files: 'M' },
      { path: 'gone.txt', from: null, index: 'D', files: '.' },
      { path: 'new.txt', from: 'old.txt', index: 'R', files: '.' },
      { path: 'ü .txt', from: null, index: '?', files: '?' },
    ]);
  });

  test('has no branch and no commit to tell before the first one', async () => {
    const root = tree({});
    git(root, 'init', '--quiet', '--initial-branch=main');
    await expect(call(hostTools({ root }).git.status, {})).resolves.toEqual({ branch: 'main', head: null, changes: [], more: false });
    expect(await codeOf(call(hostTools({ root }).git.log, {}))).toBe('GIT_FAILED');
  });

  test('tells of as many changes as a value has room for', async () => {
    const root = repository({ 'a.txt': 'one\n' });
    const folder = ['d', 'e', 'f'].map((letter) => letter.repeat(200)).join('/');
    mkdirSync(path.join(root, folder), { recursive: true });
    const add = (count: number): void => { for (let at = 0; at < count; at++) writeFileSync(path.join(root, folder, `${'é'.repeat(100)}${at}`), ''); };
    const tools = hostTools({ root }).git;
    add(500);
    const some = await call(tools.status, {});
    expect([some.changes.length, some.more]).toEqual([500, false]);
    add(2_500);
    const many = await call(tools.status, {});
    expect([many.changes.length > 500, many.changes.length < 2_000, many.more]).toEqual([true, true, true]);
  });

  test('commits the paths that it is told, and nothing else', async () => {
    const root = repository({ 'a.txt': 'one\n', 'b.txt': 'one\n', 'c.txt': 'one\n' });
    for (const name of ['a.txt', 'b.txt', 'new.txt']) writeFileSync(path.join(root, name), 'two\n');
    git(root, 'add', 'b.txt');
    git(root, 'rm', '--quiet', '--cached', 'c.txt');
    const tools = hostTools({ root }).git;
    const { commit } = await call(tools.commit, { message: '  two\n\nWhy: # not a comment  ', paths: ['a.txt', 'new.txt'], author });
    expect(git(root, 'show', '--name-only', '--format=%an <%ae> %cn%n%B', commit)).toBe('Ada <ada@example.com> Ada\ntwo\n\nWhy: # not a comment\n\n\na.txt\nnew.txt\n');
    const { commits } = await call(tools.log, { count: 5 });
    expect(commits.map(({ message }) => message)).toEqual(['two\n\nWhy: # not a comment', 'first']);
    expect(await codeOf(call(tools.commit, { message: 'again', paths: ['a.txt'], author }))).toBe('GIT_FAILED');
  });

  test('lists commits of some paths, from a commit on', async () => {
    const root = repository({ 'a.txt': 'one\n', 'b.txt': 'one\n' });
    const tools = hostTools({ root }).git;
    writeFileSync(path.join(root, 'b.txt'), 'two\n');
    await call(tools.commit, { message: 'second', paths: ['b.txt'], author });
    const { commits } = await call(tools.log, { paths: ['a.txt'] });
    expect(commits).toEqual([{ commit: expect.any(String), author: 'Ada', date: expect.stringMatching(/^2024-03-01T1\d:00:00/), message: 'first' }]);
    await expect(call(tools.log, { from: 'HEAD~1' })).resolves.toMatchObject({ commits: [{ message: 'first' }] });
  });

  test('tells the difference to the index, to a commit, and between two', async () => {
    const root = repository({ 'a.txt': 'one\n', 'b.txt': 'one\n' });
    const tools = hostTools({ root }).git;
    for (const name of ['a.txt', 'b.txt']) writeFileSync(path.join(root, name), 'two\n');
    const { diff, truncated } = await call(tools.diff, { paths: ['a.txt'] });
    expect(diff).toMatch(/^diff --git a\/a.txt b\/a.txt\n.*-one\n\+two\n$/s);
    expect(truncated).toBeNull();
    await call(tools.commit, { message: 'second', paths: ['.'], author });
    await expect(call(tools.diff, {})).resolves.toEqual({ diff: '', truncated: null });
    await expect(call(tools.diff, { from: 'HEAD~1', to: 'HEAD' })).resolves.toMatchObject({ diff: expect.stringMatching(/a\.txt.*b\.txt/s) });
    writeFileSync(path.join(root, 'a.txt'), 'x\n'.repeat(300_000));
    await expect(call(tools.diff, { from: 'HEAD' })).resolves.toMatchObject({ diff: expect.stringContaining('OUTPUT_TRUNCATED'), truncated: { code: 'OUTPUT_TRUNCATED' } });
  });

  test('tells who wrote a line', async () => {
    const root = repository({ 'a.txt': 'one\ntwo\n' });
    const tools = hostTools({ root }).git;
    await expect(call(tools.blame, { path: 'a.txt', lines: [2] })).resolves.toEqual({
      origins: [{ line: 2, commit: git(root, 'rev-parse', 'HEAD').trim(), author: 'Ada', date: '2024-03-01' }],
      note: null,
    });
    writeFileSync(path.join(root, 'new.txt'), 'x\n');
    await expect(call(tools.blame, { path: 'new.txt', lines: [1] })).resolves.toMatchObject({ origins: [], note: expect.stringContaining('no such path') });
    await expect(call(tools.blame, { path: 'a.txt', lines: [99] })).resolves.toMatchObject({ origins: [], note: expect.stringContaining('has only 2 lines') });
    await expect(call(tools.blame, { path: 'a.txt', lines: [] })).resolves.toEqual({ origins: [], note: null });
  });

  test('takes a name for a path, whatever it looks like', async () => {
    const names = ['--output=written', ':(top)a', '-c', '*', '$(touch injected)', ';touch injected'];
    const root = repository(Object.fromEntries(names.map((name) => [name, 'one\n'])));
    const tools = hostTools({ root }).git;
    for (const name of names) {
      writeFileSync(path.join(root, name), 'two\n');
      await expect(call(tools.blame, { path: name, lines: [1] })).resolves.toMatchObject({ note: null });
      await call(tools.commit, { message: name, paths: [name], author: { name, email: name } });
      await expect(call(tools.log, { paths: [name], count: 1 })).resolves.toMatchObject({ commits: [{ message: name }] });
    }
    expect(existsSync(path.join(root, 'injected')) || existsSync(path.join(root, 'written'))).toBe(false);
  });

  test.each(['--output=x', '-x', 'HEAD:a.txt', '', 'a b', 'a;b', '$(x)', 'HEAD\n'])('takes no commit named %j', async (from) => {
    const tools = hostTools({ root: temporaryDirectory() }).git;
    expect(await codeOf(call(tools.diff, { from }))).toBe('TOOL_INPUT_INVALID');
    expect(await codeOf(call(tools.log, { from }))).toBe('TOOL_INPUT_INVALID');
  });

  test.each([
    [{ message: ' ', paths: ['a'], author }],
    [{ message: 'a\0b', paths: ['a'], author }],
    [{ message: 'x', paths: [], author }],
    [{ message: 'x', paths: ['a'], author: { name: 'A <b>', email: 'c' } }],
    [{ message: 'x', paths: ['a'], author: { name: 'A\nB', email: 'c' } }],
    [{ message: 'x', paths: ['a'] }],
  ])('takes no commit like %j', async (args) => {
    expect(await codeOf(call(hostTools({ root: temporaryDirectory() }).git.commit, args as never))).toBe('TOOL_INPUT_INVALID');
  });

  describe('in a repository that was made to be a trap', () => {
    test('runs no hook, monitor, filter, driver, signer or editor of it', async () => {
      const root = repository({ 'a.txt': 'one\n', '.gitattributes': '*.txt filter=trap diff=trap merge=trap\n' });
      const trap = path.join(root, '.git/trap');
      const mark = path.join(root, 'ran');
      writeFileSync(trap, `#!/bin/sh\necho "$0 $*" >> '${mark}'\ncat\n`);
      chmodSync(trap, 0o755);
      for (const hook of ['pre-commit', 'commit-msg', 'post-commit', 'prepare-commit-msg', 'post-index-change', 'reference-transaction']) {
        mkdirSync(path.join(root, '.git/hooks'), { recursive: true });
        symlinkSync(trap, path.join(root, '.git/hooks', hook));
      }
      const programs = ['core.fsmonitor', 'core.editor', 'core.pager', 'pager.log', 'core.sshCommand', 'diff.external', 'diff.trap.command', 'diff.trap.textconv', 'filter.trap.clean', 'filter.trap.smudge', 'filter.trap.process', 'filter.With Space.clean', 'gpg.program', 'sequence.editor', 'interactive.diffFilter'];
      for (const program of programs) git(root, 'config', program, trap);
      for (const [key, value] of [['filter.trap.required', 'true'], ['commit.gpgSign', 'true'], ['log.showSignature', 'true'], ['core.hooksPath', path.join(root, '.git/hooks')], ['alias.status', `!${trap}`], ['alias.commit', `!${trap}`]] as const) {
        git(root, 'config', key, value);
      }
      writeFileSync(path.join(root, 'a.txt'), 'two\n');
      const tools = hostTools({ root }).git;
      await call(tools.status, {});
      await call(tools.diff, {});
      await call(tools.diff, { from: 'HEAD' });
      await call(tools.commit, { message: 'second', paths: ['a.txt'], author });
      await call(tools.diff, { from: 'HEAD~1', to: 'HEAD' });
      await call(tools.log, {});
      await call(tools.blame, { path: 'a.txt', lines: [1] });
      expect(existsSync(mark) ? readFileSync(mark, 'utf8') : '').toBe('');
    });

    test.each(['a=b', 'a=b.c', '='])('runs no filter of it that is named %j', async (name) => {
      const root = repository({ 'a.txt': 'one\n', '.gitattributes': `* filter=${name}\n` });
      const mark = path.join(root, 'ran');
      appendFileSync(path.join(root, '.git/config'), `[filter "${name}"]\n\tclean = "echo ran >> '${mark}'; cat"\n\trequired\n`);
      writeFileSync(path.join(root, 'a.txt'), 'two\n');
      const tools = hostTools({ root }).git;
      await call(tools.status, {});
      await call(tools.diff, {});
      await call(tools.commit, { message: 'second', paths: ['a.txt'], author });
      expect(existsSync(mark)).toBe(false);
    });

    test('does not resolve again what was once resolved, for which it may name a program', async () => {
      const root = repository({ 'a.txt': 'one\n', 'b.txt': 'one\n' });
      git(root, 'config', 'rerere.enabled', 'true');
      git(root, 'checkout', '--quiet', '-b', 'other');
      for (const [branch, text] of [['other', 'theirs\n'], ['main', 'ours\n']] as const) {
        git(root, 'checkout', '--quiet', branch);
        writeFileSync(path.join(root, 'a.txt'), text);
        git(root, 'commit', '--quiet', '--all', `--message=${branch}`);
      }
      expect(() => git(root, 'merge', '--quiet', 'other')).toThrow();
      const [conflict, waiting] = [readFileSync(path.join(root, 'a.txt')), readFileSync(path.join(root, '.git/MERGE_RR'))];
      writeFileSync(path.join(root, 'a.txt'), 'both\n');
      git(root, 'commit', '--quiet', '--all', '--message=merged');
      git(root, 'reset', '--quiet', '--hard', 'HEAD~1');
      const mark = path.join(root, 'ran');
      git(root, 'config', 'merge.trap.driver', `touch '${mark}'`);
      for (const [name, content] of [['.gitattributes', '* merge=trap\n'], ['.git/MERGE_RR', waiting], ['a.txt', conflict], ['b.txt', 'two\n']] as const) writeFileSync(path.join(root, name), content);
      await call(hostTools({ root }).git.commit, { message: 'second', paths: ['b.txt'], author });
      expect([existsSync(mark), readFileSync(path.join(root, 'a.txt'))]).toEqual([false, conflict]);
    });

    test('is not asked when it names more filters than can be turned off', async () => {
      const root = repository({ 'a.txt': 'one\n' });
      const filters = (count: number): string => Array.from({ length: count }, (_, at) => `[filter "${'x'.repeat(60)}${at}"]\n\tclean = cat\n`).join('');
      appendFileSync(path.join(root, '.git/config'), filters(200));
      await expect(call(hostTools({ root }).git.status, {})).resolves.toMatchObject({ changes: [] });
      appendFileSync(path.join(root, '.git/config'), filters(20_000));
      expect(await codeOf(call(hostTools({ root }).git.status, {}))).toBe('GIT_REFUSED');
    });

    test('turns off hooks in its settings, of which this git may not have heard', async () => {
      const root = repository({ 'a.txt': 'one\n' });
      git(root, 'config', 'hook.lint=er.command', 'touch ran');
      git(root, 'config', 'hook.lint=er.event', 'post-index-change');
      const told = new Map<string, string>();
      const workspace = new Workspace(root);
      const local = new LocalRunner(workspace, { environment: process.env, maxProcesses: 64 });
      const runner: CommandRunner = {
        mode: 'local',
        exec: (command, options) => {
          for (let at = 0; at < Number(options.env['GIT_CONFIG_COUNT']); at++) told.set(options.env[`GIT_CONFIG_KEY_${at}`]!, options.env[`GIT_CONFIG_VALUE_${at}`]!);
          return local.exec(command, options);
        },
      };
      await new Git(workspace, runner).text(['status'], new AbortController().signal);
      expect([told.get('hook.lint=er.enabled'), told.get('hook.lint=er.command')]).toEqual(['false', 'true']);
    });

    test('runs nothing of a repository that lies in it, and commits none', async () => {
      const root = repository({ 'a.txt': 'one\n', 'sub/x.txt': 'one\n', 'sub/.gitattributes': '* filter=trap\n', '.gitmodules': '[submodule "sub"]\n\tpath = sub\n\turl = ./sub\n\tignore = none\n' });
      const sub = path.join(root, 'sub');
      git(root, 'rm', '--quiet', '--cached', '-r', 'sub');
      git(sub, 'init', '--quiet');
      git(sub, 'add', '--all');
      git(sub, 'commit', '--quiet', '--message=first');
      const tools = hostTools({ root }).git;
      expect(await codeOf(call(tools.commit, { message: 'x', paths: ['.'], author }))).toBe('PATH_REFUSED');
      git(root, 'add', '--all');
      git(root, 'commit', '--quiet', '--message=nested');
      const mark = path.join(root, 'ran');
      git(sub, 'config', 'filter.trap.clean', `echo ran >> '${mark}'; cat`);
      for (const key of ['diff.submodule', 'status.submoduleSummary', 'submodule.sub.ignore']) git(root, 'config', key, { 'diff.submodule': 'diff', 'status.submoduleSummary': 'true' }[key] ?? 'none');
      writeFileSync(path.join(sub, 'x.txt'), 'two\n');
      await call(tools.status, {});
      await call(tools.diff, {});
      await call(tools.diff, { from: 'HEAD~1' });
      await call(tools.diff, { from: 'HEAD~1', to: 'HEAD' });
      await call(tools.log, { paths: ['sub'] });
      for (const name of ['.', 'sub']) expect(await codeOf(call(tools.commit, { message: 'x', paths: [name], author }))).toBe('PATH_REFUSED');
      expect(await codeOf(call(tools.commit, { message: 'unchanged', paths: ['a.txt'], author }))).toBe('GIT_FAILED');
      writeFileSync(path.join(root, 'a.txt'), 'two\n');
      await call(tools.commit, { message: 'second', paths: ['a.txt'], author });
      expect(existsSync(mark)).toBe(false);
    });

    test('is asked only where it lies in the root, as a directory, and elsewhere it is said what would do', async () => {
      const outer = repository({ 'inner/a.txt': 'one\n' });
      const inner = path.join(outer, 'inner');
      const isRefused = async (around: boolean, message: string): Promise<void> => {
        const because = `The root is asked about with git, but ${message}.`;
        await expect(call(hostTools({ root: inner, git: { around } }).git.log, {})).rejects.toMatchObject({ code: 'GIT_REFUSED', message: because });
      };
      const [own, allowed] = ['Make the root a repository of its own (git init)', 'where the tools are made (git: { around: true })'];
      await isRefused(false, `there is no repository in it. ${own}, or allow one around it ${allowed}`);
      writeFileSync(path.join(inner, '.git'), `gitdir: ${outer}/.git\n`);
      await isRefused(false, `its .git is a file, which leads elsewhere. ${own}, or allow what git worktree add has made ${allowed}`);
      await isRefused(true, `its .git is a file, which leads elsewhere. ${own}`);
      renameSync(path.join(inner, '.git'), path.join(inner, 'x'));
      symlinkSync(path.join(outer, '.git'), path.join(inner, '.git'));
      await isRefused(true, `its .git is a link, which leads elsewhere. ${own}`);
    });

    test('is asked around the root where the operator says so', async () => {
      const outer = repository({ 'inner/a.txt': 'one\n' });
      const { git: tools } = hostTools({ root: path.join(outer, 'inner'), git: { around: true } });
      await expect(call(tools.blame, { path: 'a.txt', lines: [1] })).resolves.toMatchObject({ origins: [{ author: 'Ada' }] });
    });

    // Only root can give a directory away.
    if (process.getuid?.() === 0) test('is not asked around the root when it belongs to somebody else', async () => {
      const outer = repository({ 'inner/a.txt': 'one\n' });
      chownSync(path.join(outer, '.git'), 12_345, 12_345);
      expect(await codeOf(call(hostTools({ root: path.join(outer, 'inner'), git: { around: true } }).git.log, {}))).toBe('GIT_REFUSED');
    });

    test('is asked from a further tree of it where the operator allows one around, if it knows of that tree', async () => {
      const outer = repository({ 'inner/a.txt': 'one\n' });
      const further = path.join(temporaryDirectory(), 'further');
      git(outer, 'worktree', 'add', '--quiet', further);
      for (const root of [further, path.join(further, 'inner')]) {
        await expect(call(hostTools({ root, git: { around: true } }).git.log, {})).resolves.toMatchObject({ commits: [{ message: 'first' }] });
      }
      expect(await codeOf(call(hostTools({ root: further }).git.log, {}))).toBe('GIT_REFUSED');
      const stranger = tree({ '.git': readFileSync(path.join(further, '.git')) });
      expect(await codeOf(call(hostTools({ root: stranger, git: { around: true } }).git.log, {}))).toBe('GIT_REFUSED');
      const forged = tree({ '.git': 'gitdir: forged/worktrees/x\n', 'forged/worktrees/x/gitdir': '../../../.git\n', 'forged/worktrees/x/commondir': '../..\n' });
      expect(await codeOf(call(hostTools({ root: forged, git: { around: true } }).git.log, {}))).toBe('GIT_REFUSED');
    });

    test('is not taken for one that agents have made of files in the root', async () => {
      const secret = tree({ 'secret.txt': 'secret\n' });
      const outer = repository({ 'inner/a.txt': 'one\n' });
      const root = path.join(outer, 'inner');
      const host = hostTools({ root, git: { around: true } });
      const mark = path.join(root, 'ran');
      const config = `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ${secret}\n[filter "trap"]\n\tclean = "touch '${mark}'; cat"\n`;
      for (const [name, content] of Object.entries({ HEAD: 'ref: refs/heads/x\n', 'refs/heads/k': '\n', 'objects/info/k': '\n', config, '.gitattributes': '* filter=trap\n' })) {
        await call(host.fs.writeFile, { path: name, content });
      }
      await call(host.git.commit, { message: 'second', paths: ['config'], author });
      expect(git(outer, 'show', '--name-only', '--format=%B', 'HEAD')).toBe('second\n\n\ninner/config\n');
      await expect(call(host.git.status, {})).resolves.toMatchObject({ changes: expect.arrayContaining([expect.objectContaining({ path: 'inner/HEAD' })]) });
      await expect(call(host.git.diff, {})).resolves.toMatchObject({ diff: '' });
      expect(existsSync(mark)).toBe(false);
    });

    test.each(['HEAD', 'config', 'index', 'objects', 'refs', 'refs/heads/main', 'logs/HEAD', 'COMMIT_EDITMSG', 'info', 'new/link'])('is not asked when its %s is a link', async (name) => {
      const root = repository({ 'a.txt': 'one\n' });
      const outside = temporaryDirectory();
      const place = path.join(root, '.git', name);
      if (existsSync(place)) renameSync(place, path.join(outside, 'x'));
      else mkdirSync(path.dirname(place), { recursive: true });
      symlinkSync(path.join(outside, 'x'), place);
      writeFileSync(path.join(root, 'a.txt'), 'two\n');
      const before = spawnSync('find', [outside, '-type', 'f'], { encoding: 'utf8' }).stdout;
      const tools = hostTools({ root }).git;
      expect(await codeOf(call(tools.commit, { message: 'second', paths: ['a.txt'], author }))).toBe('GIT_REFUSED');
      expect(await codeOf(call(tools.log, {}))).toBe('GIT_REFUSED');
      expect(spawnSync('find', [outside, '-type', 'f'], { encoding: 'utf8' }).stdout).toBe(before);
    });

    test.each(['COMMIT_EDITMSG', 'logs/HEAD', 'packed-refs'])('is not asked when its %s has another name outside', async (name) => {
      const root = repository({ 'a.txt': 'one\n' });
      const outside = tree({ 'precious.txt': 'precious\n' });
      rmSync(path.join(root, '.git', name), { force: true });
      linkSync(path.join(outside, 'precious.txt'), path.join(root, '.git', name));
      writeFileSync(path.join(root, 'a.txt'), 'two\n');
      await expect(call(hostTools({ root }).git.commit, { message: 'second', paths: ['a.txt'], author })).rejects.toMatchObject({ code: 'GIT_REFUSED', message: expect.stringContaining(name) });
      expect(readFileSync(path.join(outside, 'precious.txt'), 'utf8')).toBe('precious\n');
    });

    test.each(['commondir', 'objects/info/alternates'])('is not asked when its %s names another repository', async (name) => {
      const outside = repository({ 'secret.txt': 'secret\n' });
      const root = repository({ 'a.txt': 'one\n' });
      writeFileSync(path.join(root, '.git', name), `${outside}/.git${name === 'commondir' ? '' : '/objects'}\n`);
      await expect(call(hostTools({ root }).git.diff, { from: git(outside, 'rev-parse', 'HEAD').trim(), to: 'HEAD' })).rejects.toMatchObject({ code: 'GIT_REFUSED', message: expect.stringContaining(name) });
    });

    test('is asked when it was cloned on the same disk, has hooks that are links, or a further tree', async () => {
      const root = path.join(temporaryDirectory(), 'clone');
      git('.', 'clone', '--quiet', repository({ 'a.txt': 'one\n' }), root);
      symlinkSync('/nowhere', path.join(root, '.git/hooks/pre-commit'));
      git(root, 'worktree', 'add', '--quiet', path.join(temporaryDirectory(), 'further'));
      await expect(call(hostTools({ root }).git.log, {})).resolves.toMatchObject({ commits: [{ message: 'first' }] });
    });

    test('quotes nothing of files that its settings name', async () => {
      const outside = tree({ revisions: 'TOPSECRET\n', settings: '[core]\n\tabbrev = TOPSECRET\n' });
      const root = repository({ 'a.txt': 'one\n' });
      const tools = hostTools({ root }).git;
      git(root, 'config', 'blame.ignoreRevsFile', path.join(outside, 'revisions'));
      await expect(call(tools.blame, { path: 'a.txt', lines: [1] })).resolves.toEqual({ origins: [], note: 'fatal: invalid object name: …' });
      git(root, 'config', 'include.path', path.join(outside, 'settings'));
      await expect(call(tools.log, {})).rejects.toMatchObject({ code: 'GIT_FAILED', message: expect.stringMatching(/^(?!.*TOPSECRET).*bad numeric/s) });
    });

    test('does not make another directory its tree', async () => {
      const outside = tree({ 'a.txt': 'secret\n' });
      const root = repository({ 'a.txt': 'one\n' });
      git(root, 'config', 'core.worktree', outside);
      await expect(call(hostTools({ root }).git.diff, {})).resolves.toEqual({ diff: '', truncated: null });
    });

    test('gives nothing of a file that has another name outside', async () => {
      const outside = tree({ 'secret.txt': 'secret\n' });
      const root = repository({ 'a.txt': 'one\n' });
      linkSync(path.join(outside, 'secret.txt'), path.join(root, 'hard.txt'));
      const tools = hostTools({ root }).git;
      expect(await codeOf(call(tools.commit, { message: 'x', paths: ['.'], author }))).toBe('PATH_REFUSED');
      git(root, 'add', '--intent-to-add', 'hard.txt');
      expect(await codeOf(call(tools.diff, {}))).toBe('PATH_REFUSED');
      expect(await codeOf(call(tools.diff, { from: 'HEAD', paths: ['hard.txt'] }))).toBe('PATH_REFUSED');
      expect(await codeOf(call(tools.blame, { path: 'hard.txt', lines: [1] }))).toBe('PATH_REFUSED');
    });

    test.each(['--assume-unchanged', '--skip-worktree'])('commits no such file that it takes for unchanged (%s)', async (option) => {
      const outside = tree({ 'secret.txt': 'secret\n' });
      const root = repository({ 'a.txt': 'one\n', 'b.txt': 'one\n' });
      git(root, 'update-index', option, 'a.txt');
      renameSync(path.join(root, 'a.txt'), path.join(outside, 'a.txt'));
      linkSync(path.join(outside, 'secret.txt'), path.join(root, 'a.txt'));
      writeFileSync(path.join(root, 'b.txt'), 'two\n');
      const tools = hostTools({ root }).git;
      for (const name of ['a.txt', '.']) expect(await codeOf(call(tools.commit, { message: 'x', paths: [name], author }))).toBe('PATH_REFUSED');
      await call(tools.commit, { message: 'second', paths: ['b.txt'], author });
    });

    test('gives nothing of such a file outside of the root, either, where a repository around it is asked', async () => {
      const outside = tree({ 'secret.txt': 'secret\n' });
      const outer = repository({ 'inner/a.txt': 'one\n', 'top.txt': 'one\n' });
      const { git: tools } = hostTools({ root: path.join(outer, 'inner'), git: { around: true } });
      writeFileSync(path.join(outer, 'top.txt'), 'two\n');
      git(outer, 'config', 'diff.relative', 'true');
      await expect(call(tools.diff, {})).resolves.toMatchObject({ diff: expect.stringContaining('+two') });
      renameSync(path.join(outer, 'top.txt'), path.join(outside, 'top.txt'));
      linkSync(path.join(outside, 'secret.txt'), path.join(outer, 'top.txt'));
      expect(await codeOf(call(tools.diff, {}))).toBe('PATH_REFUSED');
    });
  });
});

describe('what git tells of lines', () => {
  const COMMIT = 'a'.repeat(40);
  function porcelain(line: number, facts: readonly string[], commit = COMMIT): string {
    return `${commit} 1 ${line} 1\n${facts.join('\n')}\nfilename x\n\tauthor-time 0 // as text\n`;
  }

  test('is read line by line', () => {
    const answer = porcelain(3, ['author Zoë  B', 'author-time 1709287200', 'boundary']) + porcelain(9, ['author ', 'author-time 0']);
    expect(parseBlame(answer)).toEqual([
      { line: 3, commit: COMMIT, author: 'Zoë  B', date: '2024-03-01' },
      { line: 9, commit: COMMIT, author: 'unknown', date: '1970-01-01' },
    ]);
    expect(parseBlame('')).toEqual([]);
  });

  test('has nobody for a line that is not committed', () => {
    expect(parseBlame(porcelain(3, ['author Not Committed Yet', 'author-time 1709287200'], '0'.repeat(40)))).toEqual([]);
  });

  test('has the first day for a time that no calendar has', () => {
    expect(parseBlame(porcelain(3, ['author A', 'author-time 99999999999999999']))[0]?.date).toBe('1970-01-01');
    expect(parseBlame(porcelain(3, ['author A', 'author-time 99999999999']))[0]?.date).toBe('5138-11-16');
    expect(parseBlame(porcelain(3, ['author A', 'author-time -5']))[0]?.date).toBe('1970-01-01');
  });
});
