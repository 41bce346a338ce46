import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test('whoever takes the package needs nothing of Node, unless they take its threads', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true, format: 'esm', metafile: true, packages: 'external', platform: 'node', write: false, outdir: 'nowhere',
  });
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  expect([...new Set(imported)]).toEqual(['@omnipaw/kernel']);
});
