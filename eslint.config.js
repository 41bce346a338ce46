import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import { createNodeResolver, importX } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

const ROOT = import.meta.dirname;
const KERNEL = 'packages/kernel/src';

/**
 * The layers of the kernel, lowest first. A folder imports from lower layers only; the folders of
 * one layer do not import each other.
 */
const kernelLayers = [
  ['errors'],
  ['json'],
  ['ports', 'invariants', 'queue'],
  ['logging'],
  ['lifecycle', 'header'],
  ['identity'],
  ['permissions', 'memory', 'pending'],
  ['messages', 'tools', 'delegation'],
  ['failure'],
  ['programs'],
  ['syscalls'],
  ['commands'],
  ['execution'],
  ['replay'],
  ['kernel'],
  ['history'],
];
/** The layers of `@omnipaw/plugins`, by the same rules; what all of them use stands in files beside the folders. */
const pluginLayers = [['schemas'], ['manifest'], ['integrity', 'isolate', 'bundle', 'bridge', 'kit'], ['pack', 'loader'], ['harness']];
const PLUGINS = 'packages/plugins/src';

/** The same for swarms. */
const swarmLayers = [['remote'], ['consensus', 'protocol'], ['crew', 'election', 'graph'], ['extension', 'account', 'assembly', 'map-reduce', 'pipeline', 'supervisor'], ['coordinator', 'transport']];
const SWARM = 'packages/swarm/src';

/** Outside the layers: the only folder that may use Node, and all that it may import. */
const nodeMayImport = ['errors', 'json', 'ports', 'logging'];

/** What an extension may import beside the kernel: the package whose contract it fulfils. */
const packageMayImport = { 'sandbox-docker': ['host'] };

/** Globals of the host, and how the core gets the same thing. */
const hostGlobals = {
  Date: 'Take the time from the `clock` port: replay must see the recorded one.',
  process: 'The core does not know the process: take what it needs as a parameter.',
  console: 'The core does not print: log an entry, or tell an observer.',
  setTimeout: 'Wait by the `clock` port, or by a durable timer.',
  setInterval: 'Wait by the `clock` port, or by a durable timer.',
  setImmediate: 'Wait by the `clock` port, or by a durable timer.',
  queueMicrotask: 'Say what happens next by an await: the scheduler owns the order.',
  fetch: 'The core does no input or output: only a tool does.',
  performance: 'Take the time from the `clock` port.',
  crypto: 'Take hashes, ids and chance from the ports `hash`, `ids` and `random`.',
};

/** What a script or a benchmark may use without an import. */
const scriptGlobals = ['AbortController', 'console', 'fetch', 'performance', 'process', 'setTimeout', 'clearTimeout', 'URL'];

/** What the page of the dashboard uses of a browser. */
const browserGlobals = [
  'AbortSignal', 'Element', 'FormData', 'Node', 'ResizeObserver', 'Text', 'TextEncoder', 'URLSearchParams', 'WebSocket', 'addEventListener', 'clearTimeout', 'crypto', 'document',
  'fetch', 'history', 'localStorage', 'location', 'matchMedia', 'navigator', 'queueMicrotask', 'requestAnimationFrame', 'sessionStorage', 'setInterval',
];

export default defineConfig(
  { ignores: ['**/dist/', '**/coverage/', '**/.omnipaw/', '**/fixtures/', '**/*.generated.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: ROOT } },
    rules: {
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // How a module adds its words to the catalogue of entries.
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // An index that the code around it keeps in bounds is no unknown; everywhere else the compiler asks for a check.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: 'only-allowed-literals' }],
      '@typescript-eslint/prefer-readonly': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },

  {
    files: ['**/*.{ts,js,mjs}'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver-next': [
        createNodeResolver({
          conditionNames: ['@omnipaw/source', 'types', 'import', 'node', 'default'],
          extensions: ['.ts', '.js', '.mjs', '.d.ts'],
          extensionAlias: { '.js': ['.ts', '.js'], '.mjs': ['.mts', '.mjs'] },
        }),
      ],
      'import-x/parsers': { '@typescript-eslint/parser': ['.ts'] },
    },
    rules: {
      eqeqeq: 'error',
      'import-x/no-cycle': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/no-relative-packages': 'error',
      'import-x/no-restricted-paths': [
        'error',
        { basePath: ROOT, zones: [...packageZones(), ...kernelZones(), ...pluginZones(), ...swarmZones()] },
      ],
    },
  },

  {
    name: "tests of plugins are those of Node's own runner, which waits for them",
    files: ['plugins/*/test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', name: ['describe', 'test'], package: 'node:test' }] }] },
  },
  {
    name: 'shape of sources',
    files: ['{packages,apps,plugins}/*/src/**/*.ts'],
    rules: {
      complexity: ['error', 15],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': 'off',
      '@typescript-eslint/max-params': ['error', { max: 3 }],
      'import-x/no-extraneous-dependencies': ['error', { devDependencies: false }],
    },
  },
  {
    name: 'the core of the kernel knows no host',
    files: [`${KERNEL}/**/*.ts`],
    ignores: [`${KERNEL}/{ports,node}/**`, `${KERNEL}/{create-kernel,readers}.ts`],
    rules: {
      'import-x/no-nodejs-modules': 'error',
      'no-restricted-globals': ['error', ...Object.entries(hostGlobals).map(([name, message]) => ({ name, message }))],
      'no-restricted-properties': [
        'error',
        { object: 'Math', property: 'random', message: 'Take chance from the `random` port.' },
      ],
    },
  },

  {
    name: 'simulators use what tests use',
    files: ['**/sim/**/*.ts'],
    rules: { 'import-x/no-relative-packages': 'off' }, // testing/ belongs to no package
  },

  {
    name: 'tests are looser',
    files: ['**/test/**/*.ts', 'testing/**/*.ts', 'vitest.config.ts'],
    rules: {
      'import-x/no-relative-packages': 'off', // testing/ belongs to no package
      '@typescript-eslint/consistent-type-definitions': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'require-yield': 'off',
    },
  },
  {
    name: 'scripts run on Node as they are',
    files: ['**/*.{js,mjs}'],
    languageOptions: { globals: Object.fromEntries(scriptGlobals.map((name) => [name, 'readonly'])) },
  },
  {
    name: 'the page of the dashboard runs in browsers as it is',
    files: ['packages/dashboard/page/**/*.js'],
    languageOptions: { globals: Object.fromEntries(browserGlobals.map((name) => [name, 'readonly'])) },
  },
);

