/** Every sample on every page compiles, runs, and prints what the page says that it prints. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allPages } from './pages.js';
import { samplesOn, shows } from './samples.js';
import { Workshop } from './workshop.js';

const pages = allPages()
  .map((page) => ({ page, samples: samplesOn(page) }))
  .filter(({ samples }) => samples.length > 0);

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => {
  workshop.close();
});

test('every program on a page compiles', () => {
  const files = pages.flatMap(({ page, samples }) =>
    samples.flatMap((sample) => (sample.kind === 'program' ? [workshop.save(page, sample)] : [])),
  );
  expect(workshop.mistakesIn(files)).toEqual([]);
});

// The samples of a page share a directory and come one after the other; pages do not know each other.
describe.concurrent.each(pages)('$page.path', ({ page, samples }) => {
  test('every sample runs and prints what the page shows', async ({ expect }) => {
    for (const sample of samples) {
      const { exitCode, stdout, stderr } = await (sample.kind === 'program' ? workshop.run(page, sample) : workshop.runSession(page, sample));
      expect({ title: sample.title, exitCode, stderr }).toEqual({ title: sample.title, exitCode: 0, stderr: '' });
      if (sample.output === undefined) continue;
      if (!shows(sample.output, stdout)) expect(stdout, sample.title).toBe(sample.output);
    }
  });
});
