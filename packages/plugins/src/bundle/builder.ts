/** The program that bundles, in a process of its own: what it is given to read may kill it. */
import { build, type Message } from 'esbuild';
import type { BuildAnswer, BuildOrder, BundleProblem } from './bundle.js';
import { FILE_NAME } from './bundle.js';
import { confine, TARGET } from './confine.js';
import { PluginFolder, Refusal } from './plugin-folder.js';

const MAX_CODE_CHARS = 16 * 1024 * 1024;
const MAX_PROBLEMS = 20;

async function answer({ id, folder, entry, provided }: BuildOrder): Promise<BuildAnswer> {
  try {
    const files = await PluginFolder.open(folder);
    const { outputFiles } = await build({
      ...{ entryPoints: [`./${entry}`], absWorkingDir: files.root, outfile: FILE_NAME, write: false, bundle: true, logLevel: 'silent' },
      ...{ platform: 'browser', format: 'iife', target: TARGET, globalName: 'plugin', footer: { js: 'plugin;' }, charset: 'ascii' },
      ...{ sourcemap: 'external', sourcesContent: false, legalComments: 'none', tsconfigRaw: {}, define: { 'process.env.NODE_ENV': '"production"' } },
      plugins: [confine(files, provided)],
    });
    const [code, sourceMap] = [/\.js$/, /\.map$/].map((ending) => outputFiles.find((file) => ending.test(file.path))?.text ?? '') as [string, string];
    if (code.length > MAX_CODE_CHARS) throw new Refusal(`The bundle has ${code.length} characters, more than ${MAX_CODE_CHARS}.`);
    return { id, ok: true, code, sourceMap, inputs: Object.fromEntries([...files.digests].sort(([a], [b]) => (a < b ? -1 : 1))) };
  } catch (thrown) {
    return { id, ok: false, ...problemsOf(thrown) };
  }
}

function problemsOf(thrown: unknown): { readonly problems: readonly BundleProblem[]; readonly isBroken: boolean } {
  if (thrown instanceof Refusal) return { problems: [{ text: thrown.message }], isBroken: false };
  const { errors, message } = thrown as { readonly errors?: readonly Message[]; readonly message: string };
  // Whatever esbuild says beside its list is about itself: it has died.
  const hasDied = errors === undefined || errors.some(({ text }) => text.includes('The service'));
  if (hasDied) return { problems: [{ text: `The bundler could not read it: ${message.slice(0, 300)}` }], isBroken: true };
  return { problems: errors.slice(0, MAX_PROBLEMS).map(problemOf), isBroken: false };
}

function problemOf({ text, location }: Message): BundleProblem {
  if (location === null) return { text };
  return { text, file: location.file.replace(/^plugin:/, ''), line: location.line, column: location.column + 1 };
}

function main(send: (answer: BuildAnswer) => void): void {
  process.on('disconnect', () => { process.exit(); });
  process.on('message', (order) => {
    void answer(order as BuildOrder).then(send);
  });
}

if (process.send !== undefined) main((built) => process.send?.(built));
