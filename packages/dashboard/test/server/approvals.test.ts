import { describe, expect, it } from 'vitest';
import { asker, boot, type Watched } from '../support/kernel.js';
import type { TestClient } from '../support/client.js';
import { connect, serveKernel } from '../support/serve.js';

const WRITE = 'a-token-for-writing-1';

interface Asked {
  readonly watched: Watched;
  readonly client: TestClient;
  readonly approval: number;
  readonly result: Promise<unknown>;
}

async function asked(): Promise<Asked> {
  const watched = await boot();
  const server = await serveKernel(watched, { writeToken: WRITE });
  const client = connect(server.urlWith(WRITE));
  expect(await client.start()).toMatchObject({ scope: 'write', canDecide: true });
  const result = watched.kernel.spawn(asker, null, { grants: ['read:shared:team/**', 'write:shared:team/**'] }).result();
  result.catch(() => undefined);
  const request = await client.until(() => client.entries.find(({ kind }) => kind === 'APPROVAL_REQUESTED'));
  return { watched, client, approval: request.busSeq, result };
}

describe('a request for approval', () => {
  it('is approved by who has a token for writing, with a reason, and the agent goes on', async () => {
    const { watched, client, approval, result } = await asked();
    expect(await client.ask('DECIDE', { approval, approved: true, reason: 'it is tea time' })).toEqual({ approval });
    expect(await result).toBe('done');
    const decided = await client.until(() => client.entries.find(({ kind }) => kind === 'APPROVAL_DECIDED'));
    expect(decided.data).toMatchObject({ approval, approved: true, by: 'dashboard', reason: 'it is tea time' });
    await watched.kernel.stop();
  });

  it('is denied, and the program gets the reason', async () => {
    const { watched, client, approval, result } = await asked();
    await client.ask('DECIDE', { approval, approved: false, reason: 'no tea today' });
    await expect(result).rejects.toThrow('no tea today');
    await watched.kernel.stop();
  });

  it('is decided once, and only as a request says that makes sense', async () => {
    const { watched, client, approval } = await asked();
    for (const payload of [{}, { approval: '1', approved: true }, { approval, approved: 'yes' }, { approval, approved: true, reason: 'x'.repeat(1_001) }, { approval: -1, approved: true }]) {
      expect(await client.ask('DECIDE', payload)).toEqual({ error: 'BAD_REQUEST' });
    }
    expect(await client.ask('DECIDE', { approval: 99_999, approved: true, reason: '' })).toEqual({ error: 'APPROVAL_NOT_FOUND' });
    await client.ask('DECIDE', { approval, approved: true, reason: '' });
    expect(await client.ask('DECIDE', { approval, approved: false, reason: '' })).toEqual({ error: 'APPROVAL_NOT_FOUND' });
    await watched.kernel.stop();
  });

  it('is not decided when the kernel was stopped', async () => {
    const { watched, client, approval } = await asked();
    await watched.kernel.stop();
    expect(await client.ask('DECIDE', { approval, approved: true, reason: '' })).toEqual({ error: 'NOT_NOW' });
  });
});
