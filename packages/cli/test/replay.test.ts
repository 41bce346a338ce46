import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, start, temporaryFolder } from './command.js';
import { damage, storedText, teamLog } from './logs.js';

/** The team's program with something about it changed, in a file of its own beside it. */
function changedTeam(change: (source: string) => string): string {
  const file = path.join(temporaryFolder(), 'team.ts');
  const source = fs.readFileSync(program('team.ts'), 'utf8');
  fs.writeFileSync(file, change(source));
  fs.symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), path.join(path.dirname(file), 'node_modules'));
  return file;
}

describe('a log', () => {
  test('that its program makes again is reproduced, and left as it was', async () => {
    const { log, head, entries } = await teamLog();
    const before = storedText(log);
    const { code, stdout, stderr } = await omnipaw(['replay', program('team.ts'), '--log', log, '--pin', head]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ {2}integrity +INTACT/m);
    expect(stdout).toMatch(/^✓ {2}completeness +COMPLETE/m);
    expect(stdout).toMatch(new RegExp(`^✓ {2}replay +REPRODUCED +7 ticks, ${entries} entries made again, each as it is in the log$`, 'm'));
    expect(stdout).toContain(head);
    expect(storedText(log)).toBe(before);
  });

  test('is reported to scripts', async () => {
    const { log, head, entries } = await teamLog();
    const { code, stdout } = await omnipaw(['replay', program('team.ts'), '--log', log, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ integrity: 'INTACT', completeness: 'UNPINNED', replay: 'REPRODUCED', entries, head, ticks: 7 });
  });

  test('that another program would not have written is told by the first entry', async () => {
    const { log } = await teamLog();
    const other = changedTeam((source) => source.replace("set('longest', text)", "set('longest', text + text)"));
    const { code, stdout, stderr } = await omnipaw(['replay', other, '--log', log]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ {2}replay +DIVERGED/m);
    expect(stdout).toMatch(/^The first divergence: entry \d+, agent worker-1, tick 2$/m);
    expect(stdout).toMatch(/^ {2}\$\.value +"a" – "aa"$/m);
    expect(stdout).toMatch(/^ {2}program worker +version 0, [0-9a-f]{12}… – version 0, [0-9a-f]{12}…$/m);
    expect(stderr).toMatch(/^error: REPLAY_DIVERGENCE: The log has MEMORY_SET \(WRITE\) of "worker-1"; now it says something else at \$\.value\.\n$/);
    const forScripts = await omnipaw(['replay', other, '--log', log, '--json']);
    expect(forScripts.code).toBe(1);
    expect(JSON.parse(forScripts.stdout)).toMatchObject({
      replay: 'DIVERGED',
      divergence: { agent: 'worker-1', tick: 2, differences: [{ path: '$.value', expected: 'a', actual: 'aa' }], program: { type: 'worker' } },
    });
  });

  test('that is damaged is replayed as far as it is good', async () => {
    const { log, entries } = await teamLog();
    damage(log, (bytes) => {
      const changed = Buffer.from(bytes);
      changed[bytes.length - 200]! ^= 1;
      return changed;
    });
    const { code, stdout, stderr } = await omnipaw(['replay', program('team.ts'), '--log', log, '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: LOG_CORRUPT: The log is damaged in segment /);
    expect(JSON.parse(stdout)).toMatchObject({ integrity: 'BROKEN', replay: 'INCOMPLETE', entries: entries - 1, firstBad: { busSeq: entries - 1 } });
  });

  test('says where its pin is', async () => {
    const { log, head, entries } = await teamLog();
    const argv = ['replay', program('team.ts'), '--log', log, '--pin', head];
    expect((await omnipaw(argv)).stdout).toContain(`the pin is entry ${entries - 1}, the last one`);
    expect(JSON.parse((await omnipaw([...argv, '--json'])).stdout)).toMatchObject({ completeness: 'COMPLETE', pinnedAt: entries - 1 });
  });

  test('whose end was cut off is contradicted by its pin, though all that is left was made again', async () => {
    const { log, head } = await teamLog();
    damage(log, (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1));
    const { code, stdout, stderr } = await omnipaw(['replay', program('team.ts'), '--log', log, '--pin', head, '--json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: LOG_INCOMPLETE: No entry with the hash ${head} is among the `));
    expect(JSON.parse(stdout)).toMatchObject({ integrity: 'INTACT', completeness: 'INCOMPLETE', replay: 'REPRODUCED' });
  });
});

describe('a wrong call', () => {
  test('with a program that lacks what the log uses says what', async () => {
    const { log } = await teamLog();
    const { code, stdout, stderr } = await omnipaw(['replay', program('greeter.ts'), '--log', log]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: AGENT_TYPE_NOT_REGISTERED: The log uses the agent "lead", and .*greeter\.ts does not export it\. It exports the agents asker, greeter \(default\) and the tools greet, refuse\.\n$/);
  });

  test('for what is no log says so', async () => {
    const { code, stderr } = await omnipaw(['replay', program('team.ts'), '--log', temporaryFolder()]);
    expect(code).toBe(2);
    expect(stderr).toContain('error: LOG_NOT_FOUND: ');
  });
});

test('a replay that is stopped says nothing of the log', async () => {
  const { log } = await teamLog({ segmentBytes: 1 });
  const { signals, stdout, done } = start(['replay', program('team.ts'), '--log', log]);
  while (signals.listenerCount('SIGINT') === 0) await new Promise((resolve) => setImmediate(resolve));
  signals.emit('SIGINT');
  expect(await done).toBe(130);
  expect(stdout.text).toBe('');
  expect(signals.listenerCount('SIGINT')).toBe(0);
});
