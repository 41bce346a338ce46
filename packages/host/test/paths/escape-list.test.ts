/**
 * Ways out of a root, each tried with every tool that takes a path. None may read what is outside, change it, or find out
 * whether it is there; and each must end with a code that says what it was.
 */
import { spawnSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { hostTools, Workspace, type HostTools } from '@omnipaw/host';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdByName } from '../../src/paths/held-directory.js';
import { partsOf } from '../../src/paths/relative-path.js';
import { call, codeOf } from '../support/call.js';
import { temporaryDirectory, tree } from '../support/workspace.js';

const SECRET = 'the secret of the machine';

/** What each way is, and how it is written. `OUTSIDE` stands for the absolute path of a directory beside the root. */
const TEXTS: readonly (readonly [title: string, attempt: string])[] = [
  ['the parent', '..'],
  ['a file of the parent', '../OUTSIDE_NAME/secret.txt'],
  ['down and up again', 'folder/../../OUTSIDE_NAME/secret.txt'],
  ['up in the middle', 'folder/../inside.txt'],
  ['many parents', '../'.repeat(40) + 'etc/passwd'],
  ['the directory itself', './inside.txt'],
  ['the directory itself in the middle', 'folder/./file.txt'],
  ['an absolute path', '/etc/passwd'],
  ['the absolute path of the secret', 'OUTSIDE/secret.txt'],
  ['two slashes', '//etc/passwd'],
  ['an empty part', 'folder//file.txt'],
  ['a slash at the end', 'folder/'],
  ['the root of the system', '/'],
  ['the file system of processes', '/proc/self/environ'],
  ['the root by a process', '/proc/self/root/etc/passwd'],
  ['NUL at the end', 'inside.txt\0'],
  ['NUL before an ending', '../OUTSIDE_NAME/secret.txt\0.png'],
  ['NUL in the middle', 'folder\0/../inside.txt'],
  ['backslashes', '..\\OUTSIDE_NAME\\secret.txt'],
  ['backslash and slash', 'folder\\../inside.txt'],
  ['a drive', 'C:/Windows/win.ini'],
  ['a drive without a slash', 'C:secret.txt'],
  ['a share', '\\\\server\\share\\secret.txt'],
  ['full-width slashes', '..／OUTSIDE_NAME／secret.txt'],
  ['full-width dots', '．．/OUTSIDE_NAME/secret.txt'],
  ['dots in one character', '‥/OUTSIDE_NAME/secret.txt'],
  ['a leader of one dot', '․․/OUTSIDE_NAME/secret.txt'],
  ['division slashes', '..∕OUTSIDE_NAME∕secret.txt'],
  ['fraction slashes', '..⁄OUTSIDE_NAME⁄secret.txt'],
  ['big solidus', 'folder⧸file.txt'],
  ['set minus for a backslash', '..∖OUTSIDE_NAME∖secret.txt'],
  ['full-width backslashes', '..＼OUTSIDE_NAME＼secret.txt'],
  ['small backslashes', '..﹨OUTSIDE_NAME﹨secret.txt'],
  ['a box drawing diagonal', '..╱OUTSIDE_NAME╱secret.txt'],
  ['a writing direction turned round', 'folder/\u202Etxt.elif'],
  ['an isolated direction', '\u2066folder\u2069/file.txt'],
  ['a space of no width', 'inside\u200B.txt'],
  ['a joiner between dots', '.\u2060./OUTSIDE_NAME/secret.txt'],
  ['a soft hyphen', 'in\u00ADside.txt'],
  ['a byte order mark', '\uFEFFinside.txt'],
  ['a line end', 'inside.txt\n'],
  ['a return', 'inside.txt\r'],
  ['an escape', '\u001B[2Jinside.txt'],
  ['a deletion', 'inside.txt\u007F'],
  ['a control character of the second kind', 'inside\u0085.txt'],
  ['a line separator', 'inside\u2028.txt'],
  ['a very long path', 'a/'.repeat(3_000) + 'a'],
  ['a very long part', 'a'.repeat(300)],
  ['very many parts', 'a/'.repeat(300) + 'a'],
];

/** Paths that are plain, and lead to something that was put there. */
const TRAPS: readonly (readonly [title: string, attempt: string])[] = [
  ['a link to a file outside', 'link-to-secret'],
  ['a link to a directory outside', 'link-to-outside/secret.txt'],
  ['a link to a directory outside, for something new', 'link-to-outside/new.txt'],
  ['a link below a directory', 'folder/link-up/secret.txt'],
  ['a link to a link', 'link-to-link/secret.txt'],
  ['a link to a file inside', 'link-inside'],
  ['a link to a directory inside', 'link-to-folder/file.txt'],
  ['a link to nothing', 'link-to-nothing'],
  ['a link to itself', 'link-to-itself'],
  ['a link to a process', 'link-to-proc/environ'],
  ['a link to a device', 'link-to-zero'],
  ['a hard link to the secret', 'hard-link'],
  ['a pipe', 'pipe'],
  ['a socket', 'socket'],
  ['a file as a directory', 'inside.txt/secret.txt'],
];

