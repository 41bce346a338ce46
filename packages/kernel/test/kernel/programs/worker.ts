/**
 * Runs agents on the log in a directory until it is killed.
 *
 * Prints a line of JSON for each thing that has left the kernel: `ran`, a tool call with its key, and `acknowledged`, a
 * result that somebody was told.
 */
import { writeSync } from 'node:fs';
import { createKernel, defineAgent, defineTool, FileLogStore, unchecked } from '@omnipaw/kernel';

const AGENTS_AT_ONCE = 30;

function print(line: object): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const work = defineTool({
  name: 'work', description: 'takes a moment', input: unchecked<{ text: string }>(),
  run: async ({ text }, { agent, idempotencyKey }) => {
    print({ ran: idempotencyKey, agent });
    await new Promise((resolve) => setTimeout(resolve, text.length % 7));
    return { text, length: text.length };
  },
});
const helper = defineAgent('helper', function* (ctx, text: string) {
  return (yield* ctx.tool(work, { text })).length;
});
const worker = defineAgent('worker', function* (ctx, text: string) {
  const [own, other] = yield* ctx.all([ctx.tool(work, { text }), ctx.delegate(helper, `${text}${text}`, { grants: ['call:work'] })]);
  yield* ctx.memory.set('own', own);
  return { own, other };
});

const kernel = await createKernel({
  log: new FileLogStore(process.argv[2] ?? '', { segmentBytes: 50_000 }),
  agents: [worker, helper],
  tools: [work],
});

async function keepWorking(lane: number): Promise<void> {
  for (let round = 0; ; round++) {
    const handle = kernel.spawn(worker, 'x'.repeat((lane * 13 + round * 7) % 200), { grants: ['call:work', 'delegate:helper'] });
    print({ acknowledged: handle.id, result: await handle.result() });
  }
}
await Promise.all(Array.from({ length: AGENTS_AT_ONCE }, (_, lane) => keepWorking(lane)));