/**
 * apps -> cli -> extensions -> kernel: apps and plugins are imported by nobody, the kernel imports
 * no package, an extension only the kernel and what `packageMayImport` says.
 */
function packageZones() {
  const message = 'Packages import neither apps nor plugins.';
  const zones = [{ target: './packages', from: ['./apps', './plugins'], message }];
  const names = readdirSync(join(ROOT, 'packages'));
  for (const name of names.filter((name) => name !== 'cli')) {
    const others = names.filter((other) => ![name, 'kernel', ...(packageMayImport[name] ?? [])].includes(other));
    zones.push({
      target: `./packages/${name}/src`,
      from: others.map((other) => `./packages/${other}`),
      message: 'A package imports the kernel, and no other package unless packageMayImport says so.',
    });
  }
  return zones;
}

function kernelZones() {
  const ranked = new Map(kernelLayers.flatMap((layer, rank) => layer.map((folder) => [folder, rank])));
  return layerZones(KERNEL, {
    folders: [...ranked.keys(), 'node'],
    mayImport: (target, from) => (target === 'node' ? nodeMayImport.includes(from) : ranked.get(from) < ranked.get(target)),
  });
}

function pluginZones() {
  const ranked = new Map(pluginLayers.flatMap((layer, rank) => layer.map((folder) => [folder, rank])));
  // The isolate knows nothing of manifests, whatever lies below it.
  const mayImport = (target, from) => target !== 'isolate' && ranked.get(from) < ranked.get(target);
  return layerZones(PLUGINS, { folders: [...ranked.keys()], mayImport });
}

function swarmZones() {
  const ranked = new Map(swarmLayers.flatMap((layer, rank) => layer.map((folder) => [folder, rank])));
  // The protocol has what is decided together as methods, and that is made of the protocol's words.
  const talk = ['consensus', 'protocol'];
  const mayImport = (target, from) => ranked.get(from) < ranked.get(target) || (talk.includes(target) && talk.includes(from));
  return layerZones(SWARM, { folders: [...ranked.keys()], mayImport });
}

/** Folders of some sources that import each other by their entries, and only those that they may. */
function layerZones(source, { folders, mayImport }) {
  refuseUnknownFolders(source, folders);

  const zones = [];
  for (const target of folders) {
    for (const from of folders.filter((folder) => folder !== target)) {
      zones.push(entryOnly(source, { target, from }));
      if (!mayImport(target, from)) zones.push(forbidden(source, { target, from }));
    }
    zones.push({
      target: `./${source}/${target}`,
      from: `./${source}/index.ts`,
      message: 'The public entry is for users: import the folder itself.',
    });
  }
  // The files beside the folders may import every folder, by its entry.
  return [...zones, ...folders.map((from) => entryOnly(source, { target: '*.ts', from }))];
}

function entryOnly(source, { target, from }) {
  return {
    target: `./${source}/${target}`,
    from: [`./${source}/${from}/!(index).ts`, `./${source}/${from}/*/**`],
    message: `Import ${from}/index.js: the other files of a folder are its own.`,
  };
}

function forbidden(source, { target, from }) {
  return {
    target: `./${source}/${target}`,
    from: `./${source}/${from}`,
    message: `${target}/ may not import ${from}/: see the layers in eslint.config.js.`,
  };
}

/** A new folder needs a place in the layers before it is linted at all. */
function refuseUnknownFolders(source, known) {
  const folder = join(ROOT, source);
  if (!existsSync(folder)) return;
  const found = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const unknown = found.map((entry) => entry.name).filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`${source}: give ${unknown.join(', ')} a place in the layers of eslint.config.js.`);
}
