/** Where samples are compiled and run: a directory for each page, in which the packages can be imported. */
import { execFile } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import ts from 'typescript';
import { ROOT, type Page } from './pages.js';
import type { Program, Session } from './samples.js';

export const PATIENCE_MS = 60_000;
/** What samples can import. */
const PACKAGES = ['attest', 'diff', 'host', 'kernel', 'plugins', 'quota', 'sandbox-docker', 'swarm', 'testing'];
/** What a package has beside its entry: further ones, and programs that run in threads and processes of their own. */
const BESIDE: Readonly<Record<string, readonly string[]>> = { plugins: ['testing', 'isolate/worker', 'bundle/builder'], swarm: ['conformance', 'threads'] };
/** As which the directory of a page appears in what is printed. */
const HOME = '/home/ada';
/** Below the package of the command, so that its dependencies are found. */
const CACHE = `${ROOT}packages/cli/node_modules/.cache/`;

export interface Finished {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What plugins need that can't be bundled. */
const OF_PLUGINS = ['enhanced-resolve', 'esbuild', 'jsonc-parser', 'quickjs-wasi'];

export class Workshop {
  readonly #folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#env = { ...process.env, PATH: `${folder}/bin${delimiter}${process.env['PATH'] ?? ''}`, NO_COLOR: '1', REPOSITORY: ROOT };
  }

  static async open(): Promise<Workshop> {
    mkdirSync(CACHE, { recursive: true });
    const folder = mkdtempSync(`${CACHE}omnipaw-docs-`);
    const packages = `${folder}/node_modules`;
    await Promise.all([
      bundle('packages/cli/src/bin.ts', `${folder}/dist`, ['@omnipaw/*']),
      bundle('packages/cli/src/plugins/test-program.ts', `${folder}/dist`, ['@omnipaw/*']),
      ...PACKAGES.flatMap((name) => {
        const entries = ['index', ...(BESIDE[name] ?? [])];
        return entries.map((entry) => bundle(`packages/${name}/src/${entry}.ts`, dirname(`${packages}/@omnipaw/${name}/${entry}`), ['@omnipaw/*', 'dockerode']));
      }),
    ]);
    copyFileSync(`${ROOT}packages/cli/package.json`, `${folder}/package.json`);
    for (const name of PACKAGES) writeFileSync(`${packages}/@omnipaw/${name}/package.json`, '{ "type": "module", "exports": { ".": "./index.js", "./*": "./*.js" } }');
    symlinkSync(`${ROOT}packages/kernel/node_modules/zod`, `${packages}/zod`);
    for (const name of OF_PLUGINS) symlinkSync(`${ROOT}packages/plugins/node_modules/${name}`, `${packages}/${name}`);
    symlinkSync(`${ROOT}packages/sandbox-docker/node_modules/dockerode`, `${packages}/dockerode`);
    command(`${folder}/bin/omnipaw`, `exec '${process.execPath}' '${folder}/dist/bin.js' "$@"`);
    command(`${folder}/bin/npx`, 'exec "$@"');
    return new Workshop(folder);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Where the samples of a page live. */
  directoryOf(page: Page): string {
    return join(this.#folder, page.path);
  }

  save(page: Page, program: Program): string {
    const file = join(this.directoryOf(page), program.file);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, program.source);
    return file;
  }

  /** What the compiler says about programs that were saved, one line for each mistake. */
  mistakesIn(files: readonly string[]): readonly string[] {
    const compiler = ts.createProgram(files, {
      ...{ target: ts.ScriptTarget.ES2022, lib: ['lib.es2022.d.ts'], module: ts.ModuleKind.NodeNext },
      ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
      ...{ skipLibCheck: true, types: ['node'], typeRoots: [`${ROOT}node_modules/@types`] },
      customConditions: ['@omnipaw/source'],
      paths: { '@omnipaw/plugins/testing': [`${ROOT}packages/plugins/src/testing.ts`], '@omnipaw/*': [`${ROOT}packages/*/src/index.ts`] },
    });
    return files.flatMap((file) => {
      const source = compiler.getSourceFile(file);
      const diagnostics = [...compiler.getSyntacticDiagnostics(source), ...compiler.getSemanticDiagnostics(source)];
      return diagnostics.map(({ start, messageText }) => {
        const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(start ?? 0).line;
        return `${file.slice(this.#folder.length + 1)}, line ${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      });
    });
  }

  /** Runs a program as a user would who compiled it. */
  async run(page: Page, program: Program): Promise<Finished> {
    const { code } = await transform(program.source, { loader: 'ts', target: 'node18', format: 'esm' });
    const file = join(this.directoryOf(page), program.file.replace(/\.ts$/, '.js'));
    writeFileSync(file, code);
    return this.#execute(page, process.execPath, [file]);
  }

  /**
   * Runs the commands of a session in one shell; what goes to standard error is part of the output. Hashes that the page
   * shows are replaced by those of this run.
   */
  async runSession(page: Page, { commands }: Session, hashes: ReadonlyMap<string, string>): Promise<Finished> {
    mkdirSync(this.directoryOf(page), { recursive: true });
    const script = commands.join('\n').replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => hashes.get(hash) ?? hash);
    return this.#execute(page, 'sh', ['-c', `exec 2>&1\n${script}`]);
  }

  omnipaw(...args: readonly string[]): Promise<Finished> {
    return this.#execute(undefined, `${this.#folder}/bin/omnipaw`, args);
  }

  #execute(page: Page | undefined, program: string, args: readonly string[]): Promise<Finished> {
    const cwd = page === undefined ? this.#folder : this.directoryOf(page);
    return new Promise((resolve) => {
      execFile(program, args, { cwd, env: this.#env, timeout: PATIENCE_MS }, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code ?? -1), stdout: stdout.replaceAll(cwd, HOME), stderr });
      });
    });
  }
}

async function bundle(entry: string, outdir: string, external: readonly string[] = []): Promise<void> {
  await build({
    ...{ entryPoints: [ROOT + entry], outdir, bundle: true, platform: 'node', format: 'esm', target: 'node18' },
    ...{ conditions: ['@omnipaw/source'], external: ['commander', ...OF_PLUGINS, 'jiti', ...external], logLevel: 'silent' },
  });
}

function command(file: string, script: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}
