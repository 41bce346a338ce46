import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { FileLogReader, FileLogStore, inspect, readEntries, verifyLink } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { damage, rewrite, storedText, teamLog } from './logs.js';

/** Number of the first entry of a kind. */
async function seqOf(log: string, kind: string): Promise<number> {
  for await (const entry of readEntries(new FileLogReader(log))) if (entry.kind === kind) return entry.busSeq;
  throw new Error(`There is no ${kind}.`);
}

describe('a fork', () => {
  test('is written where it should go, and said how to go on', async () => {
    const { log } = await teamLog();
    const into = path.join(temporaryFolder(), 'other');
    const before = storedText(log);
    const { code, stdout, stderr } = await omnipaw(['fork', '--log', log, '--at', '5', '--into', into]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `✓ Forked ${log} at entry 5 into ${into}: 6 entries.\n` });
    expect(stderr).toBe(`  Go on in it: omnipaw resume <program> --log ${into}\n`);
    expect(storedText(log)).toBe(before);
    expect(await verifyLink(new FileLogReader(into), { parent: new FileLogReader(log) })).toMatchObject({ link: 'LINKED' });
    expect(fs.readdirSync(path.dirname(into))).toEqual(['other']);
    expect((await inspect(new FileLogReader(into))).busSeq).toBe(5);
  });

  test('takes a patch from the command line or a file, and gives scripts one object', async () => {
    const { log } = await teamLog();
    const folder = temporaryFolder();
    const at = String(await seqOf(log, 'TOOL_RESULT'));
    const patch = { value: { length: 100 } };
    const file = path.join(folder, 'patch.json');
    fs.writeFileSync(file, JSON.stringify(patch));
    for (const given of [JSON.stringify(patch), `@${file}`]) {
      const into = fs.mkdtempSync(path.join(folder, 'into-'));
      const { code, stdout } = await omnipaw(['fork', '--log', log, '--at', at, '--into', into, '--patch', given, '--json']);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({
        log: into,
        logId: expect.stringMatching(/^[0-9a-f]{24}$/) as string,
        head: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        entries: Number(at) + 1,
        parent: { logId: expect.any(String) as string, busSeq: Number(at), hash: expect.any(String) as string, patch },
      });
    }
  });

  test('of a finished log goes on with a program at once, which has nothing to do', async () => {
    const { log, entries } = await teamLog();
    const into = path.join(temporaryFolder(), 'other');
    const argv = ['fork', program('team.ts'), '--log', log, '--at', String(entries - 1), '--into', into];
    const { code, stdout, stderr } = await omnipaw(argv);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ lengths: [1, 3], total: 4 });
    expect(stderr).toBe(`✓ Forked ${log} at entry ${entries - 1} into ${into}: ${entries} entries.\nEvery agent in ${into} has ended: there is nothing to resume.\n`);
    const json = await omnipaw([...argv.slice(0, -1), path.join(temporaryFolder(), 'third'), '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ ok: true, agents: [{ agent: 'lead-1', ok: true }], entries, parent: { busSeq: entries - 1 } });
  });
});

describe('a fork with a program', () => {
  test('goes on at once, in another way', async () => {
    const { log } = await teamLog();
    const into = path.join(temporaryFolder(), 'other');
    const at = String(await seqOf(log, 'TOOL_RESULT'));
    const { code, stdout, stderr } = await omnipaw(['fork', program('team.ts'), '--log', log, '--at', at, '--into', into, '--patch', '{"value":{"length":100}}', '--agent', 'lead-1']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ lengths: [100, 3], total: 103 });
    expect(stderr).toMatch(/^✓ Forked .*\nResuming lead-1 \w+\.\n✓ lead-1 completed in /);
    const verified = await omnipaw(['verify', '--log', into, '--parent', log]);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toMatch(/LINKED .*, the last one patched$/m);
    expect((await omnipaw(['diff', log, into])).stdout).toContain('$.data.result.value.length');
  });

  test('waits for all that have not ended, and gives scripts one object', async () => {
    const { log } = await teamLog();
    const into = path.join(temporaryFolder(), 'other');
    const at = String(await seqOf(log, 'TOOL_CALLED'));
    const { code, stdout } = await omnipaw(['fork', program('team.ts'), '--log', log, '--at', at, '--into', into, '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      agents: [
        { agent: 'lead-1', ok: false, error: { code: 'DELEGATION_FAILED' } },
        { agent: 'worker-1', ok: false, error: { code: 'TOOL_OUTCOME_UNKNOWN' } },
      ],
      log: into,
      parent: { busSeq: Number(at) },
    });
    expect(code).toBe(1);
  });
});

