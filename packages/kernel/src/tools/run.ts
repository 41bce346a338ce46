import type { PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { AbortHandle, AbortSignalLike, Ports } from '../ports/index.js';
import type { AskedInstruction } from './ask.js';
import type { Tool, ToolContext } from './define-tool.js';
import type { Secrets } from './secrets.js';
import { sumOf, usageOf, type Usage } from './usage.js';

/** What an observer is told of a tool call. */
export interface ToolCallInfo {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  readonly attempt: number;
  /** `busSeq` of the intent. */
  readonly intentSeq: number;
}

/** A call on its way: from its durable intent to its one outcome, over all attempts. */
export interface ToolRun {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  /** The call whose tool asked for this one. */
  readonly asker: number | undefined;
  readonly intentSeq: number;
  /** Recorded time of the intent. */
  readonly calledAt: number;
  readonly definition: Tool;
  /** The arguments as recorded. */
  readonly args: Json;
  /** The arguments as the schema made them. */
  readonly input: unknown;
  /** Whether the arguments refer to secrets. */
  readonly needsSecrets: boolean;
  /** Attempts that an earlier kernel made. */
  readonly attemptsBefore: number;
  /** The attempt that is running, or ran last. */
  attempt: Attempt | undefined;
  cancelTimer: (() => void) | undefined;
  /** The secrets that the attempt has got. */
  held: Secrets;
  /** How much of the log its progress takes. */
  progressChars: number;
}

export function infoOf(run: ToolRun): ToolCallInfo {
  const { agent, tick, call, intentSeq } = run;
  return { agent, tick, call, intentSeq, tool: run.definition.name, attempt: run.attempt?.attempt ?? 1 };
}

export interface AttemptOptions {
  readonly ports: Ports;
  readonly logId: string;
  /** Records what a tool says while it runs; false if it was not recorded. */
  readonly record: (run: ToolRun, attempt: Attempt, said: unknown) => boolean;
  /** Asks for an instruction; `index` is how often the attempt has asked before. */
  readonly ask: (asked: { readonly run: ToolRun; readonly attempt: Attempt; readonly index: number }, instruction: AskedInstruction, permission: PermissionRecord) => Promise<Json>;
}

/** One attempt at a call, as the tool sees it. */
export class Attempt implements ToolContext {
  readonly #run: ToolRun;
  readonly #options: AttemptOptions;
  readonly attempt: number;
  #handle: AbortHandle | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  #usage: Usage | undefined;
  #askCount = 0;
  #isOver = false;

  constructor(run: ToolRun, options: AttemptOptions) {
    this.#run = run;
    this.#options = options;
    this.attempt = (run.attempt?.attempt ?? run.attemptsBefore) + 1;
    // The tool gets this object; private fields stay writable.
    Object.freeze(this);
  }

  get agent(): string {
    return this.#run.agent;
  }

  get tool(): string {
    return this.#run.definition.name;
  }

  get idempotencyKey(): string {
    return `${this.#options.logId}/${this.#run.agent}/${String(this.#run.tick)}/${String(this.#run.call)}`;
  }

  get calledAt(): number {
    return this.#run.calledAt;
  }

  /** Made when first asked for, since most tools never look. */
  get signal(): AbortSignalLike {
    if (this.#handle === undefined) {
      this.#handle = this.#options.ports.createAbort();
      if (this.#aborted !== undefined) this.#handle.abort(this.#aborted.reason);
    }
    return this.#handle.signal;
  }

  get hasSecrets(): boolean {
    return this.#run.needsSecrets;
  }

  /** Made when asked for, too; works without its object. */
  get progress(): ToolContext['progress'] {
    return (value) => this.#options.record(this.#run, this, value);
  }

  /** Works without its object, too. */
  get spend(): ToolContext['spend'] {
    return (usage) => {
      if (this.#isOver) throw new TypeError(`Tool "${this.tool}" said what it used after its result. Say it before.`);
      const { tool } = this;
      this.#usage = usageOf(sumOf(this.#usage ?? {}, usageOf(usage, tool)), tool);
    };
  }

  /** Works without its object, too. What comes of it may interest nobody: that it fails is not the process's affair. */
  get ask(): ToolContext['ask'] {
    return (instruction, permission = { decision: 'ALLOW', by: `tool ${this.tool}` }) => {
      const answer = this.#options.ask({ run: this.#run, attempt: this, index: this.#askCount++ }, instruction, permission);
      answer.catch(() => undefined);
      return answer;
    };
  }

  /** Whether a tool asked for it, which has a place already; static, as is what follows. */
  static isAsked(attempt: Attempt): boolean {
    return attempt.#run.asker !== undefined;
  }

  /** For an entry, what an attempt has used that no entry says yet. */
  static takeUsage(attempt: Attempt | undefined): { readonly usage?: Usage } {
    const usage = attempt === undefined ? undefined : attempt.#usage;
    if (attempt === undefined || usage === undefined) return {};
    attempt.#usage = undefined;
    return { usage };
  }

  /** It has given its result, and has nothing more to say. */
  static end(attempt: Attempt): void {
    attempt.#isOver = true;
  }

  /** Tells the tool to stop; static, so that the tool has no such method on its context. */
  static abort(attempt: Attempt, reason: unknown): void {
    attempt.#aborted ??= { reason };
    attempt.#handle?.abort(reason);
  }
}
