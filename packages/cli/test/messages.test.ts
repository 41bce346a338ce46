import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createKernel, defineAgent, FileLogStore } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { omnipaw, temporaryFolder } from './command.js';
import { SEGMENT, teamLog } from './logs.js';

const helper = defineAgent('helper', function* (ctx) {
  const { from } = yield* ctx.receive({ channel: 'ask' });
  yield* ctx.send(from!, 'here', 'answer');
});

const lead = defineAgent('lead', function* (ctx) {
  const child = yield* ctx.start(helper, null, { id: 'helper', grants: ['send:lead'] });
  yield* ctx.send('helper', 'first', 'ask');
  yield* ctx.send('helper', 'second', 'ask');
  yield* ctx.receive({ channel: 'answer' });
  yield* ctx.join(child);
  try {
    yield* ctx.send('helper', 'third', 'ask');
  } catch {
    // It has ended.
  }
});

/** A log in which one message was read, one came too late, and one was refused. */
async function talkLog(): Promise<string> {
  const log = path.join(temporaryFolder(), 'log');
  const kernel = await createKernel({ log: new FileLogStore(log), agents: [lead, helper] });
  await kernel.spawn(lead, null, { id: 'lead', grants: ['delegate:*', 'send:*'] }).result();
  await kernel.stop();
  return log;
}

describe('who said what to whom', () => {
  test('is a line for each message, with what became of it', async () => {
    const { code, stdout } = await omnipaw(['inspect', '--log', await talkLog(), '--messages']);
    expect(code).toBe(0);
    expect(stdout).toBe(`SEQ  FROM    TO      CHANNEL  SENT IN  READ IN  CAUSE  WHAT BECAME OF IT
5    lead    helper  ask      tick 1   tick 1   –      read
6    lead    helper  ask      tick 1   –        –      never read: its receiver has ended
9    helper  lead    answer   tick 1   tick 2   5      read
14   lead    helper  ask      tick 2   –        9      refused: DEAD_LETTER

4 messages, 2 refused or never read
`);
  });

  test('is an object for scripts', async () => {
    const { stdout } = await omnipaw(['inspect', '--log', await talkLog(), '--messages', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      agents: [{ id: 'lead' }, { id: 'helper', parent: 'lead' }],
      messages: [{ from: 'lead', to: 'helper', channel: 'ask', sentTick: 1, state: 'read' }, { state: 'unread' }, { from: 'helper', state: 'read' }, { state: 'refused', error: 'DEAD_LETTER' }],
    });
  });

  test('is a graph to be drawn', async () => {
    const log = await talkLog();
    expect((await omnipaw(['inspect', '--log', log, '--graph', 'mermaid'])).stdout).toBe(`flowchart LR
  n0["lead"]
  n1["helper"]
  n0 -->|"ask ×1"| n1
  n0 -.->|"ask, never read ×1"| n1
  n1 -->|"answer ×1"| n0
  n0 -.-x|"ask, DEAD_LETTER ×1"| n1
`);
    expect((await omnipaw(['inspect', '--log', log, '--graph', 'dot'])).stdout).toContain('n0 -> n1 [label="ask ×1"];');
  });

  test('is told up to an entry, and of an agent and those below it', async () => {
    const log = await talkLog();
    const messagesOf = async (...rest: readonly string[]): Promise<{ seq: number; state: string }[]> => (JSON.parse((await omnipaw(['inspect', '--log', log, '--messages', '--json', ...rest])).stdout) as { messages: { seq: number; state: string }[] }).messages;
    const all = await messagesOf();
    expect(await messagesOf('--at', String(all[1]!.seq))).toMatchObject([{ seq: all[0]!.seq }, { seq: all[1]!.seq, state: 'waiting' }]);
    expect(await messagesOf('--agent', 'lead')).toEqual(all);
    expect(await omnipaw(['inspect', '--log', log, '--messages', '--agent', 'nobody'])).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no agent "nobody"') as string });
  });

  test('is nothing where nobody said anything', async () => {
    const { log } = await teamLog();
    expect((await omnipaw(['inspect', '--log', log, '--messages'])).stdout).toBe('There is no message in the log.\n');
  });

  test('is not told of a log that is damaged', async () => {
    const log = await talkLog();
    const file = path.join(log, SEGMENT);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"first"', '"fixed"'));
    expect(await omnipaw(['inspect', '--log', log, '--messages'])).toMatchObject({ code: 1, stderr: expect.stringContaining('LOG_CORRUPT') as string });
  });

  test('is drawn in a language that there is, and not as JSON', async () => {
    const log = await talkLog();
    for (const rest of [['--graph', 'svg'], ['--graph', 'dot', '--json']]) expect((await omnipaw(['inspect', '--log', log, ...rest])).code).toBe(2);
  });
});

test('a channel whose name gives commands to a terminal gives none', async () => {
  const log = path.join(temporaryFolder(), 'log');
  const turner = defineAgent('turner', function* (ctx) { yield* ctx.send(ctx.agent.id, 1, 'a\u202eb'); });
  const kernel = await createKernel({ log: new FileLogStore(log), agents: [turner] });
  await kernel.spawn(turner, null, { grants: ['send:*'] }).result();
  await kernel.stop();
  expect((await omnipaw(['inspect', '--log', log, '--messages'])).stdout).toContain('a\\u202eb');
  expect((await omnipaw(['inspect', '--log', log, '--graph', 'dot'])).stdout).toContain('a&#8238;b');
  expect((await omnipaw(['inspect', '--log', log, '--graph', 'mermaid'])).stdout).toContain('a#8238;b');
});
