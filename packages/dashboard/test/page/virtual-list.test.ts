import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { KernelSource } from '@omnipaw/dashboard';
import { describeWith } from '../../../../testing/components.js';
import { boot } from '../support/kernel.js';
import { openPage } from './support/browser.js';
import { servePage } from './support/served.js';

const ROWS = 5_000_000;

/** A list of five million rows alone on the page. */
async function openList(): Promise<Page> {
  const server = await servePage(new KernelSource(await boot()));
  const page = await openPage(server.url);
  // As text: the test runner writes imports in functions anew, in words that no browser knows.
  await page.evaluate(`(async () => {
    const [{ VirtualList }, { h }] = await Promise.all(['./view/virtual-list.js', './view/dom.js'].map((file) => import(new URL(file, document.baseURI).href)));
    const frame = document.createElement('div');
    frame.style.cssText = 'position: fixed; inset: 0; z-index: 99; background: white';
    const list = new VirtualList({ label: 'Rows', rowPx: 30, header: h('div', { role: 'row' }, 'Head'), row: (index) => h('div', { style: { height: '30px' } }, h('span', { role: 'gridcell' }, 'row ' + index)) });
    list.count = ${String(ROWS)};
    frame.append(list.element);
    document.body.append(frame);
    list.draw();
  })()`);
  return page;
}

describeWith('chromium', 'a list of millions', () => {
  test('shows its first and its last row, and what is between, with few elements', { timeout: 60_000 }, async () => {
    const page = await openList();
    const list = page.getByRole('grid', { name: 'Rows' });
    await list.getByText('row 0', { exact: true }).waitFor();
    await list.press('End');
    await list.getByText(`row ${ROWS - 1}`, { exact: true }).waitFor();
    await list.press('Home');
    await list.getByText('row 0', { exact: true }).waitFor();
    // As by dragging the scrollbar to its middle.
    await list.evaluate((element) => { element.scrollTop = (element.scrollHeight - element.clientHeight) / 2; });
    await page.waitForFunction((rows) => {
      const shown = [...document.querySelectorAll('.list-window [role=gridcell]')].map((cell) => Number(cell.textContent.slice(4)));
      return shown.some((row) => Math.abs(row - rows / 2) < rows / 100);
    }, ROWS);
    expect(await list.locator('[role=row]').count()).toBeLessThan(100);
  });

  test('goes row by row wherever it is', { timeout: 60_000 }, async () => {
    const page = await openList();
    const list = page.getByRole('grid', { name: 'Rows' });
    await list.press('End');
    for (let step = 0; step < 3; step++) await list.press('ArrowUp');
    const active = await list.getAttribute('aria-activedescendant');
    expect(await page.locator(`#${active!}`).textContent()).toBe(`row ${ROWS - 4}`);
    expect(await list.getAttribute('aria-rowcount')).toBe(String(ROWS + 1));
  });
});
