/** Calls of the tools for files, as they are made one after the other in a directory, and what comes of them. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, lutimesSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OmniError, Tool} from '@omnipaw/kernel';
import { createKernel, defineAgent, MemoryLogStore } from '@omnipaw/kernel';
import type { HostTools } from '@omnipaw/host';

export type FileCallName = keyof HostTools['fs'];
export type FileCallRow = readonly [title: string, tool: FileCallName, args: Readonly<Record<string, unknown>>];

const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');

/** All that shells and variables could take for something else. */
const STRANGE = 'it\'s "$HOME" `id` $(id) \\ \\n %s ü 🐾 \u0001\u0085\u0088\u2028\n';
/** As many as fit into the value that the log takes. */
const LARGE = STRANGE.repeat(Math.floor(1_000_000 / Buffer.byteLength(JSON.stringify(STRANGE))));

/** What is there before the first call. */
export function prepareFiles(root: string): void {
  const put = (name: string, content: string | Uint8Array, mode = 0o644): void => {
    const file = path.join(root, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, mode);
    lutimesSync(file, 1_700_000_000, 1_700_000_000);
  };
  put('a.txt', 'one\ntwo\nthree\n');
  put('bom.txt', `\uFEFF${STRANGE}\r\n`);
  put('bytes', Uint8Array.from({ length: 256 }, (_, at) => at));
  put('longest-as-json.txt', '\u0001'.repeat(131_000));
  put('too-long-as-json.txt', '\u0001'.repeat(132_000));
  put('longest-as-base64', 'x'.repeat(196_608));
  put('too-long.txt', 'x'.repeat(262_145));
  put('too-large.txt', Buffer.alloc(16 * 1024 * 1024 + 1, 'x'));
  put('run.sh', '#!/bin/sh\n', 0o750);
  put('private', 'old', 0o600);
  put('names/odd\nname', '');
  put('names/üñ', '');
  put('names/a b', '');
  for (let number = 0; number < 2_001; number++) writeFileSync(path.join(root, 'names', `file-${number}`), '');
  put('code/one.ts', 'const one = 1;\nconst two = 2;\n');
  put('code/two.md', `# ONE\n${'a'.repeat(30)}!\n${'long '.repeat(100)}one\n`);
  put('code/deep/er.ts', 'one\r\nonly\r\n');
  put('old/name.txt', 'stays\n', 0o640);
  put('going.txt', 'gone\n');
  put('.git/config', '');
  mkdirSync(path.join(root, 'empty'));
  symlinkSync('a.txt', path.join(root, 'link'));
  symlinkSync('/etc', path.join(root, 'link-out'));
  linkSync(path.join(root, 'code/one.ts'), path.join(root, 'hard-link'));
  spawnSync('mkfifo', [path.join(root, 'pipe')]);
  for (const name of ['link', 'pipe']) lutimesSync(path.join(root, name), 1_700_000_000, 1_700_000_000);
}

const PATCH = [
  ['--- a/a.txt', '+++ b/a.txt', '@@ -1,3 +1,4 @@', ' one', '-two', '+2', '+2½', ' three'],
  ['--- /dev/null', '+++ b/made/by/patch.txt', '@@ -0,0 +1 @@', '+new'],
  ['--- a/going.txt', '+++ /dev/null', '@@ -1 +0,0 @@', '-gone'],
  ['--- a/old/name.txt', '+++ b/new/name.txt', '@@ -1 +1 @@', '-stays', '+moves'],
].flat().join('\n') + '\n';

