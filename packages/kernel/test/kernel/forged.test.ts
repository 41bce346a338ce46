import { createKernel, inspect, MemoryLogStore, nodePorts, readEntries, verify, type KernelConfig } from '@omnipaw/kernel';
import { describe, expect, it } from 'vitest';
import { boot } from '../support/index.js';

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
