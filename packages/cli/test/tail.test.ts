import fs from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createKernel, defineAgent, defineTool, FileLogStore, nodePorts, unchecked, type Json } from '@omnipaw/kernel';
import { describe, expect, test, vi } from 'vitest';
import { omnipaw, start, temporaryFolder, type Running } from './command.js';
import { lead, measure, worker } from './fixtures/team.js';
import { bootOn, damage, SEGMENT, storedText, TEAM_GRANTS, teamLog } from './logs.js';
import { ClosedPipe, Sink } from './sink.js';

describe('for scripts', () => {
  test('the lines are those that are stored, byte for byte', async () => {
    const { log } = await teamLog({ segmentBytes: 2000 }, ['a', 'ünïcödé 🐾 "quoted"\n', '{"1":2}']);
    expect(fs.readdirSync(log).length).toBeGreaterThan(2);
    const { code, stdout, stderr } = await omnipaw(['tail', '--log', log, '--json']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(storedText(log));
  });

  test('lines may be longer than any buffer, followed or not', async () => {
    const log = temporaryFolder();
    const store = new FileLogStore(log, { segmentBytes: 1 });
    const kernel = await createKernel({ log: store, agents: [worker], tools: [measure], maxValueBytes: 2 ** 24 });
    await kernel.spawn(worker, 'long '.repeat(700_000), { grants: ['call:measure'] }).result();
    await kernel.stop();
    const stored = storedText(log);
    expect(stored.length).toBeGreaterThan(10_000_000);
    const { stdout } = await omnipaw(['tail', '--log', log, '--json']);
    expect(stdout === stored).toBe(true);
    const following = start(['tail', '--log', log, '--json', '--follow']);
    await following.stdout.until((text) => text.length === stored.length);
    following.signals.emit('SIGINT');
    expect(await following.done).toBe(0);
    expect(following.stdout.text === stored).toBe(true);
  });

  test('only those lines come that are asked for', async () => {
    const { log } = await teamLog();
    const lines = storedText(log).split(/(?<=\n)/);
    const expected = lines.filter((line) => line.includes('"agent":"worker-2"') && /"kind":"(TOOL_CALLED|MEMORY_SET)"/.test(line));
    expect(expected).toHaveLength(2);
    const argv = ['--agent', 'worker-2', '--kind', 'tool_called', '--kind', 'MEMORY_SET'];
    expect((await omnipaw(['tail', '--log', log, '--json', ...argv])).stdout).toBe(expected.join(''));
  });

  test('of what was denied those come that were denied to agents, and to plugins on their way', async () => {
    const log = temporaryFolder();
    const reaching = defineTool({ name: 'reach', description: '', input: unchecked<Json>(), run: (_args, { ask }) => ask({ op: 'CALL_TOOL', tool: 'measure', args: { text: 'a' } }, { decision: 'DENY', by: 'plugin-reach has no permission for tool:measure' }).catch(() => null) });
    const asker = defineAgent('asker', function* (ctx) {
      yield* ctx.tool(reaching, {});
      try {
        yield* ctx.tool(measure, { text: 'a' });
      } catch {
        return 'denied';
      }
      return 'not denied';
    });
    const kernel = await createKernel({ log: new FileLogStore(log), agents: [asker], tools: [reaching, measure] });
    expect(await kernel.spawn(asker, null, { grants: ['call:reach'] }).result()).toBe('denied');
    await kernel.stop();
    const denied = (await omnipaw(['tail', '--log', log, '--json', '--denied'])).stdout.trimEnd().split('\n').map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(denied).toEqual(['TOOL_ASKED', 'REFUSED']);
    expect((await omnipaw(['tail', '--log', log, '--denied'])).stdout).toMatch(/TOOL_ASKED +reach ✗ denied, plugin-reach has no permission for tool:measure: asks for \{"op":"CALL_TOOL"/);
    expect((await omnipaw(['tail', '--log', log, '--denied', '--agent', 'nobody'])).stdout).toBe('');
  });

  test('an unfinished last line is left out', async () => {
    const { log, entries } = await teamLog();
    damage(log, (bytes) => bytes.subarray(0, bytes.length - 20));
    const { code, stdout, stderr } = await omnipaw(['tail', '--log', log, '--json']);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^The log ends in \d+ bytes of an unfinished entry/);
    expect(stdout.split('\n')).toHaveLength(entries);
    expect(stdout.endsWith('}\n')).toBe(true);
  });

  test('the lines before a damage come, and nothing but lines', async () => {
    const { log } = await teamLog();
    damage(log, (bytes) => Buffer.from(bytes.toString().replace('"tool":"measure"', '"tool":"MEASURE"')));
    const { code, stdout, stderr } = await omnipaw(['tail', '--log', log, '--json']);
    expect(code).toBe(1);
    expect(stdout).toBe(storedText(log).split(/(?<=\n)/).slice(0, 6).join(''));
    expect(stderr).toMatch(/^error: LOG_CORRUPT: .* where entry 6 should be/);
  });
});

describe('--last', () => {
  const seqs = (text: string): number[] => text.trim().split('\n').filter(Boolean).map((line) => (JSON.parse(line) as { busSeq: number }).busSeq);

  test('counts from the end, across segments', async () => {
    const { log, entries } = await teamLog({ segmentBytes: 1 });
    expect(fs.readdirSync(log).length).toBeGreaterThan(3);
    for (const last of [0, 1, 5, entries, entries + 10]) {
      const { stdout } = await omnipaw(['tail', '--log', log, '--json', '-n', String(last)]);
      const from = Math.max(0, entries - last);
      expect(seqs(stdout)).toEqual(Array.from({ length: entries - from }, (_, index) => from + index));
    }
  });

  test('counts only what is asked for', async () => {
    const { log } = await teamLog();
    const all = seqs((await omnipaw(['tail', '--log', log, '--json', '--agent', 'worker-1'])).stdout);
    expect(seqs((await omnipaw(['tail', '--log', log, '--json', '--agent', 'worker-1', '-n', '2'])).stdout)).toEqual(all.slice(-2));
    expect((await omnipaw(['tail', '--log', log, '--agent', 'nobody', '-n', '2'])).stdout).toBe('');
  });

  test.each(['-1', '1.5', 'all'])('does not take %s', async (value) => {
    const { code, stderr } = await omnipaw(['tail', '--log', 'x', `--last=${value}`]);
    expect(code).toBe(2);
    expect(stderr).toContain('It must be a whole number from 0.');
  });
});

describe('if nothing is what was asked for', () => {
  test.each([
    [['--agent', 'nobody'], 'The log has no such entry. Its agents: lead-1, worker-1, worker-2.\n'],
    [['--kind', 'nope', '-n', '3'], /^The log has no such entry\. Its kinds: LOG_OPENED, AGENT_SPAWNED, .*, …\.\n$/],
  ])('%j is answered with what there is', async (argv, expected) => {
    const { log } = await teamLog();
    const { code, stdout, stderr } = await omnipaw(['tail', '--log', log, ...argv]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(expected);
  });
});

test.each(['tail', 'verify', 'inspect'])('%s says that a log is a directory', async (command) => {
  const { log } = await teamLog();
  const { code, stdout, stderr } = await omnipaw([command, '--log', path.join(log, SEGMENT)]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain('is a file. A log is a directory; name the one that holds the files *.jsonl.');
});

describe('for people', () => {
  test('every entry is a line that says the time, who, what and in short how', async () => {
    const { log } = await teamLog();
    const { stdout } = await omnipaw(['tail', '--log', log]);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^── \d{4}-\d\d-\d\d ──$/);
    expect(lines[1]).toMatch(/^ {5}0 {2}\d\d:\d\d:\d\d\.\d{3} {2}– {11} {2}LOG_OPENED {8} {2}log [0-9a-f]{24}, kernel \S+, agents lead worker, tools measure$/);
    const shown = lines.slice(2).map((line) => line.slice(22).replaceAll(/ +/g, ' '));
    expect(shown).toEqual(
      expect.arrayContaining([
        'lead-1 AGENT_SPAWNED lead ["a","bcd"]',
        'worker-1 AGENT_ACTIVATED activate → ACTIVE',
        'worker-1 AGENT_SPAWNED worker by lead-1 "a"',
        'worker-1 TOOL_CALLED measure {"text":"a"}',
        'worker-1 TOOL_RESULT measure → {"length":1}',
        'worker-1 SCRATCH_CHECKPOINTED {"step":1}',
        'worker-1 MEMORY_SET longest = "a"',
        'worker-1 AGENT_COMPLETED → 1',
        'lead-1 JOIN_STARTED worker-1',
        'lead-1 DELEGATION_RESULT worker-1 → 1',
        'lead-1 SHARED_WRITTEN team/total v1 = 4',
        'lead-1 AGENT_TERMINATED completed',
      ]),
    );
  });

  test('lines fit a terminal, and what went wrong is red', async () => {
    const log = temporaryFolder();
    const kernel = await bootOn(log);
    await kernel.spawn(worker, 'x'.repeat(200)).result().catch(() => undefined);
    await kernel.stop();
    const stdout = new Sink({ isTTY: true, columns: 90 });
    await omnipaw(['tail', '--log', log], { stdout });
    expect(stdout.text).toContain('\u001b[31mREFUSED           \u001b[39m  CALL_TOOL ✗ PERMISSION_DENI');
    expect(stdout.text).toContain('\u001b[32mAGENT_SPAWNED     \u001b[39m');
    for (const line of stdout.lines) expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(90);
  });

  test('a day is said where it begins', async () => {
    const log = temporaryFolder();
    let now = new Date(2026, 1, 28, 23, 59, 59, 999).getTime();
    const ports = { ...nodePorts, clock: { now: () => now++ } };
    const kernel = await createKernel({ log: new FileLogStore(log), agents: [worker] }, { ports });
    await kernel.spawn(worker, 'x').result().catch(() => undefined);
    await kernel.stop();
    const { stdout } = await omnipaw(['tail', '--log', log, '-n', '4']);
    expect(stdout).toMatch(/^── 2026-03-01 ──\n {5}1 {2}00:00:00\.000 /);
    const whole = await omnipaw(['tail', '--log', log]);
    expect(whole.stdout).toMatch(/^── 2026-02-28 ──\n {5}0 {2}23:59:59\.999 .*\n── 2026-03-01 ──\n {5}1 {2}00:00:00\.000 /);
  });
});

describe('--follow', () => {
  const busSeqs = (text: string): number => text.split('\n').length - 1;

  async function stop({ signals, done }: Running): Promise<number> {
    signals.emit('SIGINT');
    return done;
  }

  test('says what there is instead, if there is nothing yet of what is waited for', async () => {
    const { log } = await teamLog();
    const running = start(['tail', '--log', log, '--follow', '--agent', 'nobody']);
    await running.stderr.until((text) => text.includes('\n'));
    expect(await stop(running)).toBe(0);
    expect(running.stderr.text).toMatch(/^The log has no such entry\. Its agents: lead-1, .*\. Waiting for one\.\n$/);
  });

  test('goes on across segments with what another writer adds, until it is stopped', async () => {
    const log = temporaryFolder();
    const kernel = await bootOn(log, { segmentBytes: 1000 });
    await kernel.flush();
    const running = start(['tail', '--log', log, '--follow', '--json']);
    await running.stdout.until((text) => text.includes('LOG_OPENED'));
    for (let round = 1; round <= 4; round++) {
      await kernel.spawn(lead, ['a', 'bc'], { grants: TEAM_GRANTS }).result().catch(() => undefined);
      await running.stdout.until((text) => busSeqs(text) === kernel.entryCount);
    }
    expect(fs.readdirSync(log).filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(4);
    await kernel.stop();
    expect(await stop(running)).toBe(0);
    expect(running.stdout.text).toBe(storedText(log));
    expect(running.stderr.text).toBe('');
  });

  test('shows an entry once it is whole, and goes on after a torn one was cut off', async () => {
    const { log } = await teamLog();
    const whole = fs.readFileSync(path.join(log, SEGMENT));
    const lineEnd = whole.lastIndexOf('\n', whole.length - 2) + 1;
    fs.writeFileSync(path.join(log, SEGMENT), whole.subarray(0, lineEnd + 20));
    const running = start(['tail', '--log', log, '--follow', '--json']);
    await running.stdout.until((text) => text.length === whole.toString('utf8', 0, lineEnd).length);
    fs.truncateSync(path.join(log, SEGMENT), lineEnd);
    fs.appendFileSync(path.join(log, SEGMENT), whole.subarray(lineEnd, whole.length - 1));
    fs.appendFileSync(path.join(log, SEGMENT), '\n');
    await running.stdout.until((text) => text === whole.toString());
    expect(await stop(running)).toBe(0);
  });

  test('begins with the last so many of those that are asked for', async () => {
    const { log, entries } = await teamLog();
    const running = start(['tail', '--log', log, '--follow', '--json', '-n', '1', '--kind', 'LOG_OPENED', '--kind', 'KERNEL_STARTED']);
    await running.stdout.until((text) => text.includes('LOG_OPENED'));
    const kernel = await bootOn(log);
    await running.stdout.until((text) => text.includes('KERNEL_STARTED'));
    await kernel.stop();
    await stop(running);
    expect(running.stdout.lines.map((line) => (JSON.parse(line) as { busSeq: number }).busSeq)).toEqual([0, entries]);
  });

  test('says where a log that is damaged meanwhile is damaged', async () => {
    const { log, entries } = await teamLog();
    const running = start(['tail', '--log', log, '--follow', '--json']);
    await running.stdout.until((text) => busSeqs(text) === entries);
    fs.appendFileSync(path.join(log, SEGMENT), '{"busSeq":0}\n');
    expect(await running.done).toBe(1);
    expect(running.stderr.text).toMatch(new RegExp(`^error: LOG_CORRUPT: .* where entry ${entries} should be`));
  });

  test('sees what is new where nobody tells of changes', async () => {
    const watch = vi.spyOn(fs, 'watch').mockImplementation(() => {
      throw new Error('ENOSPC: no watchers left');
    });
    try {
      const { log } = await teamLog();
      const running = start(['tail', '--log', log, '--follow', '-n', '1']);
      await running.stdout.until((text) => text.includes('AGENT_TERMINATED'));
      const kernel = await bootOn(log);
      await running.stdout.until((text) => text.includes('KERNEL_STARTED'));
      await kernel.stop();
      expect(await stop(running)).toBe(0);
    } finally {
      watch.mockRestore();
    }
  });

  test('ends quietly when its reader goes away', async () => {
    const { log } = await teamLog();
    const stdout = new ClosedPipe();
    const { code, stderr } = await omnipaw(['tail', '--log', log, '--follow'], { stdout });
    expect({ code, stderr, writes: stdout.writes }).toEqual({ code: 0, stderr: '', writes: 1 });
  });
});

test('A log that is not there is a wrong call, followed or not', async () => {
  for (const rest of [[], ['--follow'], ['-n', '3']]) {
    const { code, stderr } = await omnipaw(['tail', '--log', path.join(temporaryFolder(), 'nowhere'), ...rest]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: LOG_NOT_FOUND: There is no log in /);
  }
});
