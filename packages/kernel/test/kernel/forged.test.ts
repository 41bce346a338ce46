import { createKernel, defineAgent, defineTool, inspect, MemoryLogStore, nodePorts, readEntries, unchecked, verify, type Entry, type KernelConfig } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { rechained as relinked } from '../history/story.js';
import { boot, entriesOf } from '../support/index.js';

/** A log written anew from its second entry on, every hash right. */
async function rechained(data: string): Promise<MemoryLogStore> {
  const { kernel, store, until } = await boot();
  await until(kernel.stop());
  let header = '';
  for await (const { hash } of readEntries(store)) header = hash;
  const body = `{"busSeq":1,"time":1,"agent":"main-1","kind":"AGENT_SPAWNED","data":${data},"prev":"${header}"`;
  const line = `${body},"hash":"${nodePorts.codec.sha256(body)}"}\n`;
  return new MemoryLogStore({ bytes: Buffer.concat([store.bytes(), Buffer.from(line)]), codec: nodePorts.codec });
}

describe.each(['{}', '{"type":1,"parent":{},"token":null}', '{"transition":null}'])('a log with a forged entry %s', (data) => {
  it('has an unbroken chain, and is nobody who reads its entries believes them', async () => {
    const log = await rechained(data);
    expect((await verify(log)).integrity).toBe('INTACT');
    await expect(inspect(log)).rejects.toMatchObject({ code: 'LOG_CORRUPT', details: { busSeq: 1 } });
    await expect(createKernel({ log })).rejects.toMatchObject({ code: 'REPLAY_DIVERGENCE', details: { busSeq: 1 } });
  });
});

describe('a log in which an approval was decided for nobody', () => {
  const pay = defineTool({ name: 'pay', description: '', input: unchecked(), run: () => 'paid' });
  const payer = defineAgent('payer', function* (ctx) {
    return yield* ctx.tool(pay, {});
  });
  const sleeper = defineAgent('sleeper', function* (ctx) {
    yield* ctx.sleep(10);
    return yield* ctx.tool(pay, {});
  });
  const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'pay', agentType: 'payer', timeoutMs: 500 }] as const;
  const config = { agents: [payer, sleeper], tools: [pay], policies };

  it('halts the kernel at the deadline of the approval, by an error that has a code', async () => {
    const first = await boot(config);
    first.kernel.spawn(payer, null, { grants: ['call:pay'] });
    first.kernel.spawn(sleeper, null, { grants: ['call:pay'] });
    await first.time.advance(20);
    await first.until(first.kernel.stop());
    const entries = await entriesOf(first.store);
    const asked = entries.find(({ kind }) => kind === 'APPROVAL_REQUESTED')!;
    const decided = { ...asked, kind: 'APPROVAL_DECIDED', data: { approval: asked.busSeq, approved: false, decider: 'operator', by: 'x', reason: '' } } as unknown as Entry;
    entries.splice(asked.busSeq + 1, 0, decided);

    const { kernel, time, problems, rejection } = await boot({ ...config, log: relinked(entries) });
    const result = rejection(kernel.agent('payer-1').result());
    await time.advance(1_000);
    expect(await result).toMatchObject({ code: 'KERNEL_HALTED', cause: { code: 'APPROVAL_NOT_FOUND' } });
    expect(problems).toEqual([await result]);
    const count = kernel.entryCount;
    for (const order of [() => { kernel.spawn(payer, null); }, () => { kernel.send('payer-1', 'x'); }, () => { kernel.revoke('payer-1', 'x'); }]) {
      expect(order).toThrow(expect.objectContaining({ code: 'KERNEL_HALTED' }));
    }
    expect(kernel.entryCount).toBe(count);
    await time.until(kernel.stop());
  });
});

describe('a log in which an agent has a seed that is no text', () => {
  const sleeper = defineAgent('sleeper', function* (ctx) {
    yield* ctx.sleep(10);
    yield* ctx.sleep(10);
  });

  it.each([15, 25])('is none that a kernel writes, after %d ms', async (ms) => {
    const { kernel, store, time, until } = await boot({ agents: [sleeper] });
    kernel.spawn(sleeper, null).result().catch(() => undefined);
    await time.advance(ms - 10);
    await until(kernel.stop());
    const entries = (await entriesOf(store)).map((entry) => (entry.kind === 'AGENT_SPAWNED' ? { ...entry, data: { ...entry.data, seed: 5 as never } } : entry));
    await expect(createKernel({ agents: [sleeper], log: relinked(entries) })).rejects.toMatchObject({ code: expect.stringMatching(/^(LOG_CORRUPT|REPLAY_DIVERGENCE)$/) as string });
  });
});

describe('a configuration', () => {
  it.each([
    [{}, /needs a log/],
    [{ log: { open: 1 } }, /needs a log/],
    [{ log: new MemoryLogStore(), durability: 'never' }, /"strict" or "relaxed"/],
  ])('like %j is refused as a whole', async (config, message) => {
    const booting = createKernel(config as unknown as KernelConfig);
    await expect(booting).rejects.toThrow(TypeError);
    await expect(booting).rejects.toThrow(message);
  });
});