export const FILE_CALLS: readonly FileCallRow[] = [
  ['a file', 'readFile', { path: 'a.txt' }],
  ['a file, with all kinds of characters', 'readFile', { path: 'bom.txt' }],
  ['some lines', 'readFile', { path: 'a.txt', fromLine: 2, lines: 1 }],
  ['bytes', 'readFile', { path: 'bytes', encoding: 'base64' }],
  ['bytes as text', 'readFile', { path: 'bytes' }],
  ['the longest text', 'readFile', { path: 'longest-as-json.txt' }],
  ['a text too long as JSON', 'readFile', { path: 'too-long-as-json.txt' }],
  ['the most bytes', 'readFile', { path: 'longest-as-base64', encoding: 'base64' }],
  ['a text too long', 'readFile', { path: 'too-long.txt' }],
  ['a file too large', 'readFile', { path: 'too-large.txt' }],
  ['nothing', 'readFile', { path: 'none' }],
  ['a path that leads out', 'readFile', { path: '../a.txt' }],
  ['an absolute path', 'readFile', { path: '/etc/hostname' }],
  ['a path with full-width dots', 'readFile', { path: '．．/a.txt' }],
  ['a path with a NUL', 'readFile', { path: 'a.txt\0' }],
  ['a link', 'readFile', { path: 'link' }],
  ['a file behind a link', 'readFile', { path: 'link-out/hostname' }],
  ['a hard link', 'readFile', { path: 'hard-link' }],
  ['a pipe', 'readFile', { path: 'pipe' }],
  ['a directory', 'readFile', { path: 'code' }],
  ['arguments that do not fit', 'readFile', { path: 'a.txt', from: 1 }],

  ['everything', 'listDir', { path: '.' }],
  ['more names than fit', 'listDir', { path: 'names' }],
  ['a file as a directory', 'listDir', { path: 'a.txt' }],
  ['a directory behind a link', 'listDir', { path: 'link-out' }],

  ['a file', 'stat', { path: 'a.txt' }],
  ['a program', 'stat', { path: 'run.sh' }],
  ['a link', 'stat', { path: 'link' }],
  ['a pipe', 'stat', { path: 'pipe' }],
  ['nothing', 'stat', { path: 'none' }],

  ['text', 'search', { path: '.', query: 'one' }],
  ['a pattern', 'search', { path: 'code', query: '^(const )?one', regex: true, ignoreCase: true, nameEnds: '.ts' }],
  ['as many as are wanted', 'search', { path: 'code', query: 'o', maxMatches: 2 }],
  ['what is no pattern', 'search', { path: 'code', query: '(', regex: true }],
  ['a pattern that takes for ever', 'search', { path: 'code', query: '(a+)+$', regex: true }],

  ['a new file, with its directories', 'writeFile', { path: 'made/by/write.txt', content: 'new\n' }],
  ['900 kB of all kinds of characters', 'writeFile', { path: 'large.txt', content: LARGE }],
  ['nothing at all', 'writeFile', { path: 'nothing', content: '' }],
  ['a NUL', 'writeFile', { path: 'nul', content: 'a\0b' }],
  ['bytes', 'writeFile', { path: 'bytes', content: '/wD+', encoding: 'base64' }],
  ['a program, which stays one', 'writeFile', { path: 'run.sh', content: 'new' }],
  ['a private file, which stays one', 'writeFile', { path: 'private', content: 'new' }],
  ['what was read', 'writeFile', { path: 'going.txt', content: 'gone\n', replaces: sha256('gone\n') }],
  ['what was read before something else was written', 'writeFile', { path: 'a.txt', content: 'x', replaces: sha256('other') }],
  ['a new file that is there', 'writeFile', { path: 'a.txt', content: 'x', replaces: null }],
  ['from a byte on', 'writeFile', { path: 'report.txt', content: 'one', offset: 0 }],
  ['from its end on', 'writeFile', { path: 'report.txt', content: 'two', offset: 3 }],
  ['from beyond its end on', 'writeFile', { path: 'report.txt', content: 'x', offset: 9 }],
  ['more than a file may have', 'writeFile', { path: 'report.txt', content: 'x', offset: 16 * 1024 * 1024 }],
  ['a hook', 'writeFile', { path: '.git/hooks/pre-commit', content: 'x' }],
  ['through a link', 'writeFile', { path: 'link-out/x', content: 'x' }],
  ['over a link', 'writeFile', { path: 'link', content: 'x' }],
  ['a file below a file', 'writeFile', { path: 'a.txt/b', content: 'x' }],

  ['that does not fit', 'applyPatch', { patch: '--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-never\n+x\n' }],
  ['that changes something, makes, deletes and moves', 'applyPatch', { patch: PATCH }],
  ['of nothing', 'applyPatch', { patch: '--- a/none\n+++ b/none\n@@ -1 +1 @@\n-a\n+b\n' }],
  ['that is none', 'applyPatch', { patch: 'hello' }],
  ['that leads out', 'applyPatch', { patch: '--- /dev/null\n+++ b/../x\n@@ -0,0 +1 @@\n+x\n' }],

  ['a file', 'delete', { path: 'nothing' }],
  ['nothing', 'delete', { path: 'none' }],
  ['a link', 'delete', { path: 'link-out' }],
  ['an empty directory', 'delete', { path: 'empty' }],
  ['a directory with something in it', 'delete', { path: 'code' }],
];

/** What a call has given, or thrown; as JSON, but readable. */
export type Came = { readonly value: unknown } | { readonly code: string; readonly error: unknown };

/** Makes the calls as an agent does, and says what came of each. */
export async function callAll(fs: HostTools['fs'], rows: readonly FileCallRow[] = FILE_CALLS): Promise<readonly Came[]> {
  const came: Came[] = [];
  const tools: Readonly<Record<FileCallName, Tool>> = fs;
  const caller = defineAgent('caller', function* (ctx) {
    for (const [, name, args] of rows) {
      try {
        came.push({ value: yield* ctx.tool(tools[name], args) });
      } catch (thrown) {
        const { code, failureClass, message, details, cause } = thrown as OmniError;
        const tool = details?.['tool'];
        came.push({ code, error: { failureClass, message, details, cause: (cause as Error | undefined)?.message, tool } });
      }
    }
  });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [caller], tools: Object.values(tools) });
  await kernel.spawn(caller, null, { grants: ['call:host.fs.*'] }).result();
  await kernel.stop();
  return came;
}

/** All that is in a directory: its permissions, and what it has in it or leads to. Sockets and pipes by their kind alone. */
export function everythingIn(root: string): readonly string[] {
  return (readdirSync(root, { recursive: true }) as string[]).sort().map((name) => {
    const place = path.join(root, name);
    const stats = lstatSync(place);
    const mode = (stats.mode & 0o7777).toString(8);
    if (stats.isSymbolicLink()) return `${name} -> ${readlinkSync(place)}`;
    return `${name} ${mode} ${stats.isFile() ? sha256(readFileSync(place, 'latin1')) : stats.isDirectory() ? 'directory' : 'other'}`;
  });
}
