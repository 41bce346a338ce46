/**
 * Makes one plain JavaScript file of a TypeScript program and all that it imports, from source.
 *
 * For tests that need a process of their own (one that is killed, or one whose exit code counts):
 * Node 18 and 20 cannot run TypeScript, and `npm test` builds nothing.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const OUTPUT = fileURLToPath(new URL('../node_modules/.cache/omnipaw-tests/', import.meta.url));

/**
 * @param outside packages that are left where they are, since they can't be bundled.
 * Packages of the old kind that are bundled find the `require` that they need.
 * @returns the path of the program: `spawn(process.execPath, [await bundle(entry)])`.
 */
export async function bundle(entry: URL, outside: readonly string[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    conditions: ['@omnipaw/source'],
    sourcemap: 'inline',
    banner: { js: "import { createRequire as requireOf } from 'node:module'; globalThis.require ??= requireOf(import.meta.url);" },
    plugins: outside.map(leftWhereItIs),
    logLevel: 'silent', // a failure is thrown, with the same text
  });
  const code = outputFiles[0]!.text;

  // Named by content and moved into place: tests that run at once may make the same program.
  const file = `${OUTPUT}${createHash('sha256').update(code).digest('hex').slice(0, 16)}.mjs`;
  const unfinished = `${file}.${process.pid}.${Math.random()}`;
  mkdirSync(OUTPUT, { recursive: true });
  writeFileSync(unfinished, code);
  renameSync(unfinished, file);
  return file;
}

function leftWhereItIs(name: string): Plugin {
  return {
    name,
    setup: ({ onResolve }) => {
      onResolve({ filter: new RegExp(`^${name}$`) }, ({ importer }) => ({ path: createRequire(importer).resolve(name), external: true }));
    },
  };
}
