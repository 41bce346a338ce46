/** The vote of the code base's own check: which patches it does not take. */
import type { AgentContext, Instruction } from '@omnipaw/kernel';
import type { Tools } from '../tools/index.js';
import { reasonOf } from './jury.js';
import type { Votes } from './verdict.js';

export interface CheckReport {
  readonly command: string;
  /** How often it ran. */
  readonly runs: number;
  /** `broken` if it fails without any change: then it can't tell anything, and has no vote. */
  readonly outcome: 'passed' | 'failed' | 'broken';
  /** Of the last run that failed. */
  readonly printed: string;
}

export interface Checked {
  readonly report: CheckReport;
  /** By path; empty if it has no vote. */
  readonly votes: ReadonlyMap<string, NonNullable<Votes['check']>>;
}

/** Enough to find a handful of bad ones among thousands. */
const MAX_RUNS = 40;
const MAX_PRINTED_CHARS = 2_000;

/**
 * Runs the check without any patch, then with all, and if it fails with smaller and smaller parts of them on top of those that are known to be
 * good, until each bad one is found. The good ones have all passed together.
 */
export class Check {
  readonly #ctx: AgentContext;
  readonly #tools: Tools;
  readonly #command: string;
  readonly #good = new Set<string>();
  readonly #bad = new Set<string>();
  #runs = 0;
  #runsLeft = MAX_RUNS;
  #printed = '';

  constructor(ctx: AgentContext, tools: Tools, command: string) {
    this.#ctx = ctx;
    this.#tools = tools;
    this.#command = command;
  }

  *judge(paths: readonly string[]): Generator<Instruction, Checked> {
    if ((yield* this.#run([])) !== 'passed') return { report: this.#report('broken'), votes: new Map() };
    yield* this.#sift(paths);
    const votes = new Map(paths.map((path) => [path, { objection: this.#objectionTo(path) }]));
    return { report: this.#report(this.#good.size === paths.length ? 'passed' : 'failed'), votes };
  }

  *#sift(paths: readonly string[]): Generator<Instruction, void> {
    if (this.#runsLeft === 0) return;
    const outcome = yield* this.#run([...this.#good, ...paths]);
    if (outcome === 'passed') for (const path of paths) this.#good.add(path);
    if (outcome !== 'failed') return;
    if (paths.length === 1) {
      this.#bad.add(paths[0]!);
      return;
    }
    const middle = Math.ceil(paths.length / 2);
    yield* this.#sift(paths.slice(0, middle));
    yield* this.#sift(paths.slice(middle));
  }

  *#run(changed: readonly string[]): Generator<Instruction, 'passed' | 'failed' | 'unknown'> {
    this.#runs++;
    this.#runsLeft--;
    try {
      yield* this.#ctx.tool(this.#tools.copy, { changed });
      const { exitCode, endedBy, stdout, stderr } = yield* this.#ctx.tool(this.#tools.check, { command: this.#command });
      if (exitCode === 0) return 'passed';
      this.#printed = `${exitCode === null ? `Ended by ${endedBy}.\n` : ''}${stdout}${stderr}`.slice(-MAX_PRINTED_CHARS);
      return 'failed';
    } catch (thrown) {
      // What can't be run now tells nothing, and can't be run again either.
      this.#printed = reasonOf(thrown);
      this.#runsLeft = 0;
      return 'unknown';
    }
  }

  #objectionTo(path: string): string | null {
    if (this.#good.has(path)) return null;
    return this.#bad.has(path) ? `${this.#command} fails with it` : `nobody knows whether ${this.#command} passes with it`;
  }

  #report(outcome: CheckReport['outcome']): CheckReport {
    return { command: this.#command, runs: this.#runs, outcome, printed: outcome === 'passed' ? '' : this.#printed };
  }
}
