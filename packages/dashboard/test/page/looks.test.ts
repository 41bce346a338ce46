/** Every panel in light, on a desk and on a phone, and in dark: no violation of accessibility, and pictures for who asks (`OMNIPAW_SHOTS=1`). */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { describeWith } from '../../../../testing/components.js';
import { openPage, show } from './support/browser.js';
import { serveOffice } from './support/served.js';

const SHOTS = fileURLToPath(new URL('screenshots/', import.meta.url));
const HAS_SHOTS = process.env['OMNIPAW_SHOTS'] !== undefined;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PANELS = ['agents?agent=boss-1', 'agents', 'events', 'events?entry=60', 'memory?agent=clerk-1', 'lifecycle', 'lifecycle?agent=clerk-1', 'swarm', 'quotas', 'approvals', 'timeline', 'integrity'];
const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
/** Dark is another colour, on a phone the same as on a desk. */
const LOOKS = [['light', 'desk'], ['light', 'phone'], ['dark', 'desk']] as const;

/** Violations, in words. Axe is put in past the policy of the page, which is for scripts of pages. */
async function violations(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: AXE });
  const { result } = await session.send('Runtime.evaluate', { awaitPromise: true, returnByValue: true, expression: 'axe.run(document).then(({ violations }) => violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.slice(0, 3).map(({ html, any }) => `${html.slice(0, 200)} ${any.map(({ message }) => message).join()}`).join(" | ")}`))' });
  return result.value as string[];
}

describeWith('chromium', 'how the page looks', () => {
  test.each(LOOKS)('no panel has a violation of accessibility in %s on a %s', { timeout: 120_000 }, async (theme, size) => {
    const { server } = await serveOffice();
    if (HAS_SHOTS) mkdirSync(SHOTS, { recursive: true });
    const page = await openPage(server.url, { theme, viewport: SIZES[size] });
    await page.getByRole('button', { name: 'Verified', exact: true }).waitFor();
    for (const panel of PANELS) {
      await show(page, panel);
      if (panel.includes('entry=')) await page.locator('.hash-link.is-good').waitFor();
      if (HAS_SHOTS) await page.screenshot({ path: `${SHOTS}${panel.replace(/[?=]/g, '-')}-${theme}-${size}.png` });
      expect(await violations(page), panel).toEqual([]);
    }
  });
});
