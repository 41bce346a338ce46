import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A child process that talks in lines; it does not outlive its test. */
export class Program {
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;

  constructor(command: string, args: readonly string[]) {
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#closed = once(this.process, 'close');
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
    onTestFinished(() => void this.process.kill('SIGKILL'));
  }

  /** Whether another line came; undefined once the process has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  async ask(line: string): Promise<string | undefined> {
    this.process.stdin!.write(`${line}\n`);
    return this.line();
  }

  /** Kills it at once, and gives what it had printed and nobody had read. */
  async kill(): Promise<string[]> {
    this.process.kill('SIGKILL');
    const rest: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) rest.push(line);
    await this.#closed;
    return rest;
  }
}
