import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// Tests run from source: this condition leads `@omnipaw/*` to src/. ('module' stays out: the ESM
// build of OpenTelemetry breaks under it.)
const conditions = ['@omnipaw/source', 'node'];

/** One vitest project for each package and app that has tests. Those of plugins run as their authors run them, by a test of the command. */
const projects = ['packages', 'apps']
  .filter((parent) => existsSync(parent))
  .flatMap((parent) => readdirSync(parent).map((name) => ({ name, root: `${parent}/${name}` })))
  .filter(({ root }) => existsSync(`${root}/test`))
  .map(({ name, root }) => ({
    extends: true as const,
    root,
    test: { name, include: ['test/**/*.test.ts'] },
  }));

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects,
    // Of two cores, one would be left idle otherwise: most of what takes long here waits for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    minWorkers: 1,
    // A test that hangs is to end; how fast it is, is no matter here.
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'],
      reportOnFailure: true,
      reporter: ['text-summary', 'html', 'lcovonly'],
      thresholds: {
        lines: 80,
        'packages/kernel/src/**': { lines: 95 },
      },
    },
  },
});
