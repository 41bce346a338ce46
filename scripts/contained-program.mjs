/**
 * `node scripts/contained-program.mjs`: makes the program that @omnipaw/host runs in containers (src/fs/contained/main.ts) one text, as the
 * published package has it. With `--check` it makes nothing, and fails if what is there is not what it would make.
 */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from './processes.mjs';

const FOLDER = join(ROOT, 'packages/host/src/fs/contained');
const FILE = join(FOLDER, 'program.generated.ts');
/** Linux takes 128 KiB as one word of a command. */
const LIMIT_BYTES = 100 * 1024;

// The type keeps the text out of the declarations.
const HEAD = `/**
 * \`main.ts\` and what it needs, made by \`node scripts/contained-program.mjs\`: change those, and make this anew.
 *
 * It has parts of diff (BSD-3-Clause, copyright (c) 2009-2015, Kevin Decker) and valibot (MIT, copyright (c) Fabian Hiller), whose licenses
 * come with these packages.
 */
export const PROGRAM: string =
`;

const made = HEAD + `  ${JSON.stringify(await program())};\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, made);
else if (textOf(FILE) !== made) {
  console.error(`${FILE} is not what the sources make. Make it anew: node scripts/contained-program.mjs`);
  process.exitCode = 1;
}

async function program() {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, 'main.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node18.19',
    conditions: ['@omnipaw/source'],
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  const text = outputFiles[0].text.trim();
  const bytes = Buffer.byteLength(text);
  if (bytes > LIMIT_BYTES) throw new Error(`The program has ${bytes} bytes, more than the ${LIMIT_BYTES} that it may have as one word of a command.`);
  return text;
}

function textOf(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
