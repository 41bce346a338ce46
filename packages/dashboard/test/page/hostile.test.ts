/** What stands in a log was written by others. */
import { expect, test } from 'vitest';
import { createKernel, defineAgent, defineTool, MemoryLogStore, unchecked } from '@omnipaw/kernel';
import { KernelSource } from '@omnipaw/dashboard';
import { describeWith } from '../../../../testing/components.js';
import { openPage, show } from './support/browser.js';
import { servePage } from './support/served.js';

const EVIL = '<img src=x onerror="globalThis.hacked=1"><script>globalThis.hacked=1</script>${globalThis.hacked=1}javascript:alert(1)';
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', EVIL.slice(0, 100)];

const villain = defineAgent('villain', function* (ctx) {
  for (const name of NAMES) {
    yield* ctx.memory.set(name, { [name]: EVIL });
    yield* ctx.shared('__proto__').set(name, EVIL, 0);
  }
  yield* ctx.send('villain-1', { channel: EVIL.slice(0, 50), body: EVIL });
  try {
    yield* ctx.tool(tool, { [EVIL]: EVIL });
  } catch { yield* ctx.memory.set('caught', EVIL); }
  throw new Error(EVIL);
});
const tool = defineTool({ name: 'evil', description: EVIL, input: unchecked<object>(), run: () => { throw new Error(EVIL); } });

describeWith('chromium', 'a log that attacks', () => {
  test('all of it is text, in every panel', { timeout: 60_000 }, async () => {
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [villain], tools: [tool] });
    const handle = kernel.spawn(villain, EVIL, { grants: ['call:*', 'write:shared:**', 'send:*'] });
    await handle.result().catch(() => undefined);
    const server = await servePage(new KernelSource({ kernel, log }));
    const page = await openPage(server.url, { panel: 'events' });
    await page.getByText('onerror=').first().waitFor();
    for (const panel of ['agents?agent=villain-1', 'memory?agent=villain-1', 'lifecycle?agent=villain-1', 'swarm', 'quotas', 'approvals', 'timeline', 'integrity', 'events?entry=3']) await show(page, panel);
    await page.locator('.hash-link.is-good').waitFor();
    expect(await page.evaluate(() => ({ hacked: 'hacked' in globalThis, images: document.images.length, scripts: document.scripts.length }))).toEqual({ hacked: false, images: 0, scripts: 1 });
    await kernel.stop();
  });

  test('the token leaves the address, and is in nothing that the page asks for', { timeout: 60_000 }, async () => {
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [villain], tools: [tool] });
    const server = await servePage(new KernelSource({ kernel, log }));
    const asked: string[] = [];
    const page = await openPage(server.url, { prepare: async (one) => { one.on('request', (request) => { asked.push(request.url()); }); } });
    expect(page.url()).not.toContain('a-token');
    expect(asked.join()).not.toContain('a-token');
    await page.reload();
    await page.locator('.app').waitFor();
    await page.evaluate(() => { sessionStorage.clear(); });
    await page.goto(server.url.replace(/#.*/, '#a-token-that-is-wrong-1'));
    await page.reload();
    await page.getByText('The server does not know this token.').waitFor();
    await page.getByLabel('Address or token').fill(server.url);
    await page.getByRole('button', { name: 'Connect' }).click();
    await page.locator('.app').waitFor();
    await kernel.stop();
  });
});
