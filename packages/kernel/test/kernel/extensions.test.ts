import { defineAgent, defineTool, unchecked, type Entry } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf } from '../support/index.js';

const echo = defineTool({ name: 'echo', description: 'echoes', input: unchecked<{ text: string }>(), run: async ({ text }) => text });
const worker = defineAgent('worker', function* (ctx, text: string) {
  yield* ctx.sleep(10);
  return yield* ctx.tool(echo, { text });
});

function boom(): never {
  throw new Error('boom');
}

describe('a projection of an extension', () => {
  test('folds every entry from the header on, before a guard is asked', async () => {
    const folded: Entry[] = [];
    let seenByGuard = -1;
    const { kernel, until, store } = await boot({
      agents: [worker], tools: [echo],
      extensions: [{
        name: 'ledger',
        projection: { apply: (entry) => { folded.push(entry); } },
        guard: { review: () => ((seenByGuard = folded.length), undefined) },
      }],
    });
    await until(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result());
    await until(kernel.flush());
    expect(JSON.parse(JSON.stringify(folded))).toEqual(await entriesOf(store));
    expect(folded[seenByGuard]?.kind).toBe('TOOL_CALLED');
  });

  test('that throws is reported once and harms nobody', async () => {
    const { kernel, until, problems } = await boot({ agents: [worker], tools: [echo], extensions: [{ name: 'broken', projection: { apply: boom } }] });
    expect(await until(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result())).toBe('hi');
    expect(problems).toMatchObject([{ code: 'EXTENSION_FAILED', message: expect.stringContaining('"broken" failed at entry 0') }]);
  });

  test('that throws makes the guard beside it let nothing pass', async () => {
    const { kernel, rejection } = await boot({
      agents: [worker], tools: [echo],
      extensions: [{ name: 'quota', projection: { apply: boom }, guard: { review: () => undefined } }],
    });
    expect(await rejection(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result())).toMatchObject({ code: 'EXTENSION_FAILED' });
  });
});

test('an onProblem that throws harms nobody', async () => {
  const { kernel, until } = await boot({ agents: [worker], tools: [echo], onProblem: boom });
  kernel.subscribe(boom);
  kernel.subscribe(() => {
    throw new Proxy({}, { getPrototypeOf: boom });
  });
  kernel.onDurable(boom);
  expect(await until(kernel.spawn(worker, 'hi', { grants: ['call:echo'] }).result())).toBe('hi');
});