test('A fork removes what earlier ones have left that were killed, and nothing else', async () => {
  const { log } = await teamLog();
  const folder = temporaryFolder();
  const into = path.join(folder, 'other');
  const lock = { pid: 2 ** 22 + 1, host: os.hostname(), startTime: '1', bootId: 'another', pidNamespace: null };
  for (const name of ['other.partial-0000aaaa', 'other.partial-0000bbbb', 'other.partial-mine', 'another.partial-0000aaaa']) fs.mkdirSync(path.join(folder, name));
  fs.copyFileSync(path.join(log, '0000000000000000.jsonl'), path.join(folder, 'other.partial-0000aaaa/0000000000000000.jsonl'));
  fs.writeFileSync(path.join(folder, `other.partial-0000aaaa/writer.${lock.pid}.00.lock`), JSON.stringify(lock));
  const writing = new FileLogStore(path.join(folder, 'other.partial-0000cccc'));
  await writing.open();
  expect((await omnipaw(['fork', '--log', log, '--at', '3', '--into', into])).code).toBe(0);
  expect(fs.readdirSync(folder).sort()).toEqual(['another.partial-0000aaaa', 'other', 'other.partial-0000cccc', 'other.partial-mine']);
  await writing.close();
});

test('A fork takes the place of an empty directory with its mode, and gives it back when it is refused', async () => {
  const { log } = await teamLog();
  const into = path.join(temporaryFolder(), 'mine');
  fs.mkdirSync(into, { mode: 0o700 });
  expect((await omnipaw(['fork', program('only.ts'), '--log', log, '--at', '3', '--into', into])).code).toBe(2);
  expect(fs.readdirSync(into)).toEqual([]);
  expect((await omnipaw(['fork', '--log', log, '--at', '3', '--into', into])).code).toBe(0);
  if (process.platform !== 'win32') expect(fs.statSync(into).mode & 0o777).toBe(0o700);
});

test('A fork says which calls were under way: what came of them it does not know', async () => {
  const { log } = await teamLog();
  const at = String(await seqOf(log, 'TOOL_CALLED'));
  const { code, stderr } = await omnipaw(['fork', '--log', log, '--at', at, '--into', path.join(temporaryFolder(), 'other')]);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^warning: 1 call under way at this entry\. .*\n {2}worker-1\/1\/1 measure .*, since entry \d+\n {2}Go on in it/);
});

