/**
 * Bundles the code of plugins, one after the other, in a process that is replaced when it dies or is too slow.
 *
 * 1. One bundle is made at a time, so that whoever makes the process die is known.
 * 2. The process has no environment and no arguments, and ends with this one.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { pluginError } from '../errors.js';
import { programFile } from '../programs.js';
import { FILE_NAME, isBuildAnswer, type BuildAnswer, type BuildOrder, type Bundle, type BundleProblem, type BundleRequest } from './bundle.js';

export interface BundlerOptions {
  /** For one bundle; 30,000 unless given. */
  readonly timeoutMs?: number;
  /** Modules that plugins can import though they do not have them: sources by name. */
  readonly provided?: Readonly<Record<string, string>>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** What a process needs of the environment to start others, on Windows. */
const KEPT = ['SystemRoot', 'TEMP', 'TMP', 'TMPDIR'];

export class Bundler {
  readonly #timeoutMs: number;
  readonly #provided: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #lastId = 0;
  #isClosed = false;

  constructor({ timeoutMs = DEFAULT_TIMEOUT_MS, provided = {} }: BundlerOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#provided = provided;
  }

  /** Rejects with `PLUGIN_BUNDLE_FAILED`; its details have the `problems`. */
  async bundle(request: BundleRequest): Promise<Bundle> {
    const { timeoutMs = Infinity, ...wanted } = request;
    const order = { ...wanted, id: ++this.#lastId, provided: this.#provided };
    const turn = this.#turn.then(() => this.#build(order, Math.min(this.#timeoutMs, timeoutMs)));
    this.#turn = turn.catch(() => undefined);
    const answer = await turn;
    if (!answer.ok) throw bundleError(request, answer.problems);
    const { code, sourceMap, inputs } = answer;
    return { code, sourceMap, inputs, codeDigest: createHash('sha256').update(code).digest('hex'), fileName: FILE_NAME };
  }

  /** Ends the process; what is under way fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    // Whoever waits for its end must not be the last one who is there.
    child?.ref();
    this.#end();
    if (child?.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }

  async #build(order: BuildOrder, timeoutMs: number): Promise<BuildAnswer> {
    if (this.#isClosed) return failed(order, 'The bundler is closed.');
    const child = (this.#child ??= begin());
    child.ref();
    child.channel?.ref();
    const answer = await this.#ask(child, order, timeoutMs);
    child.unref();
    child.channel?.unref();
    if (!answer.ok && answer.isBroken) this.#end();
    return answer;
  }

  #ask(child: ChildProcess, order: BuildOrder, timeoutMs: number): Promise<BuildAnswer> {
    return new Promise((resolve) => {
      const settle = (answer: BuildAnswer): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        resolve(answer);
      };
      const onMessage = (message: unknown): void => {
        if (!isBuildAnswer(message)) settle(failed(order, 'The bundler has lost track.'));
        else if (message.id === order.id) settle(message);
      };
      const onExit = (): void => { settle(failed(order, this.#isClosed ? 'The bundler was closed.' : 'The bundler died of it.')); };
      const onError = (error: Error): void => { settle(failed(order, `The bundler cannot be run: ${error.message}.`)); };
      const timer = setTimeout(() => { settle(failed(order, `It was not bundled within ${timeoutMs} ms.`)); }, timeoutMs);
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      child.send(order, (error) => { if (error !== null) onError(error); });
    });
  }

  #end(): void {
    // esbuild's own process ends when nobody can tell it anything any more.
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}

function begin(): ChildProcess {
  const env = Object.fromEntries(KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  return fork(programFile('bundle/builder'), [], { env, execArgv: ['--max-old-space-size=512'], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
}

/** What is answered for a builder that does not, and is of no use any more. */
function failed({ id }: BuildOrder, text: string): BuildAnswer {
  return { id, ok: false, problems: [{ text }], isBroken: true };
}

function bundleError({ folder, entry }: BundleRequest, problems: readonly BundleProblem[]) {
  const [first, ...others] = problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return pluginError('PLUGIN_BUNDLE_FAILED', `${JSON.stringify(entry)} could not be bundled: ${first === undefined ? 'nobody knows why' : problemText(first)}${more}`, {
    details: { folder, entry, problems: problems.map((problem) => ({ ...problem })) },
  });
}

function problemText({ text, file, line, column }: BundleProblem): string {
  return file === undefined || line === undefined || column === undefined ? text : `${file}:${line}:${column}: ${text}`;
}
