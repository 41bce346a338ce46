/** Which patches the code base's own check does not take. */
import type { AgentContext, Instruction } from '@omnipaw/kernel';
import type { Tools } from '../tools/index.js';
import { reasonOf } from './jury.js';

export interface CheckReport {
  readonly command: string;
  /** How often it ran. */
  readonly runs: number;
  /** `broken` if it fails without any change: then it can't tell anything, and has no vote. */
  readonly outcome: 'passed' | 'failed' | 'broken';
  /** Of the last run that failed. */
  readonly printed: string;
}

/** The check, and what it found of the patches: those that it takes, and those with which it fails. Of others it knows nothing. */
export interface Checked {
  readonly report: CheckReport;
  readonly good: ReadonlySet<string>;
  readonly bad: ReadonlySet<string>;
}

/** Enough to find a handful of bad ones among thousands. */
const MAX_RUNS = 40;
const MAX_PRINTED_CHARS = 2_000;

/**
 * Runs the check without any patch, then with all, and if it fails with smaller and smaller parts of them on top of those that are known to be
 * good, until each bad one is found.
 */
export class Check {
  readonly #ctx: AgentContext;
  readonly #tools: Tools;
  readonly #command: string;
  readonly #good = new Set<string>();
  readonly #bad = new Set<string>();
  #runs = 0;
  #printed = '';

  constructor(ctx: AgentContext, tools: Tools, command: string) {
    this.#ctx = ctx;
    this.#tools = tools;
    this.#command = command;
  }

  *judge(paths: readonly string[]): Generator<Instruction, Checked> {
    if (!(yield* this.#passesWith([]))) return this.#checked('broken');
    yield* this.#sift(paths);
    return this.#checked(this.#bad.size === 0 && this.#good.size === paths.length ? 'passed' : 'failed');
  }

  *#sift(paths: readonly string[]): Generator<Instruction, void> {
    if (paths.length === 0 || this.#runs >= MAX_RUNS) return;
    if (yield* this.#passesWith([...this.#good, ...paths])) {
      for (const path of paths) this.#good.add(path);
    } else if (paths.length === 1) {
      this.#bad.add(paths[0]!);
    } else {
      const middle = Math.ceil(paths.length / 2);
      yield* this.#sift(paths.slice(0, middle));
      yield* this.#sift(paths.slice(middle));
    }
  }

  *#passesWith(changed: readonly string[]): Generator<Instruction, boolean> {
    this.#runs++;
    try {
      yield* this.#ctx.tool(this.#tools.copy, { changed });
      const { exitCode, endedBy, stdout, stderr } = yield* this.#ctx.tool(this.#tools.check, { command: this.#command });
      if (exitCode === 0) return true;
      this.#printed = `${exitCode === null ? `Ended by ${endedBy}.\n` : ''}${stdout}${stderr}`.slice(-MAX_PRINTED_CHARS);
    } catch (thrown) {
      this.#printed = reasonOf(thrown);
    }
    return false;
  }

  #checked(outcome: CheckReport['outcome']): Checked {
    return { report: { command: this.#command, runs: this.#runs, outcome, printed: outcome === 'passed' ? '' : this.#printed }, good: this.#good, bad: this.#bad };
  }
}
