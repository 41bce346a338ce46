/**
 * Checks the packages as their users get them: built anew, packed, and installed in an empty project.
 *
 * For each published package: publint, "are the types wrong", the size of the tarball; then, in the
 * empty project, that its types need nothing that it does not bring along (publint and attw both
 * miss that), that a program of ours which uses them in unusual ways compiles (test/types/consumer.ts),
 * that the example of its README compiles and runs, and that its commands start.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ROOT, runTurbo, toolEnv } from './processes.mjs';

/** The most that a packed tarball may weigh. */
const LIMIT_BYTES = 100_000;
/** What these give and take are Node's own objects, or a library's whose types need Node's, so theirs do too. */
const ABOUT_NODE = new Set(['@omnipaw/dashboard', '@omnipaw/otel', '@omnipaw/otel/sdk', '@omnipaw/swarm/threads']);

const work = mkdtempSync(join(tmpdir(), 'omnipaw-packages-'));
const consumer = join(work, 'consumer');
const failures = [];

try {
  process.exitCode = await main();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function main() {
  const built = await runTurbo(['run', 'build', '--filter=./packages/*', '--output-logs=errors-only']);
  if (built !== 0) return built;

  const packages = publishedPackages().map((pkg) => ({ ...pkg, tarball: pack(pkg) }));
  for (const pkg of packages) checkTarball(pkg);
  installInEmptyProject(packages);
  for (const pkg of packages) checkAsUser(pkg);

  console.log(failures.length === 0 ? 'All packages are fit to publish.' : `Failed: ${failures.join('; ')}`);
  return failures.length === 0 ? 0 : 1;
}

function publishedPackages() {
  return readdirSync(join(ROOT, 'packages'))
    .map((name) => join(ROOT, 'packages', name))
    .map((folder) => ({ folder, manifest: readJson(join(folder, 'package.json')) }))
    .filter(({ manifest }) => manifest.private !== true);
}

function pack({ folder }) {
  const destination = join(work, basename(folder));
  mkdirSync(destination);
  need('pnpm', ['pack', '--pack-destination', destination], folder);
  return join(destination, readdirSync(destination)[0]);
}

function checkTarball({ manifest, tarball }) {
  const { name } = manifest;
  check(`${name}: publint`, 'publint', ['run', '--strict', tarball]);
  // A package that only has commands has no types to get wrong.
  if (manifest.exports) check(`${name}: types (attw)`, 'attw', ['--profile', 'esm-only', tarball]);

  const bytes = statSync(tarball).size;
  report(`${name}: ${kilobytes(bytes)} packed, at most ${kilobytes(LIMIT_BYTES)}`, bytes <= LIMIT_BYTES);
}

/** With npm, as most users would, and without any of the workspace's node_modules in reach. */
function installInEmptyProject(packages) {
  mkdirSync(consumer);
  writeJson('package.json', { name: 'consumer', private: true, type: 'module' });
  const tarballs = packages.map(({ tarball }) => tarball);
  need('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...tarballs, ...optionalPeers(packages)], consumer);
}

/** What users install beside a package to have all of it, as it is tested here. */
function optionalPeers(packages) {
  return packages.flatMap(({ folder, manifest }) => {
    const peers = Object.keys(manifest.peerDependenciesMeta ?? {}).filter((peer) => !peer.startsWith('@omnipaw/'));
    return peers.map((peer) => `${peer}@${readJson(join(folder, 'node_modules', peer, 'package.json')).version}`);
  });
}

function checkAsUser({ folder, manifest }) {
  const name = manifest.name;
  const file = name.replace(/^@/, '').replace('/', '-');

  const entries = Object.keys(manifest.exports ?? {}).filter((entry) => !entry.endsWith('.json')).map((entry) => name + entry.slice(1)).filter((entry) => !ABOUT_NODE.has(entry));
  if (entries.length > 0) {
    const source = entries.map((entry, n) => `export * as entry${n} from '${entry}';\n`).join('');
    compile(`${name}: types on their own`, `${file}-types`, source, []);
  }

  const types = readText(join(folder, 'test/types/consumer.ts'));
  if (types !== '') compile(`${name}: test/types/consumer.ts compiles`, `${file}-consumer`, types, ['node']);

  const example = /```ts\n(.*?)```/s.exec(readText(join(folder, 'README.md')))?.[1];
  if (example !== undefined) {
    compile(`${name}: the README's example compiles`, `${file}-example`, example, ['node']);
    check(`${name}: the README's example runs`, process.execPath, [`out/${file}-example.js`], consumer);
  } else if (entries.length > 0) {
    report(`${name}: README.md has an example (\`\`\`ts)`, false);
  }

  for (const command of Object.keys(manifest.bin ?? {})) {
    check(`${name}: ${command} --help`, join(consumer, 'node_modules', '.bin', command), ['--help'], consumer);
  }
}

/** Strict, and the declarations of the packages are checked too. */
function compile(title, file, source, types) {
  writeFileSync(join(consumer, `${file}.ts`), source);
  writeJson(`tsconfig.${file}.json`, {
    compilerOptions: {
      ...{ target: 'ES2022', lib: ['ES2022'], module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
      ...{ skipLibCheck: false, types, typeRoots: [join(ROOT, 'node_modules', '@types')], outDir: 'out', rootDir: '.' },
    },
    files: [`${file}.ts`],
  });
  check(title, 'tsc', ['-p', `tsconfig.${file}.json`], consumer);
}

function check(title, command, args, cwd = work) {
  const { ok, output } = call(command, args, cwd);
  report(title, ok);
  if (!ok) console.log(output.replace(/^/gm, '    '));
}

/** A step without which the rest has no sense. */
function need(command, args, cwd) {
  const { ok, output } = call(command, args, cwd);
  if (!ok) throw new Error(`${command} ${args[0]} failed in ${cwd}:\n${output}`);
}

function call(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env: toolEnv, encoding: 'utf8', timeout: 120_000 });
  return { ok: status === 0, output: error ? String(error) : stdout + stderr };
}

function report(title, ok) {
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${title}`);
  if (!ok) failures.push(title);
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function writeJson(file, value) {
  writeFileSync(join(consumer, file), JSON.stringify(value, null, 2));
}
