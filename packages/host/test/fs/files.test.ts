import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { hostTools } from '@omnipaw/host';
import { describe, expect, onTestFinished, test } from 'vitest';
import { call, codeOf } from '../support/call.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

const sha256OfOne = '2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806';

describe('host.fs.read_file', () => {
  test('gives text as it is, with what is needed to replace it', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': '\uFEFFone\r\ntwo\n' }) });
    await expect(call(fs.readFile, { path: 'a.txt' })).resolves.toMatchObject({ content: '\uFEFFone\r\ntwo\n', bytes: 12, lines: 2 });
  });

  test('gives some lines, which put together are the file', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': '1\n2\n3\n4' }) });
    await expect(call(fs.readFile, { path: 'a.txt', fromLine: 2, lines: 2 })).resolves.toMatchObject({ content: '2\n3\n', lines: 4 });
    await expect(call(fs.readFile, { path: 'a.txt', fromLine: 4 })).resolves.toMatchObject({ content: '4' });
    await expect(call(fs.readFile, { path: 'a.txt', fromLine: 9 })).resolves.toMatchObject({ content: '' });
  });

  test('gives bytes as base64, and refuses to take them for text', async () => {
    const { fs } = hostTools({ root: tree({ 'a.bin': Buffer.from([0, 255, 1]), 'latin1.txt': Buffer.from([0xe9]), empty: '' }) });
    await expect(call(fs.readFile, { path: 'a.bin', encoding: 'base64' })).resolves.toMatchObject({ content: 'AP8B', bytes: 3, lines: null });
    expect(await codeOf(call(fs.readFile, { path: 'a.bin' }))).toBe('FILE_NOT_TEXT');
    expect(await codeOf(call(fs.readFile, { path: 'latin1.txt' }))).toBe('FILE_NOT_TEXT');
    await expect(call(fs.readFile, { path: 'empty' })).resolves.toMatchObject({ content: '', lines: 0 });
  });

  test('refuses a result that would be too long for the log, and gives parts of it', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': 'x'.repeat(99).concat('\n').repeat(5_000) }) });
    expect(await codeOf(call(fs.readFile, { path: 'a.txt' }))).toBe('FILE_TOO_LARGE');
    await expect(call(fs.readFile, { path: 'a.txt', lines: 10 })).resolves.toMatchObject({ lines: 5_000 });
    await expect(call(fs.readFile, { path: 'a.txt' })).rejects.toThrow(/ask for some lines of it \(fromLine, lines\)/);
    await expect(call(fs.readFile, { path: 'a.txt', encoding: 'base64' })).rejects.toThrow(/take what you need of it with a command/);
  });

  test('refuses text that would be too long as JSON, and gives it as base64', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': '\u0001'.repeat(180_000) }) });
    expect(await codeOf(call(fs.readFile, { path: 'a.txt' }))).toBe('FILE_TOO_LARGE');
    await expect(call(fs.readFile, { path: 'a.txt', encoding: 'base64' })).resolves.toMatchObject({ bytes: 180_000 });
  });

  test.each([[{ path: '' }], [{ path: 'a', fromLine: 0 }], [{ path: 'a', lines: 1.5 }], [{ path: 'a', more: 1 }], [{ path: ['a'] }], [{}], ['a'], [null]])(
    'takes no arguments like %j',
    async (args) => {
      const { fs } = hostTools({ root: temporaryDirectory() });
      expect(await codeOf(call(fs.readFile, args as never))).toBe('TOOL_INPUT_INVALID');
    },
  );
});

