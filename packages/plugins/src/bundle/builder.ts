/** The program that bundles, in a process of its own: what it is given to read may kill it. */
import { build, type Message } from 'esbuild';
import { originalPlace } from './original-place.js';
import type { BuildAnswer, BuildOrder, BundleProblem } from './bundle.js';
import { FILE_NAME } from './bundle.js';
import { confine, TARGET, whyMissing } from './confine.js';
import { PluginFolder, Refusal } from './plugin-folder.js';

const MAX_CODE_CHARS = 16 * 1024 * 1024;
const MAX_MAP_CHARS = 2 * 1024 * 1024;
const MAX_PROBLEMS = 20;
/** As esbuild prints it. Of a module of the older kind nobody can tell without running it. */
const DEFAULT = /\bexport\s+default\b|\bexport\s*\{[^}]*\bdefault\b|\bexport\s*\*\s*as\s+default\b/;
const NO_DEFAULT = 'It has no default export, which is the handler: export default definePluginTool(async (args, ctx) => …).';

async function answer({ id, folder, entry, mayHaveHardLinks, provided }: BuildOrder): Promise<BuildAnswer> {
  const printed = new Map<string, string>();
  try {
    const files = await PluginFolder.open(folder, mayHaveHardLinks);
    const { outputFiles, metafile } = await build({
      ...{ entryPoints: [`./${entry}`], absWorkingDir: files.root, outfile: FILE_NAME, write: false, bundle: true, logLevel: 'silent' },
      ...{ platform: 'browser', format: 'iife', target: TARGET, globalName: 'plugin', footer: { js: 'plugin;' }, charset: 'ascii' },
      ...{ sourcemap: 'external', sourcesContent: false, legalComments: 'none', tsconfigRaw: {}, define: { 'process.env.NODE_ENV': '"production"' } },
      metafile: true, plugins: [confine(files, provided, printed)],
    });
    if (metafile.inputs[`plugin:${entry}`]?.format === 'esm' && !DEFAULT.test(printed.get(entry) ?? '')) return { id, ok: false, problems: [{ text: NO_DEFAULT, file: entry, line: 1, column: 1 }], isBroken: false };
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
  const said = wordsFor(text);
  if (location === null) return { text: said };
  const file = location.file.replace(/^plugin:/, '');
  // Of a file that was printed before, esbuild tells where it stands in that.
  const code = file === location.file ? undefined : printed.get(file);
  const { line, column } = (code === undefined ? undefined : originalPlace(code, location)) ?? location;
  return { text: said, file, line, column: column + 1 };
}

/** What esbuild says of what it has no name for: plugins, and what they do without. */
function wordsFor(text: string): string {
  if (text.startsWith('Top-level await')) return 'Top-level await is nothing that plugins have. Put it into the handler.';
  const [, missing] = /^Could not resolve "([^"]*)"$/.exec(text) ?? [];
  return missing === undefined ? text : whyMissing(missing);
}

function main(send: (answer: BuildAnswer) => void): void {
  process.on('disconnect', () => { process.exit(); });
  process.on('message', (order) => {
    void answer(order as BuildOrder).then(send);
  });
}

if (process.send !== undefined) main((built) => process.send?.(built));