describe('a fork is refused, and leaves nothing behind', () => {
  test.each<[string, (log: string) => readonly string[], string]>([
    ['at an entry that is not there', () => ['--at', '999'], 'LOG_NOT_FOUND'],
    ['with a patch that is no JSON', () => ['--at', '3', '--patch', '{'], 'The patch is not JSON'],
    ['with a patch in a file that is not there', () => ['--at', '3', '--patch', '@nowhere.json'], 'The file nowhere.json can\'t be read'],
    ['with a patch that does not fit', () => ['--at', '3', '--patch', '{"value":1}'], 'FORK_PATCH_INVALID'],
    ['with an agent to wait for, and no program', () => ['--at', '3', '--agent', 'lead-1'], '--agent is for a fork that goes on at once, and no program is named'],
    ['at what is no number', () => ['--at', 'x'], 'It must be a whole number'],
    ['with a program that is not there', () => ['nowhere.ts', '--at', '3'], 'There is no file nowhere.ts'],
    ['with a program that lacks what the log uses', () => [program('only.ts'), '--at', '3'], 'The log uses the agent "lead", and '],
    ['with an agent to wait for that is not there', () => [program('team.ts'), '--at', '3', '--agent', 'nobody'], 'There is no agent "nobody"'],
  ])('%s', async (_what, options, message) => {
    const { log } = await teamLog();
    const folder = temporaryFolder();
    const { code, stdout, stderr } = await omnipaw(['fork', '--log', log, '--into', path.join(folder, 'other'), ...options(log), '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test('where something is already', async () => {
    const { log } = await teamLog();
    for (const into of [log, path.join(log, '0000000000000000.jsonl')]) {
      const { code, stderr } = await omnipaw(['fork', '--log', log, '--at', '3', '--into', into]);
      expect(code).toBe(2);
      expect(stderr).toContain('LOG_NOT_EMPTY');
    }
  });

  test('through a link, or within the log itself', async () => {
    const { log } = await teamLog();
    const folder = temporaryFolder();
    const [empty, link, dangling, alias] = ['empty', 'link', 'dangling', 'alias'].map((name) => path.join(folder, name)) as [string, string, string, string];
    fs.mkdirSync(empty);
    for (const [target, place] of [[empty, link], [path.join(folder, 'nowhere'), dangling], [log, alias]] as const) fs.symlinkSync(target, place);
    const before = fs.readdirSync(log);
    for (const [into, message] of [[link, 'is a symbolic link'], [dangling, 'is a symbolic link'], [path.join(log, 'fork'), 'lies in the directory of the log'], [path.join(alias, 'a/b'), 'lies in the directory of the log']] as const) {
      const { code, stderr } = await omnipaw(['fork', '--log', log, '--at', '3', '--into', into]);
      expect(code).toBe(2);
      expect(stderr).toContain(message);
    }
    expect(fs.readdirSync(log)).toEqual(before);
    expect(fs.readdirSync(folder).sort()).toEqual(['alias', 'dangling', 'empty', 'link']);
    // A name that begins like a way out of it is one beside it.
    expect((await omnipaw(['fork', '--log', log, '--at', '3', '--into', `${log}..x`])).code).toBe(0);
  });

  test('if the log is damaged before its entry', async () => {
    const { log } = await teamLog();
    damage(log, (bytes) => {
      bytes[300]! ^= 1;
      return bytes;
    });
    const folder = temporaryFolder();
    const { code, stdout } = await omnipaw(['fork', '--log', log, '--at', '3', '--into', path.join(folder, 'other'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'LOG_CORRUPT' } });
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('verify of a fork', () => {
  async function forked(): Promise<{ log: string; into: string }> {
    const { log } = await teamLog();
    const into = path.join(temporaryFolder(), 'other');
    await omnipaw(['fork', '--log', log, '--at', '5', '--into', into]);
    return { log, into };
  }

  test('follows the link to its parent', async () => {
    const { log, into } = await forked();
    const linked = await omnipaw(['verify', '--log', into, '--parent', log]);
    expect(linked.code).toBe(0);
    expect(linked.stdout).toMatch(/^✓ {2}link {10}LINKED {2}entries 1 to 5 are those of [0-9a-f]{24}$/m);
    const unchecked = await omnipaw(['verify', '--log', into]);
    expect(unchecked.code).toBe(0);
    expect(unchecked.stdout).toMatch(/^– {2}link {10}UNCHECKED {2}a fork of [0-9a-f]{24} at entry 5; give the parent with --parent$/m);
    const json = await omnipaw(['verify', '--log', into, '--parent', log, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ integrity: 'INTACT', link: 'LINKED', parent: { busSeq: 5 } });
  });

  test('is contradicted by another log than the parent, and by a parent that was changed', async () => {
    const { log, into } = await forked();
    const { log: other } = await teamLog();
    const wrong = await omnipaw(['verify', '--log', into, '--parent', other]);
    expect(wrong.code).toBe(1);
    expect(wrong.stdout).toContain('✗  link          BROKEN  entry 0 is not as the header says\n');
    expect(wrong.stderr).toContain('error: LINK_BROKEN: At entry 0, the parent that was given is another log than the one that the header names (OTHER_PARENT).\n');
    damage(log, (bytes) => bytes.subarray(0, 2000));
    const cut = await omnipaw(['verify', '--log', into, '--parent', log, '--json']);
    expect(cut.code).toBe(1);
    expect(JSON.parse(cut.stdout)).toMatchObject({ integrity: 'INTACT', link: 'BROKEN', brokenLink: { reason: 'HASH_MISMATCH' } });
  });

  test('is contradicted without the parent if the fork was cut off, or names no parent that there could be', async () => {
    const { log, into } = await forked();
    damage(into, (bytes) => bytes.subarray(0, bytes.indexOf('\n', bytes.indexOf('\n') + 1) + 1));
    const half = await omnipaw(['verify', '--log', into]);
    expect(half.code).toBe(1);
    expect(half.stdout).toMatch(/^✗ {2}link {10}BROKEN {2}the fork of [0-9a-f]{24} at entry 5 is not whole$/m);
    expect(half.stderr).toContain('LINK_BROKEN: At entry 2, the fork ends before the entry at which it was made');

    const parent = { logId: 'never-was', busSeq: -1, hash: 'x' };
    rewrite(log, (entry) => (entry.busSeq === 0 ? { ...entry, data: { ...entry.data, parent } } : entry));
    for (const given of [[], ['--parent', into]]) {
      const { code, stdout, stderr } = await omnipaw(['verify', '--log', log, ...given]);
      expect(code).toBe(1);
      expect(stdout).toContain('✓  integrity     INTACT');
      expect(stdout).toContain('✗  link          BROKEN  the header names no parent that there could be\n');
      expect(stderr).toBe('error: LINK_BROKEN: At entry 0, the header names a parent in a way that no kernel does (MALFORMED).\n');
      const json = await omnipaw(['verify', '--log', log, '--json', ...given]);
      expect(JSON.parse(json.stdout)).toMatchObject({ link: 'BROKEN', brokenLink: { reason: 'MALFORMED', busSeq: 0 } });
    }
  });

  test('is a wrong call for a log that is none', async () => {
    const { log } = await teamLog();
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--parent', log]);
    expect(code).toBe(2);
    expect(stderr).toContain('is no fork');
    expect((await omnipaw(['verify', '--log', log, '--json'])).stdout).not.toContain('link');
  });
});
