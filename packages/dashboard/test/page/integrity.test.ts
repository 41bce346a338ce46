/** Somebody between the log and the browser changes what is told. */
import { test } from 'vitest';
import type { Page } from 'playwright-core';
import { KernelSource } from '@omnipaw/dashboard';
import { describeWith } from '../../../../testing/components.js';
import { boot, lastSeq, write, type Watched } from '../support/kernel.js';
import { openPage } from './support/browser.js';
import { servePage } from './support/served.js';

const LONG = { timeout: 60_000 };

/** Puts something between the socket of a page and its server. */
function between(change: (frame: string) => string): (page: Page) => Promise<void> {
  return (page) => page.routeWebSocket('**/ws', (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => { socket.send(change(String(message))); });
  });
}

async function watch(watched: Watched, change: (frame: string) => string): Promise<Page> {
  const server = await servePage(new KernelSource(watched));
  return openPage(server.url, { panel: 'integrity', prepare: between(change) });
}

describeWith('chromium', 'the chain, hashed in the browser', () => {
  test('an entry that is changed on its way breaks it there, and whatever follows changes nothing', LONG, async () => {
    const watched = await boot();
    const page = await watch(watched, (frame) => frame.replace('truth-7"', 'truth-8"'));
    await page.getByText('Verified up to entry').waitFor();
    const before = await lastSeq(watched);
    await write(watched, 10, 'truth');
    // Two entries of the agent's birth, then seven before it.
    const place = before + 2 + 8;
    await page.getByRole('heading', { name: `Broken at entry ${place}` }).waitFor();
    await page.getByText('it was changed').first().waitFor();
    await write(watched, 10, 'more');
    await page.getByRole('heading', { name: `Broken at entry ${place}` }).waitFor();
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByRole('alert').getByText(`The chain is broken at entry ${place}.`).waitFor();
  });

  test('an entry that is left out breaks it there', LONG, async () => {
    const watched = await boot();
    const page = await watch(watched, (frame) => frame.split('\n').filter((line) => !line.includes('"truth-3"')).join('\n'));
    await page.getByText('Verified up to entry').waitFor();
    const before = await lastSeq(watched);
    await write(watched, 10, 'truth');
    await page.getByRole('heading', { name: `Broken at entry ${before + 2 + 4}` }).waitFor();
  });

  test('a past that is changed breaks it, though all that comes is good', LONG, async () => {
    const watched = await boot();
    await write(watched, 10, 'history');
    const page = await watch(watched, (frame) => (frame.startsWith('{"type":"REPLY"') ? frame.replace('history-4\\"', 'history-5\\"') : frame));
    await page.getByRole('heading', { name: 'Broken at entry 7' }).waitFor();
  });
});
