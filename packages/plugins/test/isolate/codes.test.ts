/** Code that a worker keeps compiled: not more of it than it may, whatever comes. */
import { Worker } from 'node:worker_threads';
import { expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_LIMITS } from '@omnipaw/plugins';
import { engineModule } from '../../src/isolate/engine-module.js';
import { Heartbeat } from '../../src/isolate/heartbeat.js';
import type { HostMessage, StartMessage, WorkerMessage } from '../../src/isolate/protocol.js';
import type { WorkerData } from '../../src/isolate/worker.js';
import { programFile } from '../../src/programs.js';
import { jobOf, openPool, valueOf } from './support.js';

const MAX_CODES = 256;

test('a worker is told to forget the code that was used longest ago, and is given it again when that is run', { timeout: 120_000 }, async () => {
  const posted = vi.spyOn(Worker.prototype, 'postMessage');
  onTestFinished(() => { posted.mockRestore(); });
  const messages = <Kind extends HostMessage['kind']>(kind: Kind) => posted.mock.calls.map(([message]) => message as HostMessage).filter((message): message is Extract<HostMessage, { kind: Kind }> => message.kind === kind);
  const pool = openPool({ workers: 1 });
  const jobs = Array.from({ length: MAX_CODES + 1 }, (_, n) => jobOf(`() => ${n}`));
  for (const [n, job] of jobs.slice(0, MAX_CODES).entries()) expect(await valueOf(pool.run(job))).toBe(n);
  // The first is used once more, so that the second is the oldest.
  expect(await valueOf(pool.run(jobs[0]!))).toBe(0);
  expect(messages('start').at(-1)!.code).toBeUndefined();
  expect(messages('forget')).toEqual([]);
  expect(await valueOf(pool.run(jobs[MAX_CODES]!))).toBe(MAX_CODES);
  expect(messages('forget')).toEqual([{ kind: 'forget', codeDigest: jobs[1]!.codeDigest }]);
  expect(await valueOf(pool.run(jobs[1]!))).toBe(1);
  expect(messages('start').at(-1)).toMatchObject({ code: jobs[1]!.code });
});

test('a worker that was told to forget code has none of it left', async () => {
  const workerData: WorkerData = { module: await engineModule(64 * 1024 * 1024), heartbeat: new Heartbeat().memory };
  const worker = new Worker(programFile('isolate/worker'), { workerData });
  onTestFinished(async () => { await worker.terminate(); });
  const { code, codeDigest, fileName, now } = jobOf('() => 1');
  const said = (message: HostMessage): Promise<WorkerMessage> => {
    worker.postMessage(message);
    return new Promise((resolve) => { worker.once('message', resolve); });
  };
  const start = (slot: number, given: string | undefined): StartMessage => ({ kind: 'start', slot, codeDigest, code: given, fileName, args: 'null', now, seed: [1, 2, 3, 4], limits: DEFAULT_LIMITS });
  expect(await said(start(1, code))).toMatchObject({ kind: 'done', result: '1' });
  expect(await said(start(2, undefined))).toMatchObject({ kind: 'done', result: '1' });
  worker.postMessage({ kind: 'forget', codeDigest } satisfies HostMessage);
  expect(await said(start(3, undefined))).toMatchObject({ kind: 'failed', failure: { message: 'The code was not given.' } });
});
