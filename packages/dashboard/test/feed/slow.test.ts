import { describe, expect, it } from 'vitest';
import type { DashboardServer } from '@omnipaw/dashboard';
import { breakIn } from '../support/client.js';
import { boot, write } from '../support/kernel.js';
import { connect, serveKernel } from '../support/serve.js';

const MEBIBYTE = 1024 * 1024;

function mostHeld({ clients }: DashboardServer): number {
  return Math.max(...clients.map(({ bufferedBytes }) => bufferedBytes));
}

describe('a client that takes less than there is', () => {
  it('costs its limit and no more, and gets everything in the end', async () => {
    const watched = await boot();
    const server = await serveKernel(watched);
    const [slow, quick] = [connect(server.url), connect(server.url)];
    await Promise.all([slow.start(), quick.start()]);
    await Promise.all([slow.message('SNAPSHOT'), quick.message('SNAPSHOT')]);
    slow.socket.pause();
    // More than the buffers of sockets, of the client and of the ring hold together.
    for (let round = 0; round < 12; round++) {
      await write(watched, 2_000, 'x'.repeat(1_000));
      await quick.until(() => quick.last?.busSeq === watched.kernel.entryCount - 1);
      expect(mostHeld(server)).toBeLessThanOrEqual(MEBIBYTE + 128);
    }
    expect(mostHeld(server)).toBeGreaterThan(MEBIBYTE / 2);

    slow.socket.resume();
    await slow.message('BEHIND');
    await slow.message('CAUGHT_UP');
    await slow.until(() => slow.lines.length === quick.lines.length);
    expect(slow.lines).toEqual(quick.lines);
    expect(breakIn(slow.lines)).toBeUndefined();
    await watched.kernel.stop();
  });

  it('is not listened to meanwhile: what it asks for waits', async () => {
    const watched = await boot();
    await write(watched, 3_000, 'x'.repeat(1_000));
    const server = await serveKernel(watched);
    const client = connect(server.url);
    await client.start();
    await client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.log === 'live'));
    client.socket.pause();
    for (let id = 1; id <= 2_000; id++) client.say({ type: 'HISTORY', id, payload: { after: -1, limit: 500 } });
    // The server has its turns while the kernel works.
    for (let round = 0; round < 10; round++) await write(watched, 200);
    expect(mostHeld(server)).toBeLessThanOrEqual(3 * MEBIBYTE);
    client.socket.resume();
    await client.until(() => client.messages.filter(({ type }) => type === 'REPLY' || type === 'ERROR').length === 2_000);
    await watched.kernel.stop();
  });
});
