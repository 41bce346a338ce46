import { createKernel, defineAgent, verify, type Entry, type MemoryLogStore, type OmniKernel } from '@omnipaw/kernel';
import { crash, scriptedTool, VirtualTime, type CrashPoint } from '@omnipaw/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { entriesOf, kindsOf } from '../../kernel/test/support/index.js';

let time: VirtualTime;
beforeEach(() => { time = new VirtualTime(); });

/** Lets a kernel crash while an agent pays. */
async function crashAt(at: CrashPoint, afterMs = 5) {
  const pay = scriptedTool({ name: 'pay', script: [{ value: 'paid', afterMs }], time });
  const payer = defineAgent('payer', function* (ctx) {
    yield* ctx.memory.set('about to', 'pay');
    return yield* ctx.tool(pay, {});
  });
  const scenario = (kernel: OmniKernel): Promise<unknown> => kernel.spawn(payer, null, { grants: ['call:pay'] }).result();
  return { pay, ...(await crash({ at, time, agents: [payer], tools: [pay] }, scenario)) };
}

const HISTORY = ['LOG_OPENED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'MEMORY_SET', 'TOOL_CALLED', 'TOOL_RESULT', 'AGENT_COMPLETED', 'AGENT_TERMINATED'];

describe('a crash leaves what the disk would hold', () => {
  test('before an entry: nothing of it, though the outside has seen what caused it', async () => {
    const { log, isCrashed, pay } = await crashAt({ before: 'TOOL_RESULT' });
    expect(isCrashed).toBe(true);
    expect(kindsOf(await entriesOf(log))).toEqual(HISTORY.slice(0, 5));
    expect(pay.calls).toHaveLength(1);
  });

  test('after an entry: all up to it, and nothing that it would have led to', async () => {
    const { log, pay } = await crashAt({ after: 'TOOL_CALLED' });
    expect(kindsOf(await entriesOf(log))).toEqual(HISTORY.slice(0, 5));
    expect(pay.calls).toHaveLength(0);
  });

  test('within an entry: a torn line', async () => {
    const { log } = await crashAt({ within: ({ kind, agent }: Entry) => kind === 'TOOL_CALLED' && agent === 'payer-1' });
    const { nextSeq, tornTail } = await log.open();
    expect([nextSeq, tornTail?.byteCount]).toEqual([4, expect.any(Number)]);
    await log.close();
  });

  test('after so many writes and bytes, at any of which the log is whole', async () => {
    const ends = new Set<number>();
    const endOf = async ({ log }: { log: MemoryLogStore }): Promise<number> => (await entriesOf(log)).length;
    for (let write = 1; ; write++) {
      const whole = await crashAt({ write });
      if (!whole.isCrashed) break;
      const before = (await crashAt({ write, bytes: 0 })).log.bytes().length;
      for (let bytes = 0; before + bytes <= whole.log.bytes().length; bytes += 97) {
        const { log } = await crashAt({ write, bytes });
        expect(log.bytes()).toHaveLength(before + bytes);
        expect((await verify(log)).integrity).not.toBe('BROKEN');
        ends.add(await endOf({ log }));
      }
      ends.add(await endOf(whole));
    }
    expect([...ends].sort((one, other) => one - other)).toEqual(Array.from({ length: HISTORY.length + 1 }, (_, count) => count));
  });

  test('and a point that is never reached lets the scenario end', async () => {
    const { log, isCrashed } = await crashAt({ before: 'STALE_RESULT' });
    expect(isCrashed).toBe(false);
    expect(kindsOf(await entriesOf(log))).toEqual(HISTORY);
  });
});

test('nothing of a crashed kernel happens later', async () => {
  const { pay, log } = await crashAt({ write: 2 }, 60_000);
  const bytes = log.bytes();
  const calls = pay.calls.length;
  await time.advance(600_000);
  expect([log.bytes(), pay.calls.length, time.timerCount]).toEqual([bytes, calls, 0]);
});

test('what a scenario throws before the crash is thrown', async () => {
  const failing = crash({ at: { write: 99 }, time }, () => { throw new Error('no such scenario'); });
  await expect(failing).rejects.toThrow('no such scenario');
});

test('a crash may follow a crash, and cuts off what the one before has left', async () => {
  const torn = await crash({ at: { write: 1, bytes: 30 }, time }, () => undefined);
  expect(torn.log.bytes()).toHaveLength(30);
  const again = await crash({ at: { write: 1, bytes: 10 }, time, log: torn.log }, () => undefined);
  expect(again.log.bytes()).toHaveLength(10);
  const kernel = await time.until(createKernel({ log: again.log }, { ports: time.ports }));
  expect(kindsOf(await entriesOf(again.log))).toEqual(['LOG_OPENED', 'LOG_TAIL_CUT']);
  await time.until(kernel.stop());
});
