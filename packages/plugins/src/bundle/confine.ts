/**
 * How esbuild gets to files: only by us.
 *
 * 1. Which file an import means is found by us (`ImportResolver`), among the files of the plugin. Files have their path in the folder as their
 *    name, so that nothing of the machine is in the bundle.
 * 2. What is in a file is read by us (`PluginFolder`). esbuild itself reads none.
 * 3. Each file is printed by esbuild first, by itself: TypeScript is plain JavaScript then, comments that name source maps are gone, and
 *    what is left can be looked through.
 */
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { transform, type Loader, type OnLoadResult, type OnResolveArgs, type OnResolveResult, type Plugin } from 'esbuild';
import { refusalOfSpecifier } from './specifiers.js';
import { Refusal, type PluginFolder } from './plugin-folder.js';
import { ImportResolver } from './resolver.js';
import { isTooDeep, patternImport } from './source-check.js';

const LOADERS: Readonly<Record<string, Loader>> = {
  ...{ '.ts': 'ts', '.mts': 'ts', '.cts': 'ts', '.tsx': 'tsx' },
  ...{ '.js': 'js', '.mjs': 'js', '.cjs': 'js', '.jsx': 'jsx', '.json': 'json' },
};

/** What esbuild makes of every file. */
export const TARGET = 'es2022';
const PLUGIN = 'plugin';
const PROVIDED = 'provided';
const EMPTY = 'empty';

/** What each file was printed as goes into `printed`, by the file's name: places that esbuild tells after that are places in it. */
export function confine(folder: PluginFolder, provided: Readonly<Record<string, string>>, printed: Map<string, string>): Plugin {
  return {
    name: 'confine',
    setup(build) {
      const resolver = new ImportResolver(folder);
      build.onResolve({ filter: /.*/ }, (args) => answering(() => resolve(resolver, args, provided)));
      build.onLoad({ filter: /.*/, namespace: PLUGIN }, (args) => answering(() => load(folder, args.path, printed)));
      build.onLoad({ filter: /.*/, namespace: PROVIDED }, ({ path: name }) => ({ contents: provided[name] ?? '', loader: 'ts' }));
      build.onLoad({ filter: /.*/, namespace: EMPTY }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
      // Whatever else esbuild finds by itself.
      build.onLoad({ filter: /.*/ }, (args) => refused(`${path.basename(args.path)} is not to be bundled.`));
    },
  };
}

async function resolve(resolver: ImportResolver, { path: specifier, kind, importer }: OnResolveArgs, provided: Readonly<Record<string, string>>): Promise<OnResolveResult | undefined> {
  if (Object.hasOwn(provided, specifier)) return { path: specifier, namespace: PROVIDED, sideEffects: false };
  const why = refusalOfSpecifier(specifier);
  if (why !== undefined) return refused(`${JSON.stringify(specifier)} ${why}.`);
  const found = await resolver.resolve(specifier, importer, kind.startsWith('require') ? 'require' : 'import');
  if (found === undefined) return missing(specifier, kind);
  if (found === 'EMPTY') return { path: specifier, namespace: EMPTY, sideEffects: false };
  return { path: found.name, namespace: PLUGIN, sideEffects: found.hasSideEffects };
}

/**
 * Code may try to require what is not there, and do without: then esbuild leaves a call that throws, if it is asked to resolve it in vain
 * itself.
 */
function missing(specifier: string, kind: OnResolveArgs['kind']): OnResolveResult | undefined {
  if (kind === 'require-call' || kind === 'require-resolve') return undefined;
  return refused(whyMissing(specifier));
}

export function whyMissing(specifier: string): string {
  if (isBuiltin(specifier)) return `${JSON.stringify(specifier)} is a module of Node, which plugins do not have. Use what \`ctx\` gives.`;
  return `${JSON.stringify(specifier)} was not found in the plugin's folder. Nothing outside of it counts: install or copy what a plugin needs into it.`;
}

async function load(folder: PluginFolder, name: string, printed: Map<string, string>): Promise<OnLoadResult> {
  const loader = LOADERS[path.extname(name)];
  if (loader === undefined) return refused(`${name} is neither TypeScript nor JavaScript nor JSON.`);
  const source = await folder.read(name);
  if (isTooDeep(source)) return refused(`${name} is nested too deep.`);
  if (loader === 'json') return { contents: source, loader };
  const { code } = await transform(source, {
    ...{ loader, sourcefile: name, target: TARGET, tsconfigRaw: {}, legalComments: 'none', logLevel: 'silent' },
    ...{ sourcemap: 'inline', sourcesContent: false, minifyWhitespace: true, jsx: 'automatic' },
  });
  printed.set(name, code);
  const pattern = patternImport(code);
  if (pattern !== undefined) return refused(`${name} imports a path that is put together: ${pattern}… Import each file by its name.`);
  return { contents: code, loader: 'js' };
}

function refused(text: string): { readonly errors: { readonly text: string }[] } {
  return { errors: [{ text }] };
}

/** What is thrown in a plugin of esbuild is told with a stack; a refusal is not worth one. */
async function answering<T>(answer: () => Promise<T>): Promise<T | { readonly errors: { readonly text: string }[] }> {
  try {
    return await answer();
  } catch (thrown) {
    if (thrown instanceof Refusal) return refused(thrown.message);
    const { errors } = thrown as { readonly errors?: { readonly text: string }[] };
    if (errors === undefined) throw thrown;
    return { errors };
  }
}