describe('host.fs.write_file', () => {
  test('puts a file in place with its directories, keeps its permissions, and leaves nothing beside it', async () => {
    const root = tree({ 'run.sh': 'old' });
    chmodSync(path.join(root, 'run.sh'), 0o750);
    const { fs } = hostTools({ root });
    await call(fs.writeFile, { path: 'run.sh', content: 'new' });
    await call(fs.writeFile, { path: `deep/er/${'n'.repeat(250)}`, content: 'one' });
    expect(readFileSync(path.join(root, 'run.sh'), 'utf8')).toBe('new');
    expect(statSync(path.join(root, 'run.sh')).mode & 0o777).toBe(0o750);
    expect(readdirSync(root).sort()).toEqual(['deep', 'run.sh']);
    expect(readdirSync(path.join(root, 'deep/er'))).toHaveLength(1);
  });

  test.skipIf(process.platform === 'win32')('lets nobody see the new content of a private file while it writes it', async () => {
    const root = tree({ key: 'old' });
    chmodSync(path.join(root, 'key'), 0o600);
    const { fs } = hostTools({ root });
    const modes = new Set<number>();
    let isOver = false;
    const look = (): void => {
      if (isOver) return;
      for (const name of readdirSync(root)) modes.add((statSync(path.join(root, name), { throwIfNoEntry: false })?.mode ?? 0o600) & 0o777);
      setImmediate(look);
    };
    look();
    await call(fs.writeFile, { path: 'key', content: 'new '.repeat(250_000) }).finally(() => (isOver = true));
    expect([...modes]).toEqual([0o600]);
  });

  test('replaces only what it was told to replace', async () => {
    const root = tree({ 'a.txt': 'one\n' });
    const { fs } = hostTools({ root });
    expect(await codeOf(call(fs.writeFile, { path: 'a.txt', content: 'two\n', replaces: null }))).toBe('FILE_CHANGED');
    expect(await codeOf(call(fs.writeFile, { path: 'a.txt', content: 'two\n', replaces: '0'.repeat(64) }))).toBe('FILE_CHANGED');
    expect(await codeOf(call(fs.writeFile, { path: 'none.txt', content: 'two\n', replaces: sha256OfOne }))).toBe('FILE_CHANGED');
    await call(fs.writeFile, { path: 'a.txt', content: 'two\n', replaces: sha256OfOne });
    // Again, as after a crash: it is done already.
    await call(fs.writeFile, { path: 'a.txt', content: 'two\n', replaces: sha256OfOne });
    await call(fs.writeFile, { path: 'new.txt', content: 'x', replaces: null });
    // And again, when somebody else has written it meanwhile: that stays.
    await call(fs.writeFile, { path: 'a.txt', content: 'three\n' });
    expect(await codeOf(call(fs.writeFile, { path: 'a.txt', content: 'two\n', replaces: sha256OfOne }))).toBe('FILE_CHANGED');
    expect(readFileSync(path.join(root, 'a.txt'), 'utf8')).toBe('three\n');
  });

  test('of two that expect the same file, one wins', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': 'one\n' }) });
    const results = await Promise.allSettled(['x', 'y', 'z'].map((content) => call(fs.writeFile, { path: 'a.txt', content, replaces: sha256OfOne })));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('writes from a byte on, and the same again changes nothing', async () => {
    const root = temporaryDirectory();
    const { fs } = hostTools({ root });
    await expect(call(fs.writeFile, { path: 'log', content: 'one ', offset: 0 })).resolves.toMatchObject({ bytes: 4 });
    for (let time = 0; time < 2; time++) await expect(call(fs.writeFile, { path: 'log', content: 'two', offset: 4 })).resolves.toMatchObject({ bytes: 7 });
    expect(readFileSync(path.join(root, 'log'), 'utf8')).toBe('one two');
    expect(await codeOf(call(fs.writeFile, { path: 'log', content: 'x', offset: 99 }))).toBe('FILE_CHANGED');
  });

  test('writes in pieces what is larger than the log takes of a call', async () => {
    const root = temporaryDirectory();
    const { fs } = hostTools({ root });
    const half = 'x'.repeat(800 * 1024);
    expect(await codeOf(call(fs.writeFile, { path: 'report', content: half + half }))).toBe('VALUE_TOO_LARGE');
    await call(fs.writeFile, { path: 'report', content: half, offset: 0 });
    await expect(call(fs.writeFile, { path: 'report', content: half, offset: half.length })).resolves.toMatchObject({ bytes: 1600 * 1024 });
    expect(readFileSync(path.join(root, 'report'), 'utf8')).toBe(half + half);
  });

  test('takes bytes as base64, and nothing that is none', async () => {
    const root = temporaryDirectory();
    const { fs } = hostTools({ root });
    await call(fs.writeFile, { path: 'a.bin', content: 'AP8B', encoding: 'base64' });
    expect([...readFileSync(path.join(root, 'a.bin'))]).toEqual([0, 255, 1]);
    expect(await codeOf(call(fs.writeFile, { path: 'a.bin', content: 'A*==', encoding: 'base64' }))).toBe('TOOL_INPUT_INVALID');
    expect(await codeOf(call(fs.writeFile, { path: 'a.bin', content: 'x', replaces: null, offset: 1 }))).toBe('TOOL_INPUT_INVALID');
  });

  test('does not take the place of a directory', async () => {
    const root = tree({ 'folder/file.txt': 'x' });
    const { fs } = hostTools({ root });
    expect(await codeOf(call(fs.writeFile, { path: 'folder', content: 'x' }))).toBe('PATH_REFUSED');
    expect(await codeOf(call(fs.writeFile, { path: '.', content: 'x' }))).toBe('PATH_REFUSED');
    expect(readdirSync(root)).toEqual(['folder']);
  });
});

describe('host.fs.list_dir and host.fs.stat', () => {
  test('list by name, and say which names no tool takes', async () => {
    const root = tree({ 'b.txt': '', 'a/c.txt': '', 'line\nend': '' });
    const { fs } = hostTools({ root });
    await expect(call(fs.listDir, { path: '.' })).resolves.toEqual({
      items: [
        { name: 'a', kind: 'directory' },
        { name: 'b.txt', kind: 'file' },
        { name: 'line\nend', kind: 'file', refused: 'it has a character that cannot be seen' },
      ],
      more: false,
    });
    expect(await codeOf(call(fs.listDir, { path: 'b.txt' }))).toBe('PATH_REFUSED');
  });

  test('say what something is', async () => {
    const root = tree({ 'a.sh': 'four' });
    chmodSync(path.join(root, 'a.sh'), 0o755);
    const { fs } = hostTools({ root });
    await expect(call(fs.stat, { path: 'a.sh' })).resolves.toMatchObject({ kind: 'file', bytes: 4, isExecutable: true });
    await expect(call(fs.stat, { path: '.' })).resolves.toMatchObject({ kind: 'directory' });
    expect(await codeOf(call(fs.stat, { path: 'none' }))).toBe('FILE_NOT_FOUND');
  });

  test('a directory with too many names is told of in part', async () => {
    const root = temporaryDirectory();
    for (let number = 0; number <= 2_000; number++) writeFileSync(path.join(root, String(number)), '');
    const { items, more } = await call(hostTools({ root }).fs.listDir, { path: '.' });
    expect([items.length, more]).toEqual([2_000, true]);
  });
});

describe.skipIf(process.platform !== 'linux')('what the log could not take', () => {
  test('of a directory with long names, as many are told of as fit', async () => {
    const root = temporaryDirectory();
    for (let number = 0; number < 1_000; number++) writeFileSync(path.join(root, String(number).padEnd(250, '\u0001')), '');
    const { items, more } = await call(hostTools({ root }).fs.listDir, { path: '.' });
    expect(more).toBe(true);
    expect(items.length).toBeGreaterThan(400);
    expect(items[0]!.name).toMatch(/^0/);
  });

  test('a search ends when its matches are as large as a result may be', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': `${'\u0001'.repeat(300)}\n`.repeat(1_000), 'b.txt': '\u0001' }) });
    const { matches, endedBy, filesSearched } = await call(fs.search, { path: '.', query: '\u0001', maxMatches: 1_000 });
    expect([endedBy, filesSearched]).toEqual(['size', 1]);
    expect(matches.length).toBeGreaterThan(400);
  });

  test('a file that is older or newer than any date has the nearest one', async () => {
    // Not on every file system: then it is the last time that there can be.
    const root = existsSync('/dev/shm') ? mkdtempSync('/dev/shm/omnipaw-host-') : temporaryDirectory();
    onTestFinished(() => { rmSync(root, { recursive: true }); });
    writeFileSync(path.join(root, 'a.txt'), '');
    expect(spawnSync('touch', ['-d', '@9000000000000', path.join(root, 'a.txt')]).status).toBe(0);
    const { modified } = await call(hostTools({ root }).fs.stat, { path: 'a.txt' });
    expect(modified).toMatch(/^(\+275760-09-13T00:00:00|\d{4}-)/);
  });
});

