import { createKernel, defineAgent, MemoryLogStore, OmniError } from '@omnipaw/kernel';
import { scriptedTool, VirtualTime, type ScriptedToolOptions } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot } from '../../kernel/test/support/index.js';

const time = new VirtualTime();

/** What a program gets that calls a scripted tool so often, and the tool. */
async function callTimes(count: number, options: Omit<ScriptedToolOptions<{ n: number }, unknown>, 'name'>) {
  const tool = scriptedTool<{ n: number }>({ name: 'oracle', ...options });
  const asker = defineAgent('asker', function* (ctx) {
    const answers: unknown[] = [];
    for (let n = 0; n < count; n++) {
      try {
        answers.push(yield* ctx.tool(tool, { n }));
      } catch (error) {
        answers.push((error as OmniError).message);
      }
    }
    return [answers, ctx.now()] as const;
  });
  const { kernel, until } = await boot({ agents: [asker], tools: [tool], time });
  const began = time.now;
  const [answers, ended] = await until(kernel.spawn(asker, null, { grants: ['call:oracle'] }).result());
  return { answers, tookMs: ended - began, tool };
}

describe('a scripted tool', () => {
  test('answers one call after the other, and keeps what it was asked', async () => {
    const { answers, tool } = await callTimes(2, { script: [{ value: 'yes' }, { value: { sure: false } }] });
    expect(answers).toEqual(['yes', { sure: false }]);
    expect(tool.calls.map(({ args, agent, attempt }) => [args, agent, attempt])).toEqual([[{ n: 0 }, 'asker-1', 1], [{ n: 1 }, 'asker-1', 1]]);
    expect(new Set(tool.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });

  test('takes the virtual time that its script says, and none of the real one', async () => {
    const { answers, tookMs } = await callTimes(2, { time, script: [{ value: 1, afterMs: 20_000 }, { error: new Error('late'), afterMs: 5_000 }] });
    expect(answers).toEqual([1, 'Tool "oracle" threw Error: late']);
    expect(tookMs).toBe(25_000);
  });

  test('is tried again after a TRANSIENT error', async () => {
    const busy = new OmniError('BUSY', 'come back', { failureClass: 'TRANSIENT' });
    const { answers, tool } = await callTimes(1, { script: [{ error: busy }, { value: 'welcome' }], retry: { limit: 1, backoffMs: 10 } });
    expect(answers).toEqual(['welcome']);
    expect(tool.calls.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test('that hangs times out', async () => {
    const { answers, tookMs } = await callTimes(1, { script: [{ hangs: true }], timeoutMs: 300 });
    expect(answers).toEqual([expect.stringContaining('no result within 300 ms')]);
    expect(tookMs).toBe(300);
  });

  test('can decide by the call', async () => {
    const { answers } = await callTimes(3, { script: ({ args: { n } }) => ({ value: n * n }) });
    expect(answers).toEqual([0, 1, 4]);
  });

  test('fails a call that is beyond its script', async () => {
    const { answers } = await callTimes(2, { script: [{ value: 1 }] });
    expect(answers).toEqual([1, expect.stringContaining('Call 2 of tool "oracle" is beyond its script.')]);
  });

  test('cannot take its time without a time to take it of', async () => {
    const { answers } = await callTimes(1, { script: [{ value: 1, afterMs: 10 }] });
    expect(answers).toEqual([expect.stringContaining('An answer after 10 ms needs a time')]);
  });
});

test('two virtual times of one seed give the same log, and another seed another one', async () => {
  const sleeper = defineAgent('sleeper', function* (ctx) {
    yield* ctx.sleep(1_000);
    return ctx.uuid();
  });
  const logOf = async (seed: string): Promise<string> => {
    const virtual = new VirtualTime({ seed });
    const log = new MemoryLogStore();
    const kernel = await virtual.until(createKernel({ log, agents: [sleeper] }, { ports: virtual.ports }));
    await virtual.until(kernel.spawn(sleeper, null).result());
    await virtual.until(kernel.stop());
    return new TextDecoder().decode(log.bytes());
  };
  expect(await logOf('a')).toBe(await logOf('a'));
  expect(await logOf('a')).not.toBe(await logOf('b'));
});
