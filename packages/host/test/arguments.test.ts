import { hostTools } from '@omnipaw/host';
import { createKernel, defineAgent, MemoryLogStore, readEntries, secret, type OmniError, type Tool } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { call } from './support/call.js';
import { temporaryDirectory, tree } from './support/workspace.js';

/** What is wrong with arguments, as the tool's schema says it. */
async function issuesOf<Args>(tool: Tool<Args>, args: unknown): Promise<unknown> {
  const outcome: unknown = await call(tool, args as Args).catch((error: unknown) => error);
  expect(outcome).toMatchObject({ code: 'TOOL_INPUT_INVALID' });
  return (outcome as OmniError).details?.['issues'];
}

describe('arguments that do not fit are told with the place, what must be there, and what was found', () => {
  test.each([
    ['read_file', { path: 7 }, 'path: must be text, not a number'],
    ['read_file', {}, 'path: must be given'],
    ['read_file', 'a.txt', 'must be an object'],
    ['read_file', { path: '' }, 'path: must not be empty'],
    ['read_file', { path: 'a'.repeat(5_000) }, 'path: must have 4096 characters at the most, and has 5000'],
    ['read_file', { path: 'a', fromLine: 0, lines: 1.5 }, 'fromLine: must be a whole number, 1 or more, and is 0; lines: must be a whole number, 1 or more, and is 1.5'],
    ['read_file', { path: 'a', encoding: 'latin1' }, 'encoding: must be one of "utf8", "base64"'],
    ['read_file', { path: 'a', encoding: 'base64', lines: 2 }, 'lines: must be left out with base64: only text has lines'],
    ['read_file', { path: 'a', encoding: 'base64', fromLine: 2 }, 'fromLine: must be left out with base64: only text has lines'],
    ['read_file', { path: 'a', from_line: 2 }, 'from_line: is not known here: did you mean fromLine? (known: path, fromLine, lines, encoding)'],
    ['write_file', { path: 'a', content: 'A*==', encoding: 'base64' }, 'content: must be base64, since encoding says so'],
    ['write_file', { path: 'a', content: '', replaces: 'abc' }, 'replaces: must be the SHA-256 that read_file gave (64 digits in lower-case hexadecimal), or null where nothing may be there'],
    ['write_file', { path: 'a', content: '', replaces: false }, 'replaces: must be the SHA-256 that read_file gave (64 digits in lower-case hexadecimal), or null where nothing may be there'],
    ['write_file', { path: 'a', content: '', replaces: null, offset: 1 }, 'offset: must be left out where replaces is given: that is for whole files'],
    ['search', { path: '.', query: 'x', regex: 'yes', maxMatches: 5_000 }, 'regex: must be true or false, not text; maxMatches: must be a whole number from 1 to 1000, and is 5000'],
    ['apply_patch', { patch: ['a'] }, 'patch: must be text, not a list'],
    ['bash', { command: 'echo', args: ['a', null] }, 'args.1: must be text, not null'],
    ['bash', { command: 'echo', args: 'a' }, 'args: must be a list, not text'],
    ['bash', { command: 'echo', env: { WORD: 'a' } }, 'env.WORD: must be a variable that a call may set (those are: none)'],
    ['bash', { command: 'echo a\0b' }, 'command: must have no NUL character'],
    ['bash', { cmd: 'ls' }, 'command: must be given; cmd: is not known here (known: command, args, cwd, env, timeoutMs)'],
    ['fetch', { url: 'http://a.example/', method: 'get' }, 'method: must be one of "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"'],
    ['fetch', { url: 'http://a.example/', headers: { accept: 'a\nb' } }, 'headers.accept: must have no characters but those of ASCII that can be printed'],
    ['fetch', { url: 'http://a.example/', headers: 'accept: a' }, 'headers: must be an object, not text'],
    ['status', { path: '.' }, 'path: is not known here (there is nothing to give)'],
    ['diff', { to: 'HEAD' }, 'to: must have a from, with which it is compared'],
    ['diff', { from: '--output=x' }, 'from: must name a commit: a hash, a branch, HEAD~2'],
    ['blame', { path: 'a', lines: [0] }, 'lines.0: must be a whole number, 1 or more, and is 0'],
    ['commit', { message: ' ', paths: [], author: { name: 'A <b>' } }, 'message: must not be empty; paths: must not be empty; author.name: must be one line without < and >; author.email: must be given'],
  ])('%s %j', async (name, args, issues) => {
    const tool = hostTools({ root: temporaryDirectory() }).all.find((one) => one.name.endsWith(`.${name}`))!;
    expect(await issuesOf(tool, args)).toBe(issues);
  });

  test('a header that is not allowed is told with those that are', async () => {
    const { net } = hostTools({ root: temporaryDirectory(), net: { headers: ['X-Trace'] } });
    expect(await issuesOf(net.fetch, { url: 'http://a.example/', headers: { cookie: 'a' } })).toMatch(/^headers\.cookie: must be a header that a call may have \(those are: accept, .*, x-trace\)$/);
  });

  test('but never with a text that was found, which may be a secret', async () => {
    const { system } = hostTools({ root: temporaryDirectory() });
    const agent = defineAgent('agent', function* (ctx) {
      yield* ctx.tool(system.bash, { command: secret('COMMAND') });
    });
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [agent], tools: [system.bash], secrets: () => 'hunter\0two' });
    await expect(kernel.spawn(agent, null, { grants: ['call:*', 'read:secret:**'] }).result()).rejects.toMatchObject({ details: { issues: 'command: must have no NUL character' } });
    await kernel.stop();
    const entries: unknown[] = [];
    for await (const entry of readEntries(log)) entries.push(entry);
    expect(JSON.stringify(entries)).not.toMatch(/hunter/);
  });
});

test('what replaces does not fit is told with what to do', async () => {
  const { fs } = hostTools({ root: tree({ 'a.txt': 'one' }) });
  const messageOf = (args: { readonly path: string; readonly replaces: string | null }): Promise<unknown> =>
    call(fs.writeFile, { content: 'two', ...args }).catch((error: unknown) => (error as OmniError).message);
  expect(await messageOf({ path: 'a.txt', replaces: null })).toMatch(/^"a.txt" is there already \([0-9a-f]{64}\), and replaces: null makes new files only\.$/);
  expect(await messageOf({ path: 'a.txt', replaces: '0'.repeat(64) })).toMatch(/^"a.txt" is something else by now \([0-9a-f]{64}\); read it again\.$/);
  expect(await messageOf({ path: 'b.txt', replaces: '0'.repeat(64) })).toBe('"b.txt" is not there, and so not what was to be replaced; to make it, call without replaces, or with null.');
  await expect(call(fs.writeFile, { path: 'a.txt', content: 'one', replaces: null })).resolves.toMatchObject({ bytes: 3 });
});
