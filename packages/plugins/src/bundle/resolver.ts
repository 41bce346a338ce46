/**
 * Which file an import means: by the rules of Node and of packages for browsers, on a disk that has the plugin's folder and nothing else.
 *
 * What decides it is in files of the plugin: a `package.json` is read as they are, and has its digest among theirs. Nothing above the folder has
 * a say: no `package.json`, no `node_modules`, no tsconfig.json, no environment.
 */
import path from 'node:path';
import enhanced from 'enhanced-resolve';
import { Refusal, type PluginFolder } from './plugin-folder.js';

/** `EMPTY` is what a package says to do without in a browser. */
export type Resolution = { readonly name: string; readonly hasSideEffects: boolean } | 'EMPTY' | undefined;
export type ImportForm = 'import' | 'require';

type Options = Parameters<typeof enhanced.ResolverFactory.createResolver>[0];
type Resolver = ReturnType<typeof enhanced.ResolverFactory.createResolver>;
type FileSystem = Options['fileSystem'];
type Callback = (error: Error | null, result?: unknown) => void;

const RULES: Omit<Options, 'fileSystem'> = {
  extensions: ['.tsx', '.ts', '.jsx', '.js', '.json'],
  // TypeScript is imported by what a compiler would make of it.
  extensionAlias: { '.js': ['.js', '.ts', '.tsx'], '.jsx': ['.jsx', '.tsx'], '.mjs': ['.mjs', '.mts'], '.cjs': ['.cjs', '.cts'] },
  ...{ aliasFields: ['browser'], modules: ['node_modules'], pnpApi: null, roots: [], symlinks: false },
};
const MAIN_FIELDS = { import: ['browser', 'module', 'main'], require: ['browser', 'main', 'module'] } as const;

export class ImportResolver {
  readonly #folder: PluginFolder;
  readonly #resolvers: Readonly<Record<ImportForm, Resolver>>;

  constructor(folder: PluginFolder) {
    this.#folder = folder;
    const resolver = (form: ImportForm) => enhanced.ResolverFactory.createResolver({ ...RULES, fileSystem: diskOf(folder), conditionNames: ['browser', 'module', form], mainFields: [...MAIN_FIELDS[form]] });
    this.#resolvers = { import: resolver('import'), require: resolver('require') };
  }

  /** Of an import in a file of the plugin; undefined if there is no such file. Throws a {@link Refusal} for a `package.json` that can't be read. */
  async resolve(specifier: string, importer: string, form: ImportForm): Promise<Resolution> {
    const from = path.join(this.#folder.root, path.dirname(importer));
    const [place, packageData] = await new Promise<readonly [string | false | undefined, Readonly<Record<string, unknown>> | undefined]>((resolve, reject) => {
      this.#resolvers[form].resolve({}, from, specifier, {}, (error, _place, request) => {
        if (error instanceof Refusal) reject(new Refusal(error.text));
        else resolve(error === null ? [request?.path, request?.descriptionFileData] : [undefined, undefined]);
      });
    });
    if (place === false) return 'EMPTY';
    const found = place === undefined ? undefined : await this.#folder.find(place);
    return found === undefined ? undefined : { name: found.name, hasSideEffects: packageData?.['sideEffects'] !== false };
  }
}

/** As much of a disk as is looked at. */
function diskOf(folder: PluginFolder): FileSystem {
  const stat = async (place: string) => (await folder.find(place))?.stats;
  const readJson = async (place: string) => {
    const found = await folder.find(place);
    return found === undefined ? undefined : jsonIn(found.name, await folder.read(found.name));
  };
  const nothing = async () => Promise.resolve(undefined);
  return { stat: answering(stat), readJson: answering(readJson), readFile: answering(nothing), readdir: answering(nothing), readlink: answering(nothing) } as unknown as FileSystem;
}

function answering(answer: (place: string) => Promise<unknown>) {
  return (place: string, ...rest: readonly unknown[]): void => {
    const callback = rest.at(-1) as Callback;
    const absent = (): Error => Object.assign(new Error(`There is no ${path.basename(place)}.`), { code: 'ENOENT' });
    answer(place).then((result) => { if (result === undefined) callback(absent()); else callback(null, result); }, callback);
  };
}

function jsonIn(name: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new Refusal(`${name} is no JSON.`);
  }
  if (typeof value !== 'object' || value === null) throw new Refusal(`${name} is no object.`);
  return value;
}
