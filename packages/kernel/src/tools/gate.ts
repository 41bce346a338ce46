import { OmniError } from '../errors/index.js';
import type { PermissionRecord } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import type { Json } from '../json/index.js';
import type { LifecycleController } from '../lifecycle/index.js';
import type { Emit, ExecutionLogger } from '../logging/index.js';
import type { Outcome, PendingOperations, Slot } from '../pending/index.js';
import type { Ports } from '../ports/index.js';
import { Queue } from '../queue/index.js';
import { authorizeSecrets, checkArguments, type Authorize } from './arguments.js';
import { askerEnded, assertNoSecret, type Asking, type AskedInstruction } from './ask.js';
import { failed, ToolInvoker, type InvokeOptions } from './invoke.js';
import type { ToolRegistry } from './registry.js';
import { retryDelayMs } from './retry.js';
import { Attempt, infoOf, type AttemptOptions, type ToolCallInfo, type ToolRun } from './run.js';
import { RunTable } from './runs.js';
import { NO_SECRETS } from './secrets.js';
import { usageOf } from './usage.js';

export interface ToolGateOptions extends InvokeOptions {
  readonly registry: Pick<ToolRegistry, 'get'>;
  readonly lifecycle: Pick<LifecycleController, 'stateOf'>;
  readonly pending: PendingOperations;
  readonly invariants: InvariantChecker;
  readonly log: Pick<ExecutionLogger, 'afterDurable' | 'nextSeq'>;
  readonly ports: Ports;
  /** Records what a program does, guards asked. */
  readonly propose: Emit;
  /** Records what came from outside, and lets the agents go on that waited for it. */
  readonly input: (...proposal: Parameters<Emit>) => void;
  /** Whether the state is half one step and half the next. */
  readonly isBusy: () => boolean;
  /** Runs with observers around; undefined while there are none. */
  readonly observe?: ((info: ToolCallInfo, run: () => Promise<void>) => Promise<void>) | undefined;
  /** Carries out what a tool asks for. */
  readonly ask: (asking: Asking, instruction: AskedInstruction, permission: PermissionRecord) => Promise<Json>;
  readonly mode: 'LIVE' | 'REPLAY';
  /** Whether an entry was in the log before this kernel was: what came of it is recovery's to find out. */
  readonly isRecorded: (busSeq: number) => boolean;
  /** Makes idempotency keys of different logs different. */
  readonly logId: string;
}

/** A call as a program makes it. */
export interface ToolCallRequest {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  readonly args: unknown;
}

/** About what an entry has in its line beside what a tool said. */
const LINE_CHARS = 300;
const NOTHING_TO_TELL = (): void => undefined;

/**
 * The one way from a program to the outside.
 *
 * 1. Always in this order: lifecycle, mode, permission, argument validation, intent durable, run, result recorded,
 *    returned (INV-04, INV-14).
 * 2. Between the intent and the run lies a sync; between the result and the program an entry.
 * 3. One outcome for every call: the first of result, error, timeout and abort. What comes later is recorded as stale.
 * 4. In REPLAY an intent is all that happens: nothing runs (INV-18).
 */
export class ToolGate {
  readonly #options: ToolGateOptions;
  readonly #runs = new RunTable();
  /** The attempts under way, each with what has to be told when it ends. */
  readonly #active = new Map<Attempt, () => void>();
  /** Those of them that a tool asked for: they take no place from others. */
  #activeAsked = 0;
  /** Runs that wait for others to end; what was aborted meanwhile is skipped. */
  readonly #queue = new Queue<ToolRun>();
  readonly #invoker: ToolInvoker;
  readonly #ofAttempts: AttemptOptions;
  /** Runs that began in this turn and have no timer yet. */
  #unarmed: ToolRun[] = [];
  #isAdmitting = false;
  /** The attempt that is being ended because its time is up: to make room may end its agent before that is recorded. */
  #timedOut: Attempt | undefined;
  #isStopped = false;
  /** Told when no call is left that has to end; undefined unless somebody waits for that. */
  #finished: (() => void) | undefined;

