import { assertPlainName, type PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { AbortSignalLike } from '../ports/index.js';
import type { AskedInstruction } from './ask.js';
import type { SchemaInput, SchemaOutput, StandardSchema } from './standard-schema.js';
import type { Usage } from './usage.js';

/** What a tool is told about the call that it serves. */
export interface ToolContext {
  readonly agent: string;
  readonly tool: string;
  /** Same agent, tick and call index, same key, also after a crash: pass it on to what must not act twice. */
  readonly idempotencyKey: string;
  /** Recorded time of the call, milliseconds since the epoch: the same in each attempt, also after a crash. */
  readonly calledAt: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Aborted on timeout, on the agent's end and on shutdown. */
  readonly signal: AbortSignalLike;
  /** Whether the arguments refer to secrets. A part of a secret is not recognised: cut no text into pieces then. */
  readonly hasSecrets: boolean;
  /**
   * Records JSON while the call is under way, as `TOOL_PROGRESS`: for people, no program sees it. Redacted as a result is.
   *
   * False if it was not recorded: the call is over, or it has recorded all that it may: about `maxValueBytes`, as lines of the log.
   * Throws `SERIALIZATION_ERROR`, `VALUE_TOO_LARGE`, what redacting throws, and `KERNEL_BUSY` in the middle of an entry or a
   * tick.
   */
  readonly progress: (value: unknown) => boolean;
  /** Says what this attempt has used, as soon as it is known; adds up. Throws a TypeError for what is no amount, and after the result. */
  readonly spend: (usage: Usage) => void;
  /**
   * Asks for an instruction on behalf of the agent that called: allowed if the agent is granted it, and recorded, limited and made
   * again in a replay as if the agent had asked. An attempt that runs again after a crash is told what is on record, so such
   * a tool may be `idempotent` whatever it asks for, if it does nothing else and asks the same for the same arguments and answers.
   *
   * `permission` says what allows it to the tool itself, for the entry; with a `DENY` it is recorded and refused.
   *
   * Rejects with what the instruction is refused with or failed with, with `SECRET_EXPOSED` if it has a secret in it that the tool was
   * given, and with `TOOL_ABORTED` once the attempt is over.
   */
  readonly ask: (instruction: AskedInstruction, permission?: PermissionRecord) => Promise<Json>;
}

/** How often and how soon a call that failed with a TRANSIENT error is tried again. */
export interface RetryPolicy {
  /** Attempts after the first one. */
  readonly limit: number;
  /** Wait before the first retry; doubles with each, up to a minute. Milliseconds. */
  readonly backoffMs: number;
}

export interface ToolOptions<Input extends StandardSchema, Result, Output extends StandardSchema | undefined> {
  /** What grants name: `call:<name>`. Letters, digits, `_`, `.`, `-`. */
  readonly name: string;
  readonly version?: string;
  readonly description: string;
  /**
   * Where it comes from, if not from whoever runs the kernel: stands in the log's header and in each call. A replay can do without
   * a tool that has one.
   */
  readonly origin?: string;
  /** Checks the arguments before the call is recorded; it must answer synchronously. */
  readonly input: Input;
  /** Checks and types the result before it is recorded. */
  readonly output?: Output;
  /** Whether calling again with the same key has no second effect; only then is it repeated after a timeout or a crash. */
  readonly idempotent?: boolean;
  /** 30 seconds unless given. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  /**
   * The most that a call with these arguments uses, all attempts together: a quota counts it from before the call until the tool
   * has said what it was ({@link ToolContext.spend}), and for good if it does not. A function of the arguments alone.
   */
  readonly reserve?: (args: SchemaOutput<Input>) => Usage;
  /** Takes out of a result what must not be recorded; the program sees what is left. */
  readonly redact?: (result: Json) => Json;
  readonly run: (args: SchemaOutput<Input>, context: ToolContext) => Result | Promise<Result>;
}

/** A tool as the registry holds it; `Args` and `Result` type the calls that programs make. */
export interface Tool<Args = unknown, Result = unknown> {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly origin?: string | undefined;
  readonly input: StandardSchema;
  readonly output?: StandardSchema | undefined;
  readonly idempotent: boolean;
  readonly timeoutMs: number;
  readonly retry?: RetryPolicy | undefined;
  readonly reserve?: ((args: never) => Usage) | undefined;
  readonly redact?: ((result: Json) => Json) | undefined;
  readonly run: (args: never, context: ToolContext) => unknown;
  /**
   * For a tool that can be exchanged while kernels have it: what it is at this moment. A call is judged, recorded and run by one and the same.
   *
   * Make it not enumerable, so that a copy with something of its own does not lead past that.
   */
  readonly present?: () => Tool;
  /** Exists for the compiler only. */
  readonly '~types'?: { readonly args: Args; readonly result: Result };
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** Makes a tool whose arguments and result are checked and typed. */
export function defineTool<Input extends StandardSchema, Result, Output extends StandardSchema | undefined = undefined>(
  options: ToolOptions<Input, Result, Output>,
): Tool<SchemaInput<Input>, Output extends StandardSchema ? SchemaOutput<Output> : Awaited<Result>> {
  assertPlainName('Tool', options.name);
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  if (!(timeoutMs > 0)) throw new TypeError(`The timeoutMs of tool "${options.name}" is ${String(timeoutMs)}; it must be above 0.`);
  assertRetry(options.name, options.retry);
  if (typeof options.run !== 'function') throw new TypeError(`Tool "${options.name}" has no run function.`);
  return Object.freeze({
    ...options,
    version: options.version ?? '0',
    idempotent: options.idempotent ?? false,
    timeoutMs,
  });
}

function assertRetry(tool: string, retry: RetryPolicy | undefined): void {
  if (retry === undefined) return;
  for (const field of ['limit', 'backoffMs'] as const) {
    const value: unknown = retry[field];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw new TypeError(`The retry.${field} of tool "${tool}" is ${String(value)}; it must be a whole number from 0.`);
    }
  }
}
