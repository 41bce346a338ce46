/** What the modules of one plugin may take together, so that it keeps no kernel from starting. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Bundle, BundleRequest } from '@omnipaw/plugins';
import { PluginBundles } from '../../src/loader/plugin-bundles.js';

beforeEach(() => { vi.useFakeTimers({ toFake: ['performance'] }); });
afterEach(() => { vi.useRealTimers(); });

/** Takes so long, and gives so many characters. */
function bundlerThat({ takesMs = 0, chars = 1 }: { readonly takesMs?: number; readonly chars?: number }) {
  const asked: BundleRequest[] = [];
  const bundle = (request: BundleRequest): Promise<Bundle> => {
    asked.push(request);
    vi.advanceTimersByTime(takesMs);
    return Promise.resolve({ code: 'x'.repeat(chars / 2), sourceMap: 'x'.repeat(chars / 2), codeDigest: '', fileName: 'plugin.js', inputs: {} });
  };
  return { asked, bundles: new PluginBundles({ bundle }, { folder: 'folder' }) };
}

test('a module is bundled once, however many tools it has', async () => {
  const { asked, bundles } = bundlerThat({});
  const [first] = [await bundles.of('a.ts'), await bundles.of('b.ts')];
  for (let tool = 0; tool < 100; tool++) expect(await bundles.of('a.ts')).toBe(first);
  expect(asked.map(({ entry }) => entry)).toEqual(['a.ts', 'b.ts']);
});

test('all modules have thirty seconds together, and the one after that is not begun', async () => {
  const { asked, bundles } = bundlerThat({ takesMs: 12_000 });
  for (const entry of ['a.ts', 'b.ts', 'c.ts']) await bundles.of(entry);
  expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([30_000, 18_000, 6_000]);
  await expect(bundles.of('d.ts')).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', message: expect.stringContaining('"d.ts" could not be bundled: The modules of a plugin have 30000 ms together') as unknown });
  expect(asked).toHaveLength(3);
});

test('all bundles have 32 Mi characters together', async () => {
  const { bundles } = bundlerThat({ chars: 12 * 1024 * 1024 });
  for (const entry of ['a.ts', 'b.ts', 'a.ts', 'b.ts']) await bundles.of(entry);
  await expect(bundles.of('c.ts')).rejects.toMatchObject({ code: 'PLUGIN_BUNDLE_FAILED', message: expect.stringContaining('have 33554432 characters together') as unknown });
});
