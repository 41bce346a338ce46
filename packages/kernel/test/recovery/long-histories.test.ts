import { createKernel, defineAgent, defineTool, MemoryLogStore, replay, unchecked, type OmniError } from '@omnipaw/kernel';
import { describe, expect, test } from 'vitest';
import { nodePorts } from '../../src/node/index.js';

const { codec } = nodePorts;
const HALF_A_MEGABYTE = 'x'.repeat(512 * 1024);
const STEPS = 80;

/** Ends after 80 results of half a megabyte each; the call of step 70 is answered when somebody says so. */
function castOf(pause?: () => Promise<void>) {
  const fetchPage = defineTool({
    name: 'fetch-page',
    description: 'Gives a long page.',
    input: unchecked<{ readonly step: number }>(),
    idempotent: true,
    run: async ({ step }) => {
      if (step === 70) await pause?.();
      return `${step}${HALF_A_MEGABYTE}`;
    },
  });
  const reader = defineAgent('reader', function* (ctx) {
    let read = 0;
    for (let step = 0; step < STEPS; step++) read += (yield* ctx.tool(fetchPage, { step })).length;
    return read;
  });
  return { agents: [reader], tools: [fetchPage] } as const;
}

async function stoppedAtStep70(): Promise<MemoryLogStore> {
  const log = new MemoryLogStore();
  let reached: () => void = () => undefined;
  const isThere = new Promise<void>((resolve) => { reached = resolve; });
  const cast = castOf(() => {
    reached();
    return new Promise(() => undefined);
  });
  const kernel = await createKernel({ log, ...cast, checkpoints: { everyEntries: 20 } });
  kernel.spawn(cast.agents[0], null, { grants: ['call:fetch-page'] });
  await isThere;
  await kernel.flush();
  await kernel.stop();
  return log;
}

describe('a history that is too long to be copied into every checkpoint', () => {
  test('stays in the log, and its agent goes on from there', async () => {
    const log = await stoppedAtStep70();
    const kept = await log.checkpoints.load();
    expect(kept!.length).toBeLessThan(2 * 1024 * 1024);
    const problems: OmniError[] = [];
    const kernel = await createKernel({ log, ...castOf(), onProblem: (problem) => { problems.push(problem); } });
    expect(await kernel.agent('reader-1').result()).toBe(STEPS * HALF_A_MEGABYTE.length + 150);
    await kernel.stop();
    expect(problems).toEqual([]);
    expect(await replay(log, castOf())).toMatchObject({ integrity: 'INTACT', replay: 'REPRODUCED' });
  });

  test('is checked before it is believed', async () => {
    const log = await stoppedAtStep70();
    const bytes = log.bytes();
    bytes[2_000_000] = 'y'.charCodeAt(0);
    const damaged = new MemoryLogStore({ bytes, codec });
    await damaged.checkpoints.save((await log.checkpoints.load())!);
    await expect(createKernel({ log: damaged, ...castOf(), onProblem: () => undefined })).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
  });
});
