import { defineAgent, readEntries } from '@omnipaw/kernel';
import { messageGraph, toDot, toMermaid, type GraphMessage, type MessageGraph } from '@omnipaw/swarm';
import { describe, expect, it } from 'vitest';
import { boot, finish } from '../support.js';

/** A lead asks a helper, which answers; the rest goes wrong in every way in which it can. */
async function tangle(): Promise<MessageGraph> {
  const helper = defineAgent('helper', function* (ctx) {
    const { from } = yield* ctx.receive({ channel: 'ask' });
    yield* ctx.send(from!, 'here', 'answer');
  });
  const lead = defineAgent('lead', function* (ctx) {
    yield* ctx.sleep(1);
    const child = yield* ctx.start(helper, null, { id: 'helper', grants: ['send:lead'], monitor: true });
    yield* ctx.send('helper', 'first', 'ask');
    yield* ctx.send('helper', 'second', 'ask');
    yield* ctx.receive({ channel: 'answer' });
    yield* ctx.join(child);
    yield* ctx.receive({ channel: 'exit' });
    for (const send of [ctx.send('helper', 1, 'ask'), ctx.send('stranger', 1, 'ask'), ctx.send('lead', undefined, 'note'), ctx.send('lead', 1, 'note'), ctx.send('lead', 2, 'note')]) {
      try {
        yield* send;
      } catch {
        // It is on record.
      }
    }
    yield* ctx.sleep(10);
  });
  const booted = await boot({ agents: [lead, helper], maxMailboxMessages: 2 });
  const handle = booted.kernel.spawn(lead, null, { id: 'lead', grants: ['delegate:*', 'send:helper', 'send:lead'] });
  booted.kernel.send('lead', 'hurry', 'from outside');
  await booted.time.until(handle.result());
  await finish(booted);
  return messageGraph(readEntries(booted.log));
}

describe('the graph of a log', () => {
  it('has every message, with who sent it in which tick, who read it in which, and what led to it', async () => {
    const { agents, messages } = await tangle();
    expect(agents).toEqual([{ id: 'lead', type: 'lead', parent: null }, { id: 'helper', type: 'helper', parent: 'lead' }]);
    const seqOf = (index: number): number => messages[index]!.seq;
    const sent = { by: 'agent', error: null, state: 'read' };
    expect(messages.slice(0, 4)).toEqual([
      { ...sent, seq: seqOf(0), from: null, by: 'operator', to: 'lead', channel: 'from outside', sentTick: null, state: 'unread', readTick: null, readSeq: null, cause: null },
      { ...sent, seq: seqOf(1), from: 'lead', to: 'helper', channel: 'ask', sentTick: 2, readTick: 1, readSeq: expect.any(Number) as number, cause: null },
      { ...sent, seq: seqOf(2), from: 'lead', to: 'helper', channel: 'ask', sentTick: 2, state: 'unread', readTick: null, readSeq: null, cause: null },
      { ...sent, seq: seqOf(3), from: 'helper', to: 'lead', channel: 'answer', sentTick: 1, readTick: 3, readSeq: expect.any(Number) as number, cause: seqOf(1) },
    ]);
    expect(messages[4]).toMatchObject({ from: null, by: 'kernel', to: 'lead', channel: 'exit', state: 'read' });
  });

  it('has what was refused, with the reason, and whom it was for as far as that is on record', async () => {
    const { messages } = await tangle();
    const shown = ({ from, to, channel, state, error, sentTick }: GraphMessage) => [from, to, channel, state, error, sentTick !== null];
    expect(messages.slice(5).map(shown)).toEqual([
      ['lead', 'helper', 'ask', 'refused', 'DEAD_LETTER', true],
      ['lead', 'stranger', null, 'refused', 'PERMISSION_DENIED', true],
      ['lead', null, null, 'refused', 'SERIALIZATION_ERROR', true],
      ['lead', 'lead', 'note', 'unread', null, true],
      ['lead', 'lead', null, 'refused', 'MAILBOX_FULL', true],
    ]);
  });
});

const message = (fields: Partial<GraphMessage>): GraphMessage => ({ seq: 1, from: 'a', by: 'agent', to: 'b', channel: 'news', state: 'read', error: null, sentTick: 1, readTick: 1, readSeq: 2, cause: null, ...fields });

describe('a drawing', () => {
  const graph: MessageGraph = {
    agents: [],
    messages: [message({}), message({ state: 'waiting' }), message({ state: 'unread' }), message({ from: null, by: 'operator', to: 'a' }), message({ to: null, channel: null, state: 'refused', error: 'VALUE_TOO_LARGE' })],
  };

  it('for Mermaid has an edge for all messages that are alike', () => {
    expect(toMermaid(graph)).toBe(`flowchart LR
  n0["a"]
  n1["b"]
  n2["(operator)"]
  n3["(unknown)"]
  n0 -->|"news ×2"| n1
  n0 -.->|"news, never read ×1"| n1
  n2 -->|"news ×1"| n0
  n0 -.-x|"VALUE_TOO_LARGE ×1"| n3
`);
  });

  it('for Graphviz says the same', () => {
    expect(toDot(graph)).toBe(`digraph messages {
  rankdir=LR;
  node [shape=box];
  n0 [label="a"];
  n1 [label="b"];
  n2 [label="(operator)"];
  n3 [label="(unknown)"];
  n0 -> n1 [label="news ×2"];
  n0 -> n1 [label="news, never read ×1", style=dashed];
  n2 -> n0 [label="news ×1"];
  n0 -> n3 [label="VALUE_TOO_LARGE ×1", style=dashed, color=red];
}
`);
  });

  it('takes no order from the name of a channel', () => {
    const hostile: MessageGraph = { agents: [], messages: [message({ channel: `"]\nclick n0 "javascript:x"; <b>\\" & #35;` })] };
    expect(toMermaid(hostile).split('\n').at(-2)).toBe('  n0 -->|"#34;#93;#10;click n0 #34;javascript:x#34;#59; #60;b#62;#92;#34; #38; #35;35#59; ×1"| n1');
    expect(toDot(hostile)).toContain('[label="\\"]&#10;click n0 \\"javascript:x\\"; <b>\\\\\\" &amp; #35; ×1"]');
  });
});
