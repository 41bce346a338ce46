/** The command as a process of its own, from source. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/** Below the package, so that its dependencies are found: the loader brings files of its own and can't be bundled. */
const OUTPUT = path.join(PACKAGE, 'node_modules/.cache/omnipaw-cli-tests');

/** What was made: the command, a program that writes a log, and the kernel as a package. */
export interface Bundles {
  readonly bin: string;
  readonly writer: string;
  readonly kernelPackage: string;
  readonly remove: () => void;
}

export async function makeBundles(): Promise<Bundles> {
  fs.mkdirSync(OUTPUT, { recursive: true });
  const folder = fs.mkdtempSync(`${OUTPUT}/`);
  const [bin, writer, kernelPackage] = [`${folder}/dist/bin.js`, `${folder}/dist/writer.js`, `${folder}/kernel`];
  await Promise.all([
    bundle('src/bin.ts', bin),
    bundle('test/fixtures/writer.ts', writer),
    bundle('../kernel/src/index.ts', `${kernelPackage}/dist/index.js`),
  ]);
  fs.copyFileSync(path.join(PACKAGE, 'package.json'), `${folder}/package.json`);
  const manifest = { name: '@omnipaw/kernel', version: '0.0.0', type: 'module', exports: './dist/index.js' };
  fs.writeFileSync(`${kernelPackage}/package.json`, JSON.stringify(manifest));
  return { bin, writer, kernelPackage, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(PACKAGE, entry)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    conditions: ['@omnipaw/source'],
    external: ['commander', 'jiti'],
    logLevel: 'silent', // a failure is thrown, with the same text
  });
}

/** A process with what it has printed so far. */
export class Process {
  readonly #child;
  readonly #ended: Promise<number | string>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}) {
    const env = options.env ?? { ...process.env, NO_COLOR: '', DEBUG: '' };
    const child = spawn(process.execPath, args, { ...options, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? 'nothing');
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    child.stdin.on('error', () => undefined);
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  /** Its exit code, or the signal that ended it. */
  get ended(): Promise<number | string> {
    return this.#ended;
  }

  /** Resolves once the output is as wanted; rejects if the process ends before. */
  async until(isThere: (stdout: string) => boolean): Promise<void> {
    const ended = this.#ended.then((code) => {
      if (!isThere(this.stdout)) throw new Error(`ended with ${code}: ${this.stdout.slice(-500)}${this.stderr}`);
    });
    // Nobody hears of it once the output is there.
    ended.catch(() => undefined);
    while (!isThere(this.stdout)) await Promise.race([once(this.#child.stdout, 'data'), ended]);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  say(text: string): void {
    this.#child.stdin.write(text);
  }

  endInput(text = ''): void {
    this.#child.stdin.end(text);
  }

  /** Stops reading, as `head` does. */
  stopReading(): void {
    this.#child.stdout.destroy();
  }
}
