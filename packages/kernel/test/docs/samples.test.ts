/** Every sample on every page compiles, runs (where the component is that its page needs), and prints what the page says that it prints. */
import { afterAll, beforeAll, describe, expect, test, type ExpectStatic } from 'vitest';
import { describeWith } from '../../../../testing/components.js';
import { allPages, type Page } from './pages.js';
import { componentFor, hashesBehind, samplesOn, shows, type Sample } from './samples.js';
import { PATIENCE_MS, Workshop } from './workshop.js';

/** A page has several programs, and all pages have theirs run side by side. */
const PAGE_PATIENCE_MS = 5 * PATIENCE_MS;

const pages = allPages()
  .map((page) => ({ page, samples: samplesOn(page) }))
  .filter(({ samples }) => samples.length > 0);

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
}, PATIENCE_MS);
afterAll(() => {
  workshop.close();
});

test('every program on a page compiles', { timeout: PATIENCE_MS }, () => {
  const files = pages.flatMap(({ page, samples }) =>
    samples.flatMap((sample) => (sample.kind === 'program' ? [workshop.save(page, sample)] : [])),
  );
  expect(workshop.mistakesIn(files)).toEqual([]);
});

const needy = pages.flatMap(({ page, samples }) => {
  const component = componentFor(page);
  return component === undefined ? [] : [{ page, samples, component }];
});

// The samples of a page share a directory and come one after the other; pages do not know each other.
describe.concurrent.each(pages.filter(({ page }) => componentFor(page) === undefined))('$page.path', { timeout: PAGE_PATIENCE_MS }, ({ page, samples }) => {
  test('every sample runs and prints what the page shows', ({ expect }) => runAll(page, samples, expect));
});

for (const { page, samples, component } of needy) {
  describeWith(component, page.path, () => {
    test('every sample runs and prints what the page shows', { timeout: PAGE_PATIENCE_MS }, ({ expect }) => runAll(page, samples, expect));
  });
}

async function runAll(page: Page, samples: readonly Sample[], expect: ExpectStatic): Promise<void> {
  const hashes = new Map<string, string>();
  for (const sample of samples) {
    const { exitCode, stdout, stderr } = await (sample.kind === 'program' ? workshop.run(page, sample) : workshop.runSession(page, sample, hashes));
    // A session shows its failures, and they are compared.
    if (sample.kind === 'program') expect({ exitCode, stderr }, sample.title).toEqual({ exitCode: 0, stderr: '' });
    const { output } = sample;
    if (output === undefined) continue;
    if (!shows(output, stdout)) expect(stdout, sample.title).toBe(output);
    for (const [onPage, inRun] of hashesBehind(output, stdout)) hashes.set(onPage, inRun);
  }
}
