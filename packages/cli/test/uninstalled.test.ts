/** The command where `@omnipaw/plugins`, `@omnipaw/host`, `@omnipaw/otel`, `@omnipaw/swarm` and `@omnipaw/dashboard` are not installed: really, in a folder where Node does not find them. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { Process } from './cli-process.js';
import { temporaryFolder } from './command.js';
import { counterIn } from './plugin-folders.js';

const require = createRequire(import.meta.url);

/** The command as a package, beside which only what it can't do without is installed. */
async function installed(): Promise<string> {
  const folder = temporaryFolder();
  const source = fileURLToPath(new URL('..', import.meta.url));
  await build({
    ...{ entryPoints: [path.join(source, 'src/bin.ts')], outfile: path.join(folder, 'dist/bin.js'), bundle: true, platform: 'node', format: 'esm', target: 'node18' },
    ...{ conditions: ['@omnipaw/source'], external: ['commander', 'jiti', '@omnipaw/plugins', '@omnipaw/host', '@omnipaw/otel', '@omnipaw/swarm', '@omnipaw/dashboard'], logLevel: 'silent' },
  });
  fs.copyFileSync(path.join(source, 'package.json'), path.join(folder, 'package.json'));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  for (const name of ['commander', 'jiti']) {
    let place = path.dirname(require.resolve(name));
    while (!fs.existsSync(path.join(place, 'package.json')) || path.basename(place) !== name) place = path.dirname(place);
    fs.symlinkSync(place, path.join(folder, 'node_modules', name));
  }
  return folder;
}

async function omnipaw(folder: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const child = new Process([path.join(folder, 'dist/bin.js'), ...argv], { cwd: folder, env: { ...process.env, NO_COLOR: '', DEBUG: '', ...env } });
  child.endInput();
  const code = await child.ended;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

test('without @omnipaw/plugins, @omnipaw/swarm and @omnipaw/dashboard, everything else works, and what needs it says what to install', async () => {
  const folder = await installed();
  fs.writeFileSync(path.join(folder, 'one.ts'), "import { defineAgent } from '@omnipaw/kernel';\nexport default defineAgent('one', function* () { return 1; });\n");
  const plugin = counterIn(path.join(folder, 'plugins'));
  const run = ['run', 'one.ts', '--log'];
  expect(await omnipaw(folder, [...run, 'log'])).toMatchObject({ code: 0, stdout: '1\n' });
  expect(await omnipaw(folder, ['replay', 'one.ts', '--log', 'log'])).toMatchObject({ code: 0 });

  const stderr = expect.stringContaining('Plugins need the package @omnipaw/plugins, and it is not installed: npm install @omnipaw/plugins') as unknown;
  for (const argv of [[...run, 'other', '--plugins', 'plugins'], ['replay', 'one.ts', '--log', 'log', '--plugins', 'plugins'], ['plugins', 'validate', plugin], ['plugins', 'list']]) {
    expect(await omnipaw(folder, argv)).toMatchObject({ code: 2, stdout: '', stderr });
  }
  expect(fs.existsSync(path.join(folder, 'other'))).toBe(false);

  expect(await omnipaw(folder, ['inspect', '--log', 'log'])).toMatchObject({ code: 0 });
  const telemetry = expect.stringContaining('npm install @omnipaw/otel') as unknown;
  expect(await omnipaw(folder, [...run, 'watched'], { OTEL_EXPORTER_ENDPOINT: 'http://127.0.0.1:9' })).toMatchObject({ code: 0, stdout: '1\n', stderr: telemetry });
  const messages = expect.stringContaining('is told by the package @omnipaw/swarm, and it is not installed: npm install @omnipaw/swarm') as unknown;
  expect(await omnipaw(folder, ['dashboard', '--log', 'log'])).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('npm install @omnipaw/dashboard') as unknown });
  for (const option of [['--messages'], ['--graph', 'dot'], ['--swarm']]) expect(await omnipaw(folder, ['inspect', '--log', 'log', ...option])).toMatchObject({ code: 2, stdout: '', stderr: messages });
}, 120_000);
