/** The program that bundles, in a process of its own: what it is given to read may kill it. */
import { build, type Message } from 'esbuild';
import { originalPlace } from './original-place.js';
import type { BuildAnswer, BuildOrder, BundleProblem } from './bundle.js';
import { FILE_NAME } from './bundle.js';
import { confine, TARGET } from './confine.js';
import { PluginFolder, Refusal } from './plugin-folder.js';

const MAX_CODE_CHARS = 16 * 1024 * 1024;
const MAX_MAP_CHARS = 2 * 1024 * 1024;
const MAX_PROBLEMS = 20;

async function answer({ id, folder, entry, provided }: BuildOrder): Promise<BuildAnswer> {
  const printed = new Map<string, string>();
  try {
    const files = await PluginFolder.open(folder);
    const { outputFiles } = await build({
      ...{ entryPoints: [`./${entry}`], absWorkingDir: files.root, outfile: FILE_NAME, write: false, bundle: true, logLevel: 'silent' },
      ...{ platform: 'browser', format: 'iife', target: TARGET, globalName: 'plugin', footer: { js: 'plugin;' }, charset: 'ascii' },
      ...{ sourcemap: 'external', sourcesContent: false, legalComments: 'none', tsconfigRaw: {}, define: { 'process.env.NODE_ENV': '"production"' } },
      plugins: [confine(files, provided, printed)],
    });
    const [code, sourceMap] = [/\.js$/, /\.map$/].map((ending) => outputFiles.find((file) => ending.test(file.path))?.text ?? '') as [string, string];
    if (code.length > MAX_CODE_CHARS) throw new Refusal(`The bundle has ${code.length} characters, more than ${MAX_CODE_CHARS}.`);
    return { id, ok: true, code, sourceMap: sourceMap.length > MAX_MAP_CHARS ? '' : sourceMap, inputs: Object.fromEntries([...files.digests].sort(([a], [b]) => (a < b ? -1 : 1))) };
  } catch (thrown) {
    return { id, ok: false, ...problemsOf(thrown, printed) };
  }
}

function problemsOf(thrown: unknown, printed: ReadonlyMap<string, string>): { readonly problems: readonly BundleProblem[]; readonly isBroken: boolean } {
  if (thrown instanceof Refusal) return { problems: [{ text: thrown.message }], isBroken: false };
  const { errors, message } = thrown as { readonly errors?: readonly Message[]; readonly message: string };
  // Whatever esbuild says beside its list is about itself: it has died.
  const hasDied = errors === undefined || errors.some(({ text }) => text.includes('The service'));
  if (hasDied) return { problems: [{ text: `The bundler could not read it: ${message.slice(0, 300)}` }], isBroken: true };
  return { problems: errors.slice(0, MAX_PROBLEMS).map((error) => problemOf(error, printed)), isBroken: false };
}

function problemOf({ text, location }: Message, printed: ReadonlyMap<string, string>): BundleProblem {
  if (location === null) return { text };
  const file = location.file.replace(/^plugin:/, '');
  // Of a file that was printed before, esbuild tells where it stands in that.
  const code = file === location.file ? undefined : printed.get(file);
  const { line, column } = (code === undefined ? undefined : originalPlace(code, location)) ?? location;
  return { text, file, line, column: column + 1 };
}

function main(send: (answer: BuildAnswer) => void): void {
  process.on('disconnect', () => { process.exit(); });
  process.on('message', (order) => {
    void answer(order as BuildOrder).then(send);
  });
}

if (process.send !== undefined) main((built) => process.send?.(built));
