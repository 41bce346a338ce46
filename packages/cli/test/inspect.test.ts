import { describe, expect, test } from 'vitest';
import { omnipaw, temporaryFolder } from './command.js';
import { worker } from './fixtures/team.js';
import { bootOn, damage, rewrite, storedText, teamLog } from './logs.js';
import { Sink } from './sink.js';

test('The state is a table that is also the delegation tree, then what each agent holds', async () => {
  const { log, head, entries } = await teamLog();
  const { code, stdout } = await omnipaw(['inspect', '--log', log]);
  expect(code).toBe(0);
  const [title, headLine, , ...rest] = stdout.split('\n');
  expect(title).toMatch(new RegExp(`^${log} at entry ${entries - 1}, \\d{4}-.*Z$`));
  expect(headLine).toBe(`head ${head}`);
  expect(rest.join('\n')).toBe(`AGENT        TYPE    STATE       MEMORY  MAIL  WAITS FOR  GRANTS
lead-1       lead    TERMINATED  –       –     –          delegate:worker, call:measure, write:shared:team/*
├─ worker-1  worker  TERMINATED  1       –     –          call:measure
└─ worker-2  worker  TERMINATED  1       –     –          call:measure

lead-1
  budget  maxTicks  50
  result            {"lengths":[1,3],"total":4}

worker-1
  memory  longest   "a"
  budget  maxTicks  5
  result            1

worker-2
  memory  longest   "bcd"
  budget  maxTicks  5
  result            3

shared memory
  team  total v1  4
`);
});

test('The state is the one at the entry that is named', async () => {
  const { log } = await teamLog();
  const { stdout } = await omnipaw(['inspect', '--log', log, '--at', '7']);
  expect(stdout).toContain(' at entry 7, ');
  expect(stdout).toContain('└─ worker-1  worker  WAITING  –       –     tool since 6        call:measure\n');
  expect(stdout).toContain('\nworker-1\n  scratch  step      1\n');
  expect((await omnipaw(['inspect', '--log', log, '--at', '0'])).stdout).toContain('\nThere is no agent yet.\n');
});

test('Scripts get all of it', async () => {
  const { log, head } = await teamLog();
  const { stdout } = await omnipaw(['inspect', '--log', log, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    head,
    agents: [{ id: 'lead-1', children: ['worker-1', 'worker-2'] }, { id: 'worker-1', memory: { longest: 'a' } }, { id: 'worker-2' }],
    shared: { team: { total: { value: 4, version: 1 } } },
  });
});

describe('a log that somebody has written anew', () => {
  type Born = readonly [id: string, parent: string | null];

  /** The births of these agents, and nothing else. */
  async function bornIn(...born: readonly Born[]): Promise<string> {
    const { log } = await teamLog();
    rewrite(log, (entry) => {
      if (entry.busSeq > 1) return [];
      return entry.busSeq === 0 ? entry : born.map(([agent, parent]) => ({ ...entry, agent, data: { ...entry.data, parent } }));
    });
    return log;
  }

  test.each<[string, readonly Born[], string]>([
    ['twice', [['a', null], ['b', 'a'], ['b', 'a']], 'The entry with busSeq 3 is none that a kernel writes: Agent "b" is born a second time.'],
    ['of itself', [['a', 'a']], 'Agent "a" is a child of "a", which is not born yet.'],
    ['of nobody', [['a', 'b'], ['b', 'a']], 'Agent "a" is a child of "b", which is not born yet.'],
  ])('is corrupt if an agent is born %s', async (_how, born, message) => {
    const { code, stderr } = await omnipaw(['inspect', '--log', await bornIn(...born)]);
    expect(code).toBe(1);
    expect(stderr).toContain(`LOG_CORRUPT: `);
    expect(stderr).toContain(message);
  });

  test('can hold a chain of delegations of any depth, which is shown', async () => {
    const chain = Array.from({ length: 8_000 }, (_, number): Born => [`a${number}`, number === 0 ? null : `a${number - 1}`]);
    const log = await bornIn(...chain);
    const { code, stdout } = await omnipaw(['inspect', '--log', log]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {9}└─ a4 /m);
    expect(stdout).toMatch(/^ {60}└─ a7999 /m);
    const below = await omnipaw(['inspect', '--log', log, '--agent', 'a10', '--json']);
    expect((JSON.parse(below.stdout) as { agents: unknown[] }).agents).toHaveLength(7_990);
  });
});