const REFUSALS = ['PATH_REFUSED', 'FILE_NOT_FOUND', 'TOOL_INPUT_INVALID'];

interface Trap {
  readonly root: string;
  readonly outside: string;
}

async function setTrap(): Promise<Trap> {
  const outside = tree({ 'secret.txt': SECRET });
  const root = tree({ 'inside.txt': 'inside', 'folder/file.txt': 'in the folder' });
  const links: Readonly<Record<string, string>> = {
    'link-to-secret': path.join(outside, 'secret.txt'),
    'link-to-outside': outside,
    'folder/link-up': path.join('..', '..', path.basename(outside)),
    'link-to-link': 'link-to-outside',
    'link-inside': 'inside.txt',
    'link-to-folder': 'folder',
    'link-to-nothing': path.join(outside, 'new-by-a-link.txt'),
    'link-to-itself': 'link-to-itself',
    'link-to-proc': '/proc/self',
    'link-to-zero': '/dev/zero',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, path.join(root, name));
  // Without git, its tools refuse everything anyway.
  spawnSync('git', ['init', '--quiet', root]);
  linkSync(path.join(outside, 'secret.txt'), path.join(root, 'hard-link'));
  expect(spawnSync('mkfifo', [path.join(root, 'pipe')]).status).toBe(0);
  const server = createServer().listen(path.join(root, 'socket'));
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return { root, outside };
}

/** Every tool that takes a path, with the name of the way in. */
function waysIn(host: HostTools, attempt: string): Readonly<Record<string, () => Promise<unknown>>> {
  const author = { name: 'A', email: 'a@example.com' };
  return {
    read_file: () => call(host.fs.readFile, { path: attempt }),
    'read_file, as bytes': () => call(host.fs.readFile, { path: attempt, encoding: 'base64' }),
    write_file: () => call(host.fs.writeFile, { path: attempt, content: 'changed' }),
    'write_file, at a byte': () => call(host.fs.writeFile, { path: attempt, content: 'changed', offset: 0 }),
    'write_file, expecting': () => call(host.fs.writeFile, { path: attempt, content: 'changed', replaces: '0'.repeat(64) }),
    'write_file, below': () => call(host.fs.writeFile, { path: `${attempt}/below.txt`, content: 'changed' }),
    list_dir: () => call(host.fs.listDir, { path: attempt }),
    search: () => call(host.fs.search, { path: attempt, query: 'secret' }),
    apply_patch: () => call(host.fs.applyPatch, { patch: patchOf(attempt) }),
    'apply_patch, for a new file': () => call(host.fs.applyPatch, { patch: `--- /dev/null\n+++ b/${attempt}\n@@ -0,0 +1 @@\n+changed\n` }),
    bash: () => call(host.system.bash, { command: 'cat secret.txt; echo changed > secret.txt', cwd: attempt }),
    'git.blame': () => call(host.git.blame, { path: attempt, lines: [1] }),
    'git.diff': () => call(host.git.diff, { paths: [attempt] }),
    'git.log': () => call(host.git.log, { paths: [attempt] }),
    'git.commit': () => call(host.git.commit, { message: 'm', paths: [attempt], author }),
  };
}

function patchOf(attempt: string): string {
  return `--- a/${attempt}\n+++ b/${attempt}\n@@ -1 +1 @@\n-${SECRET}\n\\ No newline at end of file\n+changed\n`;
}

function assertUntouched({ outside, root }: Trap): void {
  expect(readdirSync(outside)).toEqual(['secret.txt']);
  expect(readFileSync(path.join(outside, 'secret.txt'), 'utf8')).toBe(SECRET);
  expect(readFileSync(path.join(root, 'inside.txt'), 'utf8')).toBe('inside');
}