  /** @internal */
  constructor(options: ToolGateOptions) {
    this.#options = options;
    this.#ofAttempts = {
      ...options,
      record: (run, attempt, said) => this.#recordProgress(run, attempt, said),
      ask: async ({ run, attempt, index }, instruction, permission) => {
        assertNoSecret(run, instruction);
        return options.ask({ ...infoOf(run), index, isWanted: () => this.#isWanted(run, attempt) }, instruction, permission);
      },
    };
    this.#invoker = new ToolInvoker(options, {
      isWanted: (run, attempt) => this.#isWanted(run, attempt),
      settle: (run, attempt, outcome) => {
        Attempt.end(attempt);
        this.#attemptEnded(run, attempt, outcome);
      },
    });
  }

  /**
   * Records the intent, and runs the tool once that is durable.
   *
   * Throws, before anything is recorded: what `authorize` refuses with, `TOOL_NOT_REGISTERED`, `TOOL_INPUT_INVALID`,
   * `SERIALIZATION_ERROR`, `VALUE_TOO_LARGE`.
   */
  execute(request: ToolCallRequest, authorize: Authorize): void {
    const { pending, propose, log, mode, isRecorded, registry, settings } = this.#options;
    const { agent, tick, call } = request;
    this.#assertAlive(agent);
    const permission = authorize('call', request.tool);
    const definition = registry.get(request.tool);
    const { args, input, needsSecrets } = checkArguments(definition, request.args, settings.limits);
    const { reserve, origin } = definition;
    const reserved = reserve === undefined ? {} : { reserved: usageOf(reserve(input as never), definition.name) };
    const secrets = needsSecrets ? authorizeSecrets(args, authorize) : undefined;
    const { busSeq, time } = propose({
      kind: 'TOOL_CALLED',
      agent,
      data: {
        tick, call, tool: definition.name, args, permission, ...(origin === undefined ? {} : { origin }), ...reserved,
        ...(secrets === undefined ? {} : { secrets }),
        ...pending.waiting(agent, 'await_tool'),
      },
    });
    // Whoever was told of the intent may have ended the agent.
    const slot = pending.find(agent, tick, call);
    if (mode === 'REPLAY' || isRecorded(busSeq) || slot === undefined) return;
    const run = this.#add({ agent, tick, call, asker: slot.asked?.asker, intentSeq: busSeq, calledAt: time, definition, args, input, needsSecrets, attemptsBefore: 0 });
    log.afterDurable(busSeq, () => { this.#admit(run); });
  }

  /** @internal Starts the next attempt of a call whose backoff is over, once the entry `seq` that says so is durable. */
  retry({ agent, tick, call, seq }: { readonly agent: string; readonly tick: number; readonly call: number; readonly seq: number }): void {
    const run = this.#runs.find(agent, tick, call);
    if (run === undefined || (run.attempt !== undefined && this.#active.has(run.attempt))) return;
    this.#options.log.afterDurable(seq, () => { this.#admit(run); });
  }

  /** @internal Whether this kernel is about to get the outcome of a call. */
  isUnderWay(agent: string, { tick, call }: Pick<Slot, 'tick' | 'call'>): boolean {
    return this.#runs.find(agent, tick, call) !== undefined;
  }

  /** @internal Whether a call that may have run already may run again. */
  isRepeatable({ opened }: Pick<Slot, 'opened'>): boolean {
    return this.#options.registry.get(opened['tool'] as string).idempotent;
  }

  /**
   * @internal Takes up a call that an earlier kernel had under way: runs it with the same key as before, or waits for its next attempt if
   * it was waiting for that. Throws what the input schema refuses now.
   */
  takeUp(agent: string, { tick, call, asked, opened, seq, time, attempt, isBackingOff }: Slot): void {
    const { registry, settings, log } = this.#options;
    const definition = registry.get(opened['tool'] as string);
    const run = this.#add({
      agent, tick, call, asker: asked?.asker, intentSeq: seq, calledAt: time, definition, ...checkArguments(definition, opened['args'], settings.limits), attemptsBefore: isBackingOff ? attempt : attempt - 1,
    });
    if (!isBackingOff) log.afterDurable(seq, () => { this.#admit(run); });
  }

  /** @internal Tells every running tool of an agent to stop, once the agent's end is durable; what it still returns is stale. */
  abortAll(agent: string, reason: OmniError): void {
    const { log } = this.#options;
    // Forgotten at once: what makes room later must not start another run of the same agent.
    for (const run of this.#runs.take(agent)) {
      run.cancelTimer?.();
      const { attempt } = run;
      if (attempt !== undefined) log.afterDurable(log.nextSeq - 1, () => { this.#abort(attempt, reason); });
    }
    this.#lookWhetherFinished();
  }

  /** @internal Resolves when the calls have ended that may not be repeated: without a result on record, nobody knows whether they acted. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#lookWhetherFinished();
    });
  }

  /** @internal Tells every tool to stop and starts none any more: what became of calls without a result, recovery decides. */
  stop(reason: OmniError): void {
    this.#isStopped = true;
    this.#queue.clear();
    for (const agent of this.#runs.agents()) for (const run of this.#runs.take(agent)) run.cancelTimer?.();
    // Listeners of a signal are the tools' own code, and may not act in the middle of a stop.
    for (const attempt of this.#active.keys()) this.#options.ports.timers.defer(() => { this.#abort(attempt, reason); });
    this.#lookWhetherFinished();
  }

  /** @internal Whether no tool runs: nobody is about to answer. */
  get isIdle(): boolean {
    return this.#active.size === 0;
  }

  #add({ agent, tick, call, asker, intentSeq, calledAt, definition, args, input, needsSecrets, attemptsBefore }: Omit<ToolRun, 'attempt' | 'cancelTimer' | 'held' | 'progressChars'>): ToolRun {
    // Field by field: made with a spread, it is slow to make and to use, and there is one for each call.
    const run: ToolRun = {
      agent, tick, call, asker, intentSeq, calledAt, definition, args, input, needsSecrets, attemptsBefore,
      attempt: undefined, cancelTimer: undefined, held: NO_SECRETS, progressChars: 0,
    };
    this.#runs.add(run);
    return run;
  }

  #assertAlive(agent: string): void {
    const state = this.#options.lifecycle.stateOf(agent);
    // RESUMABLE, too: what was approved while the agent is suspended is carried out.
    if (state === 'ACTIVE' || state === 'WAITING' || state === 'RESUMABLE') return;
    this.#options.invariants.breached('INV-09', `by a tool call of agent "${agent}", which is ${state}.`);
  }

  /** Whether anybody still waits for what this attempt does. */
  #isWanted(run: ToolRun, attempt: Attempt): boolean {
    return !this.#isStopped && run.attempt === attempt && this.#active.has(attempt) && this.#runs.has(run);
  }

  #lookWhetherFinished(): void {
    if (this.#finished !== undefined && (this.#isStopped || !this.#runs.some((run) => this.#hasToEnd(run)))) this.#finished();
  }

  /** Between two attempts it is known what came of the last one. */
  #hasToEnd({ agent, tick, call, definition }: ToolRun): boolean {
    return !definition.idempotent && this.#options.pending.find(agent, tick, call)?.isBackingOff === false;
  }

  #admit(run: ToolRun): void {
    if (this.#isStopped || !this.#runs.has(run)) return;
    // Who asked for it has a place already, and waits.
    if (run.asker !== undefined || this.#hasPlace()) this.#begin(run);
    else this.#queue.push(run);
  }

  #hasPlace(): boolean {
    return this.#active.size - this.#activeAsked < this.#options.settings.limits.maxConcurrentToolCalls;
  }

  #begin(run: ToolRun): void {
    const { invariants, mode, observe } = this.#options;
    if (mode !== 'LIVE') invariants.breached('INV-18', `by running tool "${run.definition.name}" in ${mode}.`);
    const attempt = new Attempt(run, this.#ofAttempts);
    run.attempt = attempt;
    this.#armLater(run);
    if (observe === undefined) this.#start(run, attempt, NOTHING_TO_TELL);
    else void observe(infoOf(run), () => new Promise((ended) => { this.#start(run, attempt, ended); }));
  }

  #start(run: ToolRun, attempt: Attempt, ended: () => void): void {
    this.#active.set(attempt, ended);
    if (run.asker !== undefined) this.#activeAsked++;
    // An observer may have taken its time before it let the run begin.
    if (this.#isWanted(run, attempt)) this.#invoker.invoke(run, attempt);
    else this.#release(attempt);
  }

  /** Sets the timeout only for what still runs at the next turn: most calls need none, and a timer costs as much as they. */
  #armLater(run: ToolRun): void {
    if (this.#unarmed.push(run) > 1) return;
    this.#options.ports.timers.defer(() => {
      const begun = this.#unarmed;
      this.#unarmed = [];
      for (const candidate of begun) this.#arm(candidate);
    });
  }

  #arm(run: ToolRun): void {
    const { attempt, definition } = run;
    if (attempt === undefined || !this.#isWanted(run, attempt)) return;
    run.cancelTimer = this.#options.ports.timers.set(definition.timeoutMs, () => { this.#timeOut(run, attempt); });
  }

  #attemptEnded(run: ToolRun, attempt: Attempt, outcome: Outcome): void {
    const isFirst = this.#active.has(attempt);
    this.#release(attempt);
    if (this.#isStopped) return;
    if (!isFirst || !this.#runs.has(run)) {
      // A timeout or the agent's end came first; what the tool did is on record all the same, but a timeout is nothing that it did.
      if (this.#timedOut !== attempt) this.#recordLate(run, outcome, attempt);
      return;
    }
    run.cancelTimer?.();
    const delayMs = outcome.ok ? undefined : retryDelayMs(run.definition, outcome.error, attempt.attempt);
    if (outcome.ok || delayMs === undefined) this.#recordResult(run, outcome);
    else {
      const deadline = this.#options.ports.clock.now() + delayMs;
      const { agent, tick, call } = run;
      const data = { tick, call, tool: run.definition.name, attempt: attempt.attempt, error: outcome.error, ...Attempt.takeUsage(attempt), deadline };
      this.#options.input({ kind: 'TOOL_RETRIED', agent, data });
    }
    this.#abortAsked(run);
    this.#lookWhetherFinished();
  }

  /** What an attempt has asked for is of no use once it is over. */
  #abortAsked(run: ToolRun): void {
    const { log } = this.#options;
    for (const asked of this.#runs.askedBy(run)) {
      this.#runs.delete(asked);
      asked.cancelTimer?.();
      const { attempt } = asked;
      if (attempt !== undefined) log.afterDurable(log.nextSeq - 1, () => { this.#abort(attempt, askerEnded(run, asked)); });
      this.#abortAsked(asked);
    }
  }

  #timeOut(run: ToolRun, attempt: Attempt): void {
    const { name, timeoutMs } = run.definition;
    const error = new OmniError(
      'TOOL_TIMEOUT',
      `Tool "${name}" gave no result within ${String(timeoutMs)} ms. Give it less to do, or a longer timeoutMs.`,
      { details: { tool: name, timeoutMs } },
    );
    this.#timedOut = attempt;
    this.#attemptEnded(run, attempt, failed(run, error));
    this.#timedOut = undefined;
    const { log } = this.#options;
    log.afterDurable(log.nextSeq - 1, () => { Attempt.abort(attempt, error); });
  }

  #recordResult(run: ToolRun, outcome: Outcome): void {
    this.#runs.delete(run);
    const { agent, tick, call } = run;
    const { pending, input } = this.#options;
    if (pending.find(agent, tick, call) === undefined) {
      this.#recordLate(run, outcome, run.attempt);
      return;
    }
    const data = { tick, call, tool: run.definition.name, result: outcome, ...Attempt.takeUsage(run.attempt), ...pending.resuming(agent, call) };
    input({ kind: 'TOOL_RESULT', agent, data });
  }

  /** What is said too late is nobody's mistake: the tool may not have heard yet. */
  #recordProgress(run: ToolRun, attempt: Attempt, said: unknown): boolean {
    const { pending, settings, input, isBusy } = this.#options;
    const { agent, tick, call, definition: { name: tool } } = run;
    const isOpen = (): boolean => this.#isWanted(run, attempt) && pending.find(agent, tick, call) !== undefined;
    if (!isOpen() || run.progressChars > settings.limits.maxValueBytes) return false;
    if (isBusy()) throw busy(tool);
    const value = this.#invoker.clean(run, said, { held: run.held, what: 'progress' });
    run.progressChars += JSON.stringify(value).length + LINE_CHARS;
    // What made it JSON may be anybody's code.
    if (!isOpen() || run.progressChars > settings.limits.maxValueBytes) return false;
    input({ kind: 'TOOL_PROGRESS', agent, data: { tick, call, tool, attempt: attempt.attempt, value } });
    return true;
  }

  #recordLate(run: ToolRun, outcome: Outcome, attempt: Attempt | undefined): void {
    const { agent, tick, call } = run;
    this.#options.input({ kind: 'STALE_RESULT', agent, data: { tick, call, tool: run.definition.name, outcome, ...Attempt.takeUsage(attempt) } });
  }

  #abort(attempt: Attempt, reason: OmniError): void {
    Attempt.abort(attempt, reason);
    this.#release(attempt);
  }

  /** Tells that the attempt is over, and makes room for runs that wait. */
  #release(attempt: Attempt): void {
    const ended = this.#active.get(attempt);
    if (ended === undefined) return;
    this.#active.delete(attempt);
    if (Attempt.isAsked(attempt)) this.#activeAsked--;
    ended();
    // A tool that answers at once comes back here; the loop that admitted it goes on, and the stack stays flat.
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    try {
      while (this.#hasPlace()) {
        const next = this.#queue.shift();
        if (next === undefined) break;
        this.#admit(next);
      }
    } finally {
      this.#isAdmitting = false;
    }
  }
}

function busy(tool: string): OmniError {
  return new OmniError('KERNEL_BUSY', `The kernel is in the middle of an entry or a tick, and takes no progress of tool "${tool}" from within it. Tell it in a turn of its own: queueMicrotask(() => progress(value)).`);
}
