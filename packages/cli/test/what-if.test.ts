import fs from 'node:fs';
import path from 'node:path';
import type { WhatIfReport } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, program, temporaryFolder } from './command.js';
import { storedText, teamLog } from './logs.js';

/** Lines with single gaps, so that no width of a column matters. */
function linesOf(stdout: string): string[] {
  return stdout.split('\n').slice(0, -1).map((line) => line.trim().replaceAll(/\s{2,}/g, '  '));
}

describe('what would be', () => {
  test('refused by a policy more is listed, call by call', async () => {
    const { log, entries } = await teamLog();
    const before = storedText(log);
    const { code, stdout } = await omnipaw(['what-if', '--log', log, '--deny', 'call:measure']);
    expect(code).toBe(1);
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^\d+ {2}worker-1 {2}tick 1 {2}call measure {2}REFUSE {2}by policy --deny call:measure; was allowed by grant 0 call:measure$/),
      expect.stringMatching(/^\d+ {2}worker-2 {2}tick 1 {2}call measure {2}REFUSE/),
      expect.stringMatching(new RegExp(`^✗ Of \\d+ actions in ${entries} entries, 2 would be refused\\.$`)),
    ]);
    expect(storedText(log)).toBe(before);
  });

  test('allowed as before is no finding', async () => {
    const { log } = await teamLog();
    for (const change of [['--deny', 'call:other'], ['--grant', 'worker=call:more'], ['--policy', '[]']]) {
      const { code, stdout } = await omnipaw(['what-if', '--log', log, ...change]);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^✓ All would be as it was: \d+ actions in \d+ entries\.\n$/);
    }
  });

  test('refused without a grant is refused to those below as well', async () => {
    const { log } = await teamLog();
    const { code, stdout } = await omnipaw(['what-if', '--log', log, '--without-grant', 'lead=call:**', '--json']);
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as WhatIfReport;
    expect(findings.map(({ agent, by, effect }) => `${agent} ${effect} by ${by}`)).toEqual([
      'lead-1 REFUSE by delegation', 'worker-1 REFUSE by default', 'lead-1 REFUSE by delegation', 'worker-2 REFUSE by default',
    ]);
    expect((await omnipaw(['what-if', '--log', log, '--without-grant', 'call:measure'])).code).toBe(1);
    const replaced = ['--without-grant', 'worker-1=call:**', '--grant', 'worker-1=call:meas*'];
    expect((await omnipaw(['what-if', '--log', log, ...replaced])).code).toBe(0);
  });

  test('decided by policies in a file, or by those and the extensions of a program', async () => {
    const { log } = await teamLog();
    const file = path.join(temporaryFolder(), 'policies.json');
    fs.writeFileSync(file, JSON.stringify({ name: 'no-plans', effect: 'DENY', action: 'write', resource: 'shared:**' }));
    const byFile = await omnipaw(['what-if', '--log', log, '--policy', `@${file}`]);
    expect(linesOf(byFile.stdout)[0]).toContain('write shared:team/total  REFUSE  by policy no-plans');

    const { code, stdout } = await omnipaw(['what-if', program('rules.ts'), '--log', log]);
    expect(code).toBe(1);
    expect(linesOf(stdout).map((line) => line.replace(/^\d+ {2}/, ''))).toEqual([
      'lead-1  tick 1  delegate worker  ESCALATE  by policy ask-for-workers; was allowed by grant 0 delegate:worker',
      'lead-1  tick 2  delegate worker  ESCALATE  by policy ask-for-workers; was allowed by grant 0 delegate:worker',
      'worker-2  tick 1  call measure  REFUSE  by guard one-call (CALL_LIMIT: one is enough); was allowed by grant 0 call:measure',
      expect.stringMatching(/^✗ Of \d+ actions in \d+ entries, 1 would be refused, 2 would be asked about first\.$/),
    ]);
  });

  test('warned about lets pass', async () => {
    const { log } = await teamLog();
    const { code, stdout } = await omnipaw(['what-if', program('warner.ts'), '--log', log]);
    expect(code).toBe(0);
    expect(linesOf(stdout)[0]).toMatch(/worker-1 {2}tick 2 {2}MEMORY_SET {2}WARN {2}by guard warner \(REMEMBERED \{"much":true\}\)$/);
    expect(linesOf(stdout).at(-1)).toMatch(/^✓ Of .* 2 would be warned about\.$/);
  });
});

describe('a wrong call', () => {
  test.each<[string, readonly string[], string]>([
    ['that changes nothing', [], 'Nothing would be otherwise'],
    ['with a program that has no rules', [program('toolbox.ts')], 'Nothing would be otherwise'],
    ['with what is no grant', ['--grant', 'worker=fly:away'], '"fly:away" is not a grant'],
    ['with what is no action', ['--deny', 'fly:away'], 'The action of policy'],
    ['with a denial of nothing', ['--deny', 'call'], '--deny call is no action:resource, e.g. call:host.fs.*'],
    ['with policies that are no JSON', ['--policy', 'x'], 'The policy is not JSON'],
    ['with a policy that is none', ['--policy', '[7]'], 'A policy is an object'],
    ['with a policy without a name', ['--policy', '{}'], 'A policy has a name'],
    ['with an agent that is not there', ['--without-grant', 'boss=call:**'], 'AGENT_NOT_FOUND'],
    ['with a grant that nobody has', ['--without-grant', 'call:other'], 'GRANT_NOT_FOUND: Nobody whom it is taken from was granted call:other'],
  ])('%s', async (_what, options, message) => {
    const { log } = await teamLog();
    const { code, stdout, stderr } = await omnipaw(['what-if', ...options, '--log', log]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

test('the extensions that a program exports take part in a run, in its replay, and in a what-if', async () => {
  const log = path.join(temporaryFolder(), 'log');
  const run = await omnipaw(['run', program('limited.ts'), '--log', log, '--grant', 'call:step']);
  expect([run.code, run.stderr]).toEqual([1, expect.stringContaining('TOO_FAR: Two steps are enough.')]);
  expect(await omnipaw(['replay', program('limited.ts'), '--log', log])).toMatchObject({ code: 0, stdout: expect.stringContaining('REPRODUCED') });
  expect((await omnipaw(['what-if', program('limited.ts'), '--log', log])).code).toBe(0);
});
