import { expect, test } from 'vitest';
import type { CDPSession } from 'playwright-core';
import { KernelSource } from '@omnipaw/dashboard';
import { describeWith } from '../../../../testing/components.js';
import { boot, lastSeq, write } from '../support/kernel.js';
import { openPage } from './support/browser.js';
import { servePage } from './support/served.js';

/** `OMNIPAW_PAGE_EVENTS=1000000` goes further, and takes minutes. */
const EVENTS = Number(process.env['OMNIPAW_PAGE_EVENTS'] ?? 40_000);
/** Much less than the lines that have come through, which are three hundred bytes each. */
const MAX_GROWTH_BYTES = 8 * 1024 * 1024;

async function heapBytes(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize;
}

describeWith('chromium', 'a page that is left open', () => {
  test('does not grow by what comes through it, and has hashed all of it', { timeout: 60_000 + EVENTS * 5 }, async () => {
    const watched = await boot();
    const server = await servePage(new KernelSource(watched));
    const page = await openPage(server.url, { panel: 'events' });
    const session = await page.context().newCDPSession(page);
    const verified = async (): Promise<void> => {
      const last = await lastSeq(watched);
      await page.getByText(`${(last + 1).toLocaleString('en-US')} entries`).waitFor({ timeout: 0 });
    };
    // So many that what is kept of the newest is full.
    await write(watched, 20_000, 'warm');
    await verified();
    const before = await heapBytes(session);
    await write(watched, EVENTS, 'more');
    await verified();
    expect((await heapBytes(session)) - before).toBeLessThan(MAX_GROWTH_BYTES);
    expect(await page.locator('.event-row').count()).toBeLessThan(100);
    const last = await lastSeq(watched);
    await page.getByRole('link', { name: 'Integrity' }).click();
    await page.getByRole('heading', { name: `Verified up to entry ${last.toLocaleString('en-US')}` }).waitFor();
  });
});
