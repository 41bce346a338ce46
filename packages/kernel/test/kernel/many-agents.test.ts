import { createKernel, defineAgent, defineTool, FileLogReader, FileLogStore, inspect, unchecked, verify } from '@omnipaw/kernel';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../node/temporary-directory.js';
import { entriesOf, ofKind } from '../support/index.js';

const AGENTS = 100;
const CALLS = 5;

test('a hundred agents with tool calls in flight at once finish, on a real disk, with a chain that verifies', async () => {
  // Each round of calls is let go only when a hundred of them are under way.
  let waiting: (() => void)[] = [];
  let mostAtOnce = 0;
  const barrier = defineTool({
    name: 'barrier', description: 'waits for everybody', input: unchecked<{ n: number }>(),
    run: async ({ n }) => {
      const everybodyIsHere = new Promise<void>((resolve) => waiting.push(resolve));
      mostAtOnce = Math.max(mostAtOnce, waiting.length);
      if (waiting.length === AGENTS) for (const goOn of waiting.splice(0)) goOn();
      await everybodyIsHere;
      return n * 2;
    },
  });
  const worker = defineAgent('worker', function* (ctx, n: number) {
    let sum = 0;
    for (let call = 0; call < CALLS; call++) sum += yield* ctx.tool(barrier, { n: n + call });
    yield* ctx.memory.set('sum', sum);
    return sum;
  });

  const directory = temporaryDirectory();
  const kernel = await createKernel({ log: new FileLogStore(directory, { segmentBytes: 100_000 }), agents: [worker], tools: [barrier] });
  const numbers = Array.from({ length: AGENTS }, (_, n) => n);
  const sums = await Promise.all(numbers.map((n) => kernel.spawn(worker, n, { grants: ['call:barrier'] }).result()));
  await kernel.stop();

  expect(mostAtOnce).toBe(AGENTS);
  expect(sums).toEqual(numbers.map((n) => (n * CALLS + 10) * 2));
  const log = new FileLogReader(directory);
  const verdict = await verify(log, { pin: kernel.head });
  expect(verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', entries: kernel.entryCount });
  const entries = await entriesOf(log);
  expect(ofKind(entries, 'TOOL_CALLED')).toHaveLength(AGENTS * CALLS);
  expect(ofKind(entries, 'TOOL_RESULT')).toHaveLength(AGENTS * CALLS);
  const { busSeq, head, time, kernel: writer, ...state } = await inspect(log);
  expect([busSeq, head]).toEqual([kernel.entryCount - 1, kernel.head]);
  expect(time).toBeGreaterThan(0);
  expect(Object.keys(writer.programs)).toEqual(['worker']);
  expect(state).toEqual(kernel.snapshot());
  waiting = [];
}, 60_000);