describe.skipIf(process.platform === 'win32')('the escape list', () => {
  test('has at least 40 ways', () => {
    expect(new Set([...TEXTS, ...TRAPS].map(([, attempt]) => attempt)).size).toBeGreaterThanOrEqual(60);
  });

  test.each(TEXTS)('%s leads nowhere, with any tool', async (_, written) => {
    const trap = await setTrap();
    const attempt = written.replace('OUTSIDE_NAME', path.basename(trap.outside)).replace('OUTSIDE', trap.outside);
    const { delete: remove, stat } = hostTools({ root: trap.root }).fs;
    const ways = { ...waysIn(hostTools({ root: trap.root }), attempt), delete: () => call(remove, { path: attempt }), stat: () => call(stat, { path: attempt }) };
    for (const [tool, way] of Object.entries(ways)) {
      // A patch is text, in which a path ends where the line does; what is left of it is judged like any other.
      if (tool.startsWith('apply_patch')) await way().then(shownToBeInside, () => undefined);
      else expect(REFUSALS, tool).toContain(await codeOf(way()));
    }
    assertUntouched(trap);
  }, 30_000);

  test.each(TRAPS)('%s is not followed, by any tool', async (_, attempt) => {
    const trap = await setTrap();
    const host = hostTools({ root: trap.root });
    for (const [tool, way] of Object.entries(waysIn(host, attempt))) {
      const isAboutNames = tool.startsWith('git.');
      if (isAboutNames) await way().then(shownToBeInside, () => undefined);
      else expect([...REFUSALS, 'PATCH_REJECTED', 'FILE_SYSTEM_FAILED'], tool).toContain(await codeOf(way()));
    }
    assertUntouched(trap);
    expect(spawnSync('git', ['-C', trap.root, 'grep', '--quiet', SECRET, 'HEAD']).status).not.toBe(0);
  }, 30_000);

  test.each([...TEXTS, ...TRAPS])('%s leads nowhere where directories can only be held by name', async (_, written) => {
    const trap = await setTrap();
    const attempt = written.replace('OUTSIDE_NAME', path.basename(trap.outside)).replace('OUTSIDE', trap.outside);
    const workspace = new Workspace(trap.root, { hold: holdByName });
    const ways = [
      () => workspace.read(attempt, 1_000),
      () => workspace.write(attempt, Buffer.from('changed')),
      () => workspace.writeAt(attempt, 0, Buffer.from('changed')),
      () => workspace.list(attempt, 10),
    ];
    for (const way of ways) expect([...REFUSALS, 'FILE_SYSTEM_FAILED']).toContain(await codeOf(way()));
    assertUntouched(trap);
  });

  test('a link is deleted itself, and told of as what it is', async () => {
    const trap = await setTrap();
    const host = hostTools({ root: trap.root });
    for (const name of ['link-to-secret', 'link-to-outside', 'hard-link', 'pipe']) {
      await expect(call(host.fs.delete, { path: name })).resolves.toEqual({ deleted: true });
    }
    await expect(call(host.fs.stat, { path: 'link-to-proc' })).resolves.toMatchObject({ kind: 'link' });
    await expect(call(host.fs.stat, { path: 'socket' })).resolves.toMatchObject({ kind: 'other' });
    assertUntouched(trap);
  });

  test('a search meets all of the traps, and finds nothing outside', async () => {
    const trap = await setTrap();
    const { matches } = await call(hostTools({ root: trap.root }).fs.search, { path: '.', query: 'secret' });
    expect(matches).toEqual([]);
  });

  test.each(['.git/config', '.git/hooks/pre-commit', 'folder/.GIT/config', 'git~1/config', '.git', '.git ./config', '．git/config'])(
    'what git keeps is not written to: %s',
    async (attempt) => {
      const { fs } = hostTools({ root: tree({ '.git/config': '' }) });
      expect(await codeOf(call(fs.writeFile, { path: attempt, content: 'x' }))).toBe('PATH_REFUSED');
      expect(await codeOf(call(fs.delete, { path: attempt }))).toBe('PATH_REFUSED');
      expect(await codeOf(call(fs.applyPatch, { patch: `--- /dev/null\n+++ b/${attempt}\n@@ -0,0 +1 @@\n+x\n` }))).toBe('PATH_REFUSED');
    },
  );

  test.each([['con.txt'], ['ab:c'], ['name.'], ['aux'], ['what?']])('on Windows %s is no name', (name) => {
    expect(() => partsOf(name, 'any', 'win32')).toThrow('no name for a file on Windows');
  });

  test('a new name in the other Unicode form of the same characters is refused, one that is there is read', async () => {
    const composed = 'caf\u00E9.txt';
    const decomposed = composed.normalize('NFD');
    const root = tree({ [composed]: 'composed' });
    const { fs } = hostTools({ root });
    expect(await codeOf(call(fs.writeFile, { path: decomposed, content: 'x' }))).toBe('PATH_REFUSED');
    expect(await codeOf(call(fs.writeFile, { path: `${decomposed}.d/file`, content: 'x' }))).toBe('PATH_REFUSED');
    expect(readdirSync(root)).toEqual([composed]);
    writeFileSync(path.join(root, decomposed), 'decomposed');
    await expect(call(fs.readFile, { path: decomposed })).resolves.toMatchObject({ content: 'decomposed' });
  });

  test('a huge file is refused without being read', async () => {
    const root = temporaryDirectory();
    const file = path.join(root, 'huge');
    writeFileSync(file, '');
    truncateSync(file, 2 ** 40);
    const { fs } = hostTools({ root });
    expect(await codeOf(call(fs.readFile, { path: 'huge' }))).toBe('FILE_TOO_LARGE');
    await expect(call(fs.search, { path: '.', query: 'x' })).resolves.toMatchObject({ filesSkipped: 1, filesSearched: 0 });
    expect(await codeOf(call(fs.writeFile, { path: 'new', content: '', offset: 2 ** 24 + 1 }))).toBe('TOOL_INPUT_INVALID');
  });

  test('a file of the system that says it is empty is read no further than the limit', async () => {
    mkdirSync(path.join(temporaryDirectory(), 'x'));
    const workspace = new Workspace('/proc/self');
    await expect(workspace.read('status', 100)).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    await expect(workspace.read('status', 100_000)).resolves.toBeInstanceOf(Buffer);
  });
});

/** For what may succeed without having been outside: then nothing of it may be told. */
function shownToBeInside(result: unknown): void {
  expect(JSON.stringify(result)).not.toContain(SECRET);
}