describe('--agent', () => {
  test('leaves an agent and those below it, with all of each value', async () => {
    const text = 'x'.repeat(300);
    const { log } = await teamLog({}, ['a', text]);
    const shortened = await omnipaw(['inspect', '--log', log]);
    expect(shortened.stdout).not.toContain(text);
    expect(shortened.stdout).toContain('xxx…\n');
    const { stdout } = await omnipaw(['inspect', '--log', log, '--agent', 'worker-2']);
    expect(stdout).toContain(text);
    expect(stdout).not.toContain('worker-1');
    const whole = await omnipaw(['inspect', '--log', log, '--agent', 'lead-1', '--json']);
    expect((JSON.parse(whole.stdout) as { agents: unknown[] }).agents).toHaveLength(3);
  });

  test('that is not there is answered with those that are', async () => {
    const { log } = await teamLog();
    const { code, stdout, stderr } = await omnipaw(['inspect', '--log', log, '--agent', 'boss', '--json']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: AGENT_NOT_FOUND: There is no agent "boss" at busSeq \d+\. Agents: lead-1, worker-1, worker-2\.\n$/);
  });
});

test('A log that is being written can be looked at', async () => {
  const log = temporaryFolder();
  const kernel = await bootOn(log);
  const grants = [{ action: 'call', resource: 'measure', limit: 3, notAfter: 1_900_000_000_000 } as const];
  const handle = kernel.spawn(worker, 'x', { grants, expiresInMs: 60_000 });
  await handle.result();
  const { code, stdout } = await omnipaw(['inspect', '--log', log]);
  expect(code).toBe(0);
  expect(stdout).toContain('call:measure (3 times, until 2030-03-17T17:46:40.000Z)');
  expect(stdout).toMatch(/\n {2}expires +\d{4}-/);
  await kernel.stop();
});

test('A log with an unfinished last entry can be looked at, a damaged one only up to the damage', async () => {
  const { log, entries } = await teamLog();
  damage(log, (bytes) => bytes.subarray(0, bytes.length - 1));
  expect((await omnipaw(['inspect', '--log', log])).stdout).toContain(` at entry ${entries - 2}, `);

  damage(log, (bytes) => Buffer.from(bytes.toString().replace('"worker-2"', '"worker-9"')));
  const { code, stderr } = await omnipaw(['inspect', '--log', log]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: LOG_CORRUPT: The log is damaged in segment .* at byte \d+, where entry \d+ should be/);
  expect((await omnipaw(['inspect', '--log', log, '--at', '5'])).code).toBe(0);
});

test('What a failed agent died of is shown, in red at a terminal', async () => {
  const log = temporaryFolder();
  const kernel = await bootOn(log);
  await kernel.spawn(worker, 'x').result().catch(() => undefined);
  await kernel.stop();
  const stdout = new Sink({ isTTY: true, columns: 60 });
  await omnipaw(['inspect', '--log', log], { stdout });
  expect(stdout.text).toContain('\u001b[31mFAULTED\u001b[39m');
  expect(stdout.text).toContain('PERMISSION_DENIED  Agent "worker-1" may not call m…\n');
  const plain = new Sink({ isTTY: true });
  await omnipaw(['inspect', '--log', log], { stdout: plain, env: { NO_COLOR: '1' } });
  expect(plain.text).not.toContain('\u001b');
});

test('A place beyond the end is a wrong call', async () => {
  const { log, entries } = await teamLog();
  const { code, stderr } = await omnipaw(['inspect', '--log', log, '--at', '9999']);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `error: LOG_NOT_FOUND: The log ends at busSeq ${entries - 1}, so there is nothing at busSeq 9999.\n`,
  });
  expect(storedText(log).split('\n')).toHaveLength(entries + 1);
});
