import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { omnipaw, temporaryFolder } from './command.js';
import { damage, teamLog } from './logs.js';

describe('two logs', () => {
  test('that say the same are told so, whenever they were written', async () => {
    const [a, b] = [await teamLog(), await teamLog()];
    const { code, stdout, stderr } = await omnipaw(['diff', a.log, b.log]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '✓ Both logs say the same of 3 agents.\n', stderr: '' });
  });

  test('that differ are told by the first difference, and where others differ', async () => {
    const [a, b] = [await teamLog({}, ['a', 'bcd']), await teamLog({}, ['a', 'bc'])];
    const { code, stdout } = await omnipaw(['diff', a.log, b.log]);
    expect(code).toBe(1);
    expect(stdout.split('\n').map((line) => line.trimEnd().replaceAll(/\s{2,}/g, '  '))).toEqual([
      '✗ The logs differ, first in lead-1, after nothing that is the same:',
      `  A  entry 1 AGENT_SPAWNED  ${a.log}`,
      `  B  entry 1 AGENT_SPAWNED  ${b.log}`,
      '  $.data.input[1]  "bcd" – "bc"',
      '',
      'Others that differ, and where first:',
      expect.stringMatching(/^ {2}worker-2 {2}after nothing that is the same {2}entry \d+ AGENT_SPAWNED – entry \d+ AGENT_SPAWNED$/),
      '',
    ]);
  });

  test('are compared for one agent only, for scripts', async () => {
    const [a, b] = [await teamLog({}, ['a', 'bcd']), await teamLog({}, ['a', 'bcd', 'e'])];
    expect((await omnipaw(['diff', a.log, b.log, '--agent', 'worker-1'])).code).toBe(0);
    const { code, stdout } = await omnipaw(['diff', a.log, b.log, '--agent', 'worker-3', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ isSame: false, onlyInA: [], onlyInB: ['worker-3'], agents: [{ agent: 'worker-3', same: 0, b: { kind: 'AGENT_SPAWNED' } }] });
    const unknown = await omnipaw(['diff', a.log, b.log, '--agent', 'nobody']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('There is no agent "nobody" in either log. Agents: lead-1, worker-1, worker-2, worker-3.');
  });

  test('must both be there, and be good', async () => {
    const { log } = await teamLog();
    expect((await omnipaw(['diff', log, path.join(temporaryFolder(), 'nowhere')])).code).toBe(2);
    expect((await omnipaw(['diff', log])).code).toBe(2);
    const other = await teamLog();
    damage(other.log, (bytes) => {
      bytes[300]! ^= 1;
      return bytes;
    });
    const { code, stderr } = await omnipaw(['diff', log, other.log]);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: LOG_CORRUPT: ${other.log}: `);
  });
});
