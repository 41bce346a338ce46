import { spawn, type ChildProcess } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { bundle } from '../../../../testing/bundle.js';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The first can't be bundled; the others are large, and take long to. */
const OUTSIDE = ['dockerode', 'eslint', 'typescript', 'typescript-eslint'];
let bundled: Promise<string> | undefined;

/** The program that `npm start` runs, in a process of its own. */
export class Program {
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<Ended>;
  #stdout = '';
  #stderr = '';

  private constructor(file: string, args: readonly string[], { cwd, env = {} }: ProgramOptions) {
    const child = spawn(process.execPath, [file, ...args], { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.process = child;
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => { resolve({ code, stdout: this.#stdout, stderr: this.#stderr }); });
    });
    onTestFinished(() => void child.kill('SIGKILL'));
  }

  static async start(args: readonly string[], options: ProgramOptions): Promise<Program> {
    bundled ??= bundle(new URL('../../src/main.ts', import.meta.url), OUTSIDE);
    return new Program(await bundled, args, options);
  }

  static async run(args: readonly string[], options: ProgramOptions): Promise<Ended> {
    return (await Program.start(args, options)).ended;
  }

  /** Resolves once its standard output matches; rejects when it ends before. */
  said(pattern: RegExp): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (pattern.test(this.#stdout)) resolve();
      };
      this.process.stdout?.on('data', look);
      void this.ended.then(({ code, stderr }) => { reject(new Error(`It ended with ${String(code)} before it said ${String(pattern)}: ${stderr}`)); });
      look();
    });
  }
}
