import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { FileLogStore, type OmniError } from '@omnipaw/kernel';
import { beforeAll, describe, expect, it } from 'vitest';
import { DashboardThread, type DashboardThreadOptions } from '@omnipaw/dashboard';
import { bundle } from '../../../../testing/bundle.js';
import { breakIn } from '../support/client.js';
import { asker, boot, write } from '../support/kernel.js';
import { PAGE } from '../support/page.js';
import { closing, connect } from '../support/serve.js';

const WRITE = 'a-token-for-writing-1';
const program = { path: '' };

beforeAll(async () => {
  program.path = await bundle(new URL('../../src/thread/main.ts', import.meta.url));
});

async function start(options: DashboardThreadOptions): Promise<DashboardThread> {
  return closing(await DashboardThread.start({ port: 0, page: PAGE, program: program.path, ...options }));
}

describe('a dashboard in a thread of its own', () => {
  it('tells every entry of the log that the kernel writes', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    const watched = await boot(new FileLogStore(directory));
    const dashboard = await start({ directory });
    const client = connect(dashboard.url);
    await client.start();
    await client.message('SNAPSHOT');
    await write(watched, 500);
    await client.until(() => client.last?.busSeq === watched.kernel.entryCount - 1);
    expect(breakIn(client.lines)).toBeUndefined();
    await watched.kernel.stop();
    await client.until(() => client.messages.some((message) => message.type === 'HEAD' && message.payload.log === 'ended'));
  });

  it('brings decisions about approvals back to the kernel, and what the kernel says of them', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    const watched = await boot(new FileLogStore(directory));
    const dashboard = await start({ directory, kernel: watched.kernel, writeToken: WRITE });
    const client = connect(dashboard.urlWith(WRITE));
    expect(await client.start()).toMatchObject({ canDecide: true, scope: 'write' });
    const result = watched.kernel.spawn(asker, null, { grants: ['write:shared:team/**'] }).result();
    const { busSeq: approval } = await client.until(() => client.entries.find(({ kind }) => kind === 'APPROVAL_REQUESTED'));
    expect(await client.ask('DECIDE', { approval: 77_777, approved: true, reason: '' })).toEqual({ error: 'APPROVAL_NOT_FOUND' });
    expect(await client.ask('DECIDE', { approval, approved: true, reason: 'fine' })).toEqual({ approval });
    expect(await result).toBe('done');
    await watched.kernel.stop();
  });

  it('tells pages of problems of the kernel', async () => {
    const dashboard = await start({ directory: mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-')) });
    const client = connect(dashboard.url);
    await client.start();
    dashboard.report({ code: 'KERNEL_HALTED', message: 'the disk is gone' });
    expect((await client.message('PROBLEM')).payload).toMatchObject({ code: 'KERNEL_HALTED', message: 'the disk is gone' });
  });

  it('can end by itself, and the kernel is told and goes on', async () => {
    const watched = await boot();
    const told = await new Promise<OmniError>((resolve, reject) => {
      const crashing = fileURLToPath(new URL('../fixtures/crashing-thread.mjs', import.meta.url));
      start({ directory: 'nowhere', onProblem: resolve, program: crashing }).then((dashboard) => { dashboard.report({ code: 'CRASH', message: '' }); }, reject);
    });
    expect(told).toMatchObject({ code: 'DASHBOARD_FAILED', message: 'The dashboard has ended: memory ran out' });
    await write(watched, 10);
    await watched.kernel.stop();
  });

  it('says why it can not be started', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'omnipaw-dashboard-'));
    const first = await start({ directory });
    await expect(start({ directory, port: Number(new URL(first.url).port) })).rejects.toMatchObject({ code: 'DASHBOARD_UNAVAILABLE', message: expect.stringContaining('choose another port') });
    await expect(start({ directory, host: '0.0.0.0' })).rejects.toThrow('Give it a token');
  });
});
