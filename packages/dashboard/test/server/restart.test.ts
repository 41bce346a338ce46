import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileLogStore } from '@omnipaw/kernel';
import { ControlledStore } from '@omnipaw/testing';
import { expect, test } from 'vitest';
import { DashboardServer, KernelSource } from '@omnipaw/dashboard';
import { breakIn, TestClient } from '../support/client.js';
import { boot, writer } from '../support/kernel.js';
import { entriesOf } from '../support/histories.js';
import { PAGE } from '../support/page.js';
import { connect, serveKernel } from '../support/serve.js';

const TOKEN = 'the-same-after-each-start';

test('a server that is closed and started again, while the kernel works, leaves no gap and tells nothing twice', async () => {
  const watched = await boot(new FileLogStore(mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'))));
  const working: Promise<unknown>[] = [];
  const lines: string[] = [];
  for (let start = 0; start < 5; start++) {
    const server = new DashboardServer(new KernelSource(watched), { port: 0, page: PAGE, token: TOKEN });
    await server.listen();
    const client = new TestClient(server.url);
    const last = lines.length === 0 ? undefined : (JSON.parse(lines.at(-1)!) as { busSeq: number; hash: string });
    await client.start(last === undefined ? {} : { logId: watched.kernel.logId, after: last.busSeq, hash: last.hash });
    if (last !== undefined) expect(client.messages.map(({ type }) => type)).toContain('RESUMED');
    working.push(watched.kernel.spawn(writer, { entries: 1_000 }).result());
    // It is closed in the midst of it, but for the last time.
    if (start === 4) await Promise.all(working);
    await client.until(() => (start === 4 ? client.last?.busSeq === watched.kernel.entryCount - 1 : client.lines.length >= 300));
    await server.close();
    expect((await client.ended()).code).toBe(1001);
    lines.push(...client.lines);
  }
  expect(breakIn(lines)).toBeUndefined();
  const stored = (await entriesOf(watched.log)).map(({ busSeq }) => busSeq);
  expect(lines.map((line) => (JSON.parse(line) as { busSeq: number }).busSeq)).toEqual(stored.slice(-lines.length));
  await watched.kernel.stop();
});

test('what is not durable is told to nobody', async () => {
  const store = new ControlledStore();
  const watched = await boot(store);
  const server = await serveKernel(watched);
  const client = connect(server.url);
  await client.start();
  const { busSeq } = (await client.message('SNAPSHOT')).payload.state;
  store.hold();
  watched.kernel.spawn(writer, { entries: 20 });
  // The server has said where its log ends, after the kernel has gone on.
  await client.until(() => client.messages.filter(({ type }) => type === 'HEAD').length > 2 && watched.kernel.entryCount > busSeq + 2);
  expect(client.lines).toEqual([]);
  store.release();
  await client.until(() => client.lines.length > 0);
  await watched.kernel.stop();
});

test('a kernel whose disk fails goes on being shown as it was, and the dashboard says so', async () => {
  const store = new ControlledStore();
  const watched = await boot(store, { onProblem: () => undefined });
  const server = await serveKernel(watched);
  const client = connect(server.url);
  await client.start();
  await client.message('SNAPSHOT');
  store.break();
  await watched.kernel.spawn(writer, { entries: 20 }).result().catch(() => undefined);
  const told = await client.until(() => client.messages.find((message) => message.type === 'HEAD' && message.payload.log === 'ended'));
  expect(told).toBeDefined();
  expect(client.messages.find(({ type }) => type === 'PROBLEM')).toMatchObject({ payload: { code: 'KERNEL_HALTED' } });
  expect(await client.ask('HISTORY', { after: -1 })).toHaveProperty('lines');
});
