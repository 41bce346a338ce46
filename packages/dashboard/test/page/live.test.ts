import { expect, test } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { boot, lastSeq, write } from '../support/kernel.js';
import { KernelSource } from '@omnipaw/dashboard';
import { openPage, show } from './support/browser.js';
import { serveOffice, servePage } from './support/served.js';

const LONG = { timeout: 60_000 };

describeWith('chromium', 'what the page shows while it happens', () => {
  test('entries, agents, states and memory appear as they are written', LONG, async () => {
    const watched = await boot();
    const server = await servePage(new KernelSource(watched));
    const page = await openPage(server.url, { panel: 'events' });
    await page.getByRole('grid').getByText('LOG_OPENED').waitFor();
    await write(watched, 30, 'news');
    await page.getByText('key-9 = news-29').waitFor();
    await show(page, 'agents');
    await page.locator('.agent-row', { hasText: 'writer-1' }).getByText('terminated').waitFor();
    await show(page, 'lifecycle');
    await page.locator('.fsm-box.state-terminated .fsm-count').getByText('1').waitFor();
    await show(page, 'memory');
    await page.locator('tr', { hasText: 'key-9' }).getByText('news-29').waitFor();
    await page.getByRole('button', { name: 'History of key-9' }).click();
    await page.locator('.versions').getByText('news-9').waitFor();
    expect(await page.locator('.versions li').count()).toBe(3);
  });

  test('a server that is killed and started anew is told, and nothing is missing then', LONG, async () => {
    const watched = await boot();
    const first = await servePage(new KernelSource(watched));
    const { port } = new URL(first.url);
    const page = await openPage(first.url, { panel: 'events' });
    await write(watched, 20, 'before');
    await page.getByText('before-19').waitFor();
    await first.close();
    await page.getByText('What you see is stale.').waitFor();
    await write(watched, 700, 'meanwhile');
    await servePage(new KernelSource(watched), { port: Number(port) });
    // Who does not wait for the next try, if it has not been made already.
    const isThere = page.getByText('meanwhile-699').waitFor();
    await Promise.race([isThere, page.getByRole('button', { name: 'Connect now' }).click()]);
    await isThere;
    expect(await page.getByText('What you see is stale.').count()).toBe(0);
    const busSeq = await lastSeq(watched);
    await show(page, 'integrity');
    await page.getByRole('heading', { name: `Verified up to entry ${busSeq}` }).waitFor();
  });

  test('what was asked for by its filter is found in the past, and goes on', LONG, async () => {
    const watched = await boot();
    await write(watched, 2_000, 'old');
    const server = await servePage(new KernelSource(watched));
    const page = await openPage(server.url, { panel: 'events' });
    await page.getByLabel('Search in entries').fill('old-17');
    await page.getByText('111 found').waitFor();
    await write(watched, 200, 'old');
    await page.getByText('122 found').waitFor();
    await page.getByLabel('Search in entries').fill('nothing has this');
    await page.getByText('Nothing fits').waitFor();
  });

  test('a paused list stands still, and says what has come', LONG, async () => {
    const watched = await boot();
    const server = await servePage(new KernelSource(watched));
    const page = await openPage(server.url, { panel: 'events' });
    await write(watched, 10, 'seen');
    await page.getByText('seen-9').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await write(watched, 10, 'unseen');
    await page.getByRole('button', { name: /Go on \(\d+ new\)/ }).waitFor();
    expect(await page.getByText('unseen-9').count()).toBe(0);
    await page.getByRole('button', { name: /Go on/ }).click();
    await page.getByText('unseen-9').waitFor();
  });

  test('an entry opens to all its data, its place in the chain, and what it led to', LONG, async () => {
    const { server } = await serveOffice();
    const page = await openPage(server.url, { panel: 'events' });
    await page.getByLabel('Search in entries').fill('"kind":"APPROVAL_REQUESTED"');
    await page.getByText('interns ask first').first().click();
    const drawer = page.locator('.drawer');
    await drawer.getByText('Hashed in this browser').waitFor();
    await drawer.getByText('instruction').first().waitFor();
    await drawer.locator('.linked').getByText('APPROVAL_DECIDED').waitFor();
    await drawer.locator('.linked li', { hasText: 'APPROVAL_DECIDED' }).getByRole('button').click();
    await drawer.getByText('why not').first().waitFor();
  });

  test('the slider shows all panels as they were, and how to fork there', LONG, async () => {
    const { server } = await serveOffice();
    const page = await openPage(server.url);
    await page.locator('.agent-row', { hasText: 'intern-3' }).waitFor();
    const slider = page.getByLabel('Moment of the log');
    await slider.fill('3');
    await page.getByText('All panels show how it was').waitFor();
    expect(await page.locator('.agent-row.list-row').count()).toBeLessThan(4);
    await show(page, 'events');
    expect(await page.locator('.event-row.list-row').count()).toBe(4);
    await show(page, 'timeline');
    await page.getByText(/omnipaw fork --log \S+ --at 3 --into \S+-at-3-/).waitFor();
    await page.getByRole('button', { name: 'Back to now' }).click();
    await show(page, 'agents');
    await page.locator('.agent-row', { hasText: 'intern-3' }).waitFor();
  });
});

describeWith('chromium', 'who may decide', () => {
  test('a token for reading decides nothing, and the one for writing approves', LONG, async () => {
    const { server, kernel } = await serveOffice();
    const page = await openPage(server.url, { panel: 'approvals' });
    await page.getByText('a better chair').first().waitFor();
    expect(await page.getByRole('button', { name: 'Approve' }).count()).toBe(0);
    await page.getByLabel('Token for writing').fill('not-the-right-token-1');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText('That is not the token for writing.').waitFor();
    await page.getByLabel('Token for writing').fill('a-token-for-writing-1');
    await page.getByRole('button', { name: 'Unlock' }).click();
    const request = page.locator('.request', { hasText: 'a better chair' });
    await request.getByLabel('Reason').fill('we sit too long');
    await request.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('“we sit too long”').waitFor();
    expect(kernel.approvals().length).toBe(1);
  });
});
