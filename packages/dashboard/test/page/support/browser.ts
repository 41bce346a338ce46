/** Real Chromium. What a page does that it may not, fails the test that has opened it. */
import { afterAll, afterEach, expect } from 'vitest';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

const ARGUMENTS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

let browser: Promise<Browser> | undefined;
const pages: Page[] = [];
/** Errors of scripts, violations of the policy, requests to anybody else. */
const offences: string[] = [];

afterEach(async () => {
  for (const page of pages.splice(0)) await page.context().close();
  expect(offences.splice(0)).toEqual([]);
});

afterAll(async () => {
  await (await browser)?.close();
  browser = undefined;
});

export interface OpenOptions extends BrowserContextOptions {
  readonly theme?: 'light' | 'dark';
  /** The panel at first, with what is chosen: `events?agent=ada`. */
  readonly panel?: string;
  /** Is told of the page before it loads anything. */
  readonly prepare?: (page: Page) => Promise<void>;
}

/** Opens the page, and waits until it shows something. */
export async function openPage(url: string, { theme = 'light', panel = 'agents', prepare, ...options }: OpenOptions = {}): Promise<Page> {
  browser ??= launch();
  const context = await (await browser).newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  pages.push(page);
  watch(page, new URL(url).host);
  await page.addInitScript((name) => { localStorage.setItem('omnipaw.theme', name); }, theme);
  await prepare?.(page);
  await page.goto(url);
  await page.locator('.app').waitFor();
  await show(page, panel);
  return page;
}

/** Where there is no browser, what drives it need not run either. */
async function launch(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGUMENTS });
}

/** Goes to a panel without loading anything anew. */
export async function show(page: Page, panel: string): Promise<void> {
  await page.evaluate((name) => { location.hash = `#/${name}`; }, panel);
  await page.locator(`.panel-${panel.split('?')[0]!}`).waitFor();
}

function watch(page: Page, host: string): void {
  page.on('pageerror', (error) => { offences.push(error.stack ?? error.message); });
  page.on('console', (message) => { if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) offences.push(message.text()); });
  page.on('request', (request) => { if (new URL(request.url()).host !== host) offences.push(`It has asked for ${request.url()}.`); });
}
