import { createKernel, defineAgent, type FollowedLog, type LogFollower } from '@omnipaw/kernel';
import { ControlledStore } from '@omnipaw/testing';
import { describe, expect, test } from 'vitest';
import { boot, entriesOf } from '../support/index.js';

const counter = defineAgent('counter', function* (ctx, count: number) {
  for (let step = 0; step < count; step++) yield* ctx.memory.set('step', step);
});
const sleeper = defineAgent('sleeper', function* (ctx) {
  yield* ctx.sleep(1_000);
});
const agents = [counter, sleeper];

/** Notes what it is told. */
class Witness implements LogFollower {
  log: FollowedLog | undefined;
  readonly seen: number[] = [];
  readonly durables: number[] = [];
  onApply: () => void = () => undefined;
  onClose: () => Promise<void> = () => Promise.resolve();

  readonly follow = (log: FollowedLog): LogFollower => {
    this.log = log;
    return this;
  };

  apply({ busSeq }: { readonly busSeq: number }): void {
    this.seen.push(busSeq);
    this.onApply();
  }

  durable(durableSeq: number): void {
    this.durables.push(durableSeq);
  }

  close(): Promise<void> {
    return this.onClose();
  }
}

describe('a follower', () => {
  test('sees every entry once, in order, and is told what is durable', async () => {
    const witness = new Witness();
    const { kernel, until, store } = await boot({ agents, follow: witness.follow });
    await until(kernel.spawn(counter, 5).result());
    await until(kernel.stop());
    expect((await entriesOf(store))[0]!.data).toMatchObject({ logId: witness.log!.logId });
    expect(witness.log).toMatchObject({ startSize: 0, reader: store });
    expect(witness.seen).toEqual(Array.from({ length: kernel.entryCount }, (_, index) => index));
    expect(witness.durables).toEqual([...new Set(witness.durables)].sort((one, other) => one - other));
    expect(witness.durables.at(-1)).toBe(kernel.entryCount - 1);
  });

  test('of a log that is opened again sees what is new, and no entry that was there', async () => {
    const first = await boot({ agents });
    first.kernel.spawn(sleeper, null);
    await first.time.settle();
    await first.until(first.kernel.stop());
    const witness = new Witness();
    const { kernel, until } = await boot({ agents, log: first.store, time: first.time, follow: witness.follow });
    await until(kernel.agent('sleeper-1').result());
    await until(kernel.stop());
    const startSize = first.kernel.entryCount;
    expect(witness.log?.startSize).toBe(startSize);
    expect(witness.seen).toEqual(Array.from({ length: kernel.entryCount - startSize }, (_, index) => startSize + index));
  });

  test('of each extension sees the same as that of the configuration, and that one of them throws is nothing to the others', async () => {
    const [own, one, other] = [new Witness(), new Witness(), new Witness()];
    one.onApply = () => { throw new Error('out of film'); };
    const extensions = [{ name: 'one', follow: one.follow }, { name: 'none' }, { name: 'other', follow: other.follow }];
    const { kernel, until, problems } = await boot({ agents, follow: own.follow, extensions });
    await until(kernel.spawn(counter, 5).result());
    await until(kernel.stop());
    expect(other.seen).toEqual(Array.from({ length: kernel.entryCount }, (_, index) => index));
    expect([own.seen, own.durables]).toEqual([other.seen, other.durables]);
    expect([one.seen, problems.map(({ cause }) => (cause as Error).message)]).toEqual([[0], ['out of film']]);
  });

  test('is waited for before the log is closed', async () => {
    const [witness, store] = [new Witness(), new ControlledStore()];
    let finish: () => void = () => undefined;
    witness.onClose = () => new Promise((resolve) => { finish = resolve; });
    const { kernel, until, time } = await boot({ agents, log: store, follow: witness.follow });
    const stopping = kernel.stop();
    await time.settle();
    expect([store.isClosed, witness.durables.at(-1)]).toEqual([false, kernel.entryCount - 1]);
    finish();
    await until(stopping);
    expect(store.isClosed).toBe(true);
  });

  test('is closed where the kernel cannot be started after all', async () => {
    const first = await boot({ agents });
    first.kernel.spawn(sleeper, null);
    await first.time.settle();
    await first.until(first.kernel.stop());
    const witness = new Witness();
    let isClosed = false;
    witness.onClose = async () => { isClosed = true; };
    const refused = createKernel({ log: first.store, agents, recover: false, follow: witness.follow }, { ports: first.time.ports });
    await expect(first.until(refused)).rejects.toMatchObject({ code: 'LOG_NEEDS_RECOVERY' });
    expect([isClosed, witness.seen]).toEqual([true, []]);
  });

  test('that is written in plain JavaScript may throw or reject wherever it likes, and the log is closed all the same', async () => {
    const [witness, store] = [new Witness(), new ControlledStore()];
    witness.onApply = () => Promise.reject(new Error('later')) as never;
    witness.onClose = () => { throw new Error('at once'); };
    const follow = (log: FollowedLog): LogFollower => {
      witness.follow(log);
      return { apply: () => witness.onApply(), durable: () => undefined, close: () => witness.close() };
    };
    const { kernel, until, problems } = await boot({ agents, log: store, follow });
    await until(kernel.spawn(counter, 2).result());
    await until(kernel.stop());
    expect(store.isClosed).toBe(true);
    expect(problems.map(({ code, cause }) => [code, (cause as Error).message])).toEqual([['EXTENSION_FAILED', 'later'], ['EXTENSION_FAILED', 'at once']]);
  });

  test('that throws is reported and told no more, and the kernel goes on', async () => {
    const witness = new Witness();
    witness.onApply = () => { if (witness.seen.length === 3) throw new Error('the other machine is away'); };
    witness.onClose = () => Promise.reject(new Error('still away'));
    const { kernel, until, problems, store } = await boot({ agents, follow: witness.follow });
    await until(kernel.spawn(counter, 5).result());
    await until(kernel.stop());
    expect(witness.seen).toEqual([0, 1, 2]);
    expect(problems.map(({ code, cause }) => `${code}: ${(cause as Error).message}`)).toEqual(['EXTENSION_FAILED: the other machine is away', 'EXTENSION_FAILED: still away']);
    expect(await entriesOf(store)).toHaveLength(kernel.entryCount);
  });
});