describe('host.fs.delete', () => {
  test('deletes a file or an empty directory, once, and is not repeated when nobody knows whether it has', async () => {
    const root = tree({ 'a.txt': '', 'full/b.txt': '' });
    mkdirSync(path.join(root, 'empty'));
    const { fs } = hostTools({ root });
    expect(fs.delete.idempotent).toBe(false);
    await expect(call(fs.delete, { path: 'a.txt' })).resolves.toEqual({ deleted: true });
    await expect(call(fs.delete, { path: 'a.txt' })).resolves.toEqual({ deleted: false });
    await expect(call(fs.delete, { path: 'empty' })).resolves.toEqual({ deleted: true });
    expect(await codeOf(call(fs.delete, { path: 'full' }))).toBe('FILE_SYSTEM_FAILED');
    expect(existsSync(path.join(root, 'full/b.txt'))).toBe(true);
  });
});

describe('host.fs.search', () => {
  const files = { 'a.ts': 'const a = 1;\n// TODO (a)\n', 'b.md': 'todo (a)', 'deep/c.ts': 'x\n// TODO\n', 'bin.ts': Buffer.from([0]), '.git/d.ts': 'TODO' };

  test('finds text as it is, in the order of the paths', async () => {
    const { fs } = hostTools({ root: tree(files) });
    await expect(call(fs.search, { path: '.', query: 'TODO (a)' })).resolves.toEqual({
      matches: [{ path: 'a.ts', line: 2, text: '// TODO (a)' }],
      endedBy: null,
      filesSearched: 3,
      filesSkipped: 1,
    });
    await expect(call(fs.search, { path: 'deep', query: 'TODO' })).resolves.toMatchObject({ matches: [{ path: 'deep/c.ts', line: 2 }] });
  });

  test('finds by pattern, without regard to case, in files of a kind', async () => {
    const { fs } = hostTools({ root: tree(files) });
    const { matches } = await call(fs.search, { path: '.', query: '^(//)? ?todo', regex: true, ignoreCase: true, nameEnds: '.md' });
    expect(matches).toEqual([{ path: 'b.md', line: 1, text: 'todo (a)' }]);
  });

  test('ends when it has found enough', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': 'x\n'.repeat(50), 'b.txt': 'x' }) });
    const { matches, endedBy } = await call(fs.search, { path: '.', query: 'x', maxMatches: 7 });
    expect([matches.length, endedBy]).toEqual([7, 'matches']);
  });

  test('says what is wrong with a pattern', async () => {
    const { fs } = hostTools({ root: tree(files) });
    expect(await codeOf(call(fs.search, { path: '.', query: '(', regex: true }))).toBe('SEARCH_INVALID');
  });

  test.skipIf(process.platform !== 'linux')('leaves nothing open for what is no pattern', async () => {
    const root = tree(files);
    expect(await codeOf(call(hostTools({ root }).fs.search, { path: '.', query: '(', regex: true }))).toBe('SEARCH_INVALID');
    const open = readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`).filter((place) => existsSync(place));
    expect(open.map((place) => readlinkSync(place))).not.toContain(root);
  });

  test('gives up a pattern that would take for ever', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': `${'a'.repeat(60)}!` }) });
    expect(await codeOf(call(fs.search, { path: '.', query: '^(a+)+$', regex: true }))).toBe('SEARCH_TOO_COSTLY');
  });

  test('cuts long lines between characters', async () => {
    const { fs } = hostTools({ root: tree({ 'a.txt': `x${'\u{1F43E}'.repeat(400)}` }) });
    const { matches } = await call(fs.search, { path: '.', query: 'x' });
    expect(matches[0]!.text).toBe(`x${'\u{1F43E}'.repeat(149)}`);
  });
});
