import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { omnipaw, start, temporaryFolder } from './command.js';
import { damage, SEGMENT, teamLog } from './logs.js';
import { Sink } from './sink.js';

/** Where an entry's line starts. */
function startOfLine(bytes: Buffer, busSeq: number): number {
  let offset = 0;
  for (let seq = 0; seq < busSeq; seq++) offset = bytes.indexOf('\n', offset) + 1;
  return offset;
}

describe('a log that nobody touched', () => {
  test('is intact, and unpinned without a pin', async () => {
    const { log, head, entries } = await teamLog();
    const { code, stdout, stderr } = await omnipaw(['verify', '--log', log]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      `✓  integrity     INTACT    ${entries} entries, the chain of hashes is unbroken\n` +
        '–  completeness  UNPINNED  nothing to compare with; keep the head, and give it with --pin next time\n' +
        `   head          ${head}\n`,
    );
  });

  test('is complete up to the pin', async () => {
    const { log, head, entries } = await teamLog();
    const last = await omnipaw(['verify', '--log', log, '--pin', head.toUpperCase()]);
    expect(last.code).toBe(0);
    expect(last.stdout).toContain(`✓  completeness  COMPLETE  the pin is entry ${entries - 1}, the last one\n`);

    const { hash } = JSON.parse(fs.readFileSync(path.join(log, SEGMENT), 'utf8').split('\n')[3]!) as { hash: string };
    const earlier = await omnipaw(['verify', '--log', log, '--pin', hash]);
    expect(earlier.stdout).toContain(`the pin is entry 3; ${entries - 4} entries since\n`);
  });

  test('gives scripts the verdict and nothing else', async () => {
    const { log, head, entries } = await teamLog();
    const { stdout, stderr } = await omnipaw(['verify', '--log', log, '--json']);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ integrity: 'INTACT', completeness: 'UNPINNED', entries, head });
  });

  test('fails without a pin only for those who require one', async () => {
    const { log, head } = await teamLog();
    const { code, stderr } = await omnipaw(['verify', '--log', log, '--require-pin']);
    expect(code).toBe(1);
    expect(stderr).toBe('error: PIN_REQUIRED: Without --pin nobody can tell whether the end of the log was cut off.\n');
    expect((await omnipaw(['verify', '--log', log, '--require-pin', '--pin', head])).code).toBe(0);
  });
});

describe('a log that was changed', () => {
  test('is contradicted by one flipped bit, with the place', async () => {
    const { log, head } = await teamLog();
    let byteOffset = 0;
    damage(log, (bytes) => {
      byteOffset = startOfLine(bytes, 5);
      bytes[byteOffset + 30]! ^= 1;
      return bytes;
    });
    const { code, stdout, stderr } = await omnipaw(['verify', '--log', log, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      integrity: 'BROKEN',
      entries: 5,
      firstBad: { segment: SEGMENT, byteOffset, busSeq: 5, reason: 'HASH_MISMATCH' },
    });
    const place = `in segment ${SEGMENT} at byte ${byteOffset}, where the entry with busSeq 5 should be (hash mismatch)`;
    expect(stderr).toBe(`error: LOG_CORRUPT: The log is damaged ${place}.\n`);

    const forPeople = await omnipaw(['verify', '--log', log]);
    expect(forPeople.stdout).toContain('✗  integrity     BROKEN    damaged after 5 entries\n');
    expect(forPeople.stdout).toContain('–  completeness  UNPINNED  nothing to compare with\n');

    const pinned = await omnipaw(['verify', '--log', log, '--pin', head]);
    expect(pinned.stderr).toBe(
      `error: LOG_CORRUPT: The log is damaged ${place}.\nerror: LOG_INCOMPLETE: No entry with the hash ${head} is among the 5 good entries.\n`,
    );
  });

  test('shows that its tail was cut only with a pin', async () => {
    const { log, head, entries } = await teamLog();
    damage(log, (bytes) => bytes.subarray(0, startOfLine(bytes, entries - 2)));
    expect((await omnipaw(['verify', '--log', log])).code).toBe(0);
    const { code, stdout, stderr } = await omnipaw(['verify', '--log', log, '--pin', head]);
    expect(code).toBe(1);
    expect(stdout).toContain('✗  completeness  INCOMPLETE  the pinned entry is missing\n');
    expect(stderr).toBe(
      `error: LOG_INCOMPLETE: No entry with the hash ${head} is among the ${entries - 2} good entries, so the log was cut off or written anew.\n`,
    );
  });

  test('may end in an unfinished entry, as a crash leaves it', async () => {
    const { log, entries } = await teamLog();
    damage(log, (bytes) => bytes.subarray(0, bytes.length - 10));
    const { code, stdout } = await omnipaw(['verify', '--log', log]);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^✓  integrity {5}TORN_TAIL  ${entries - 1} entries, then \\d+ bytes of an unfinished one in ${SEGMENT}`));
  });

  test('is refused if a segment was renamed', async () => {
    const { log } = await teamLog();
    fs.renameSync(path.join(log, SEGMENT), path.join(log, 'old.jsonl'));
    const { code, stdout } = await omnipaw(['verify', '--log', log, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'LOG_CORRUPT', details: { segment: 'old.jsonl' } } });
  });
});

test('A log that is not there is a wrong call, and nothing is printed for scripts', async () => {
  const { code, stdout, stderr } = await omnipaw(['verify', '--log', path.join(temporaryFolder(), 'nowhere'), '--json']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: LOG_NOT_FOUND: There is no log in /);
});

test('A pin of no entry is pinned to the beginning', async () => {
  const { log } = await teamLog();
  const { code, stdout } = await omnipaw(['verify', '--log', log, '--pin', '0'.repeat(64)]);
  expect(code).toBe(0);
  expect(stdout).toContain('the pin is the beginning;');
});

test('Something long says on a terminal how far it is, and leaves no trace', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const { log } = await teamLog();
    const stderr = new Sink({ isTTY: true });
    const { done } = start(['verify', '--log', log], { stderr });
    vi.advanceTimersByTime(100);
    await done;
    const [before, shown, after, ...rest] = stderr.text.split('\r\u001b[2K');
    expect([before, after, ...rest]).toEqual(['', '']);
    expect(shown).toMatch(/^Verifying: \d+ % of 0\.0 MB$/);
  } finally {
    vi.useRealTimers();
  }
});
