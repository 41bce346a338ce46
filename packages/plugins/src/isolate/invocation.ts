/**
 * The host's side of one call: what it asked for, what came of that, and in which order.
 *
 * 1. A call of the guest is made once, however often the guest is run: a guest does the same when it is told the same, so one whose worker
 *    was ended is run again on another and is told again what it was told.
 * 2. It has one outcome, the first.
 * 3. It is told what came of its calls when it is its turn: once it is on a worker, and by `goOn`. It works until the worker says that it
 *    has come to rest with all of that.
 */
import { describeThrown, OmniError, type Json } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { clean, errorOf, limitError } from './failure.js';
import { readGuestJson } from './guest-json.js';
import type { IsolateJob, IsolateOutcome } from './job.js';
import type { HostMessage, WorkerMessage } from './protocol.js';

/** What an invocation has of the worker that it is on. */
export interface Seat {
  readonly slot: number;
  readonly post: (message: HostMessage) => void;
}

interface GuestCall {
  readonly name: string;
  readonly args: string;
}

/** JSON: the result, or `{ code, message }`; never a stack. */
interface CallOutcome {
  readonly isOk: boolean;
  readonly text: string;
}

interface Settlement extends CallOutcome {
  readonly call: number;
}

export class Invocation {
  readonly job: IsolateJob;
  readonly args: string;
  readonly seed: readonly number[];
  readonly outcome: Promise<IsolateOutcome>;
  /** How often its worker has ended and nobody knows by whose fault. */
  suspicions = 0;
  #resolve!: (outcome: IsolateOutcome) => void;
  #isOver = false;
  #isWorking = false;
  #hasBegun = false;
  #seat: Seat | undefined;
  readonly #calls: GuestCall[] = [];
  readonly #settlements: Settlement[] = [];
  /** Settlements that the run was told of. */
  #told = 0;
  readonly #onSettled: () => void;
  /** Of the run that is under way; those that an earlier one has made or said come again. */
  #callsOfRun = 0;
  #logsOfRun = 0;
  #logs = 0;
  /** The last thing that a call threw of which the guest was told nothing. */
  #unsaid: unknown;

  /** `onSettled` is told that there is something to go on with. */
  constructor(job: IsolateJob, seed: readonly number[], onSettled: () => void) {
    this.job = job;
    this.seed = seed;
    this.#onSettled = onSettled;
    this.args = JSON.stringify(job.args);
    this.outcome = new Promise((resolve) => { this.#resolve = resolve; });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get owner(): string {
    return this.job.owner ?? '';
  }

  /** Whether it was on a worker before. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Whether it is on a worker, and has not come to rest there. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** Whether something has come of its calls that it was not told of. */
  get hasNews(): boolean {
    return this.#told < this.#settlements.length;
  }

  /** On a worker, which was told to start it: tells it all that was told before. */
  seatAt(seat: Seat): void {
    this.#seat = seat;
    this.#hasBegun = true;
    this.#told = 0;
    this.#callsOfRun = 0;
    this.#logsOfRun = 0;
    this.goOn(seat);
  }

  /** Tells it what has come of its calls since it was told last. */
  goOn({ slot, post } = this.#seat!): void {
    this.#isWorking = true;
    for (const settlement of this.#settlements.slice(this.#told)) post({ kind: 'settle', slot, ...settlement });
    this.#told = this.#settlements.length;
  }

  /** It is on no worker any more. */
  unseat(): void {
    this.#seat = undefined;
    this.#isWorking = false;
  }

  /** What the worker says of it. Returns what is wrong if no worker says that. */
  hear(message: Exclude<WorkerMessage, { readonly kind: 'gone' }>): string | undefined {
    switch (message.kind) {
      case 'call':
        return this.#call(message.call, { name: message.name, args: message.args });
      case 'log':
        if (++this.#logsOfRun > this.#logs) {
          this.#logs++;
          this.#log(message.text);
        }
        return undefined;
      case 'rest':
        if (message.settled > this.#told) return `It has heard of ${message.settled} calls, and was told of ${this.#told}.`;
        this.#isWorking = message.settled < this.#told;
        return undefined;
      case 'done':
        this.#done(message.result);
        return undefined;
      case 'failed':
        this.fail(errorOf(message.failure, this.job));
        return undefined;
    }
  }

  fail(error: OmniError): void {
    if (this.#unsaid !== undefined && error.cause === undefined) Object.defineProperty(error, 'cause', { value: this.#unsaid, configurable: true });
    this.#finish({ ok: false, error });
  }

  #finish(outcome: IsolateOutcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#resolve(outcome);
  }

  #done(text: string): void {
    const { limits } = this.job;
    const bytes = Buffer.byteLength(text);
    const result = readGuestJson(text, limits.resultDepth);
    if (bytes > limits.resultBytes) this.fail(limitError('resultBytes', bytes, limits));
    else if (result.ok) this.#finish(result);
    else if (result.depth !== undefined) this.fail(limitError('resultDepth', result.depth, limits));
    else this.fail(errorOf({ reason: 'result', message: result.message }, this.job));
  }

  #call(call: number, made: GuestCall): string | undefined {
    const { maxCalls, callBytes } = this.job.limits;
    if (call !== this.#callsOfRun || call >= maxCalls || made.args.length > callBytes) return `It made call ${call}, which it cannot make.`;
    this.#callsOfRun++;
    const before = this.#calls[call];
    if (before !== undefined) return before.name === made.name && before.args === made.args ? undefined : `Run again, it made another call ${call}.`;
    this.#calls.push(made);
    void this.#make(call, made);
    return undefined;
  }

  async #make(call: number, { name, args }: GuestCall): Promise<void> {
    const read = readGuestJson(args);
    this.#settle({ call, ...(read.ok ? await this.#outcomeOf(name, read.value) : refused('SERIALIZATION_ERROR', read.message)) });
  }

  async #outcomeOf(name: string, args: Json): Promise<CallOutcome> {
    try {
      const text = (JSON.stringify(await this.job.call(name, args)) as string | undefined) ?? 'null';
      const bytes = Buffer.byteLength(text);
      if (bytes <= this.job.limits.callBytes) return { isOk: true, text };
      return refused('VALUE_TOO_LARGE', `The result of the call takes ${bytes} bytes, more than ${this.job.limits.callBytes}. Ask for less.`);
    } catch (thrown) {
      if (isOmniError(thrown)) return refused(thrown.code, thrown.message);
      this.#unsaid = thrown;
      return refused('PLUGIN_CALL_FAILED', 'The host could not make the call.');
    }
  }

  #settle(settlement: Settlement): void {
    if (this.#isOver) return;
    this.#settlements.push(settlement);
    this.#onSettled();
  }

  #log(text: string): void {
    try {
      this.job.log?.(clean(text, text.length));
    } catch (thrown) {
      this.fail(pluginError('PLUGIN_FAILED', `What the plugin logged could not be taken: ${describeThrown(thrown)}.`, { cause: thrown }));
    }
  }
}

function refused(code: string, message: string): CallOutcome {
  return { isOk: false, text: JSON.stringify({ code, message }) };
}

/** Of another copy of the kernel, too. */
function isOmniError(thrown: unknown): thrown is OmniError {
  return thrown instanceof OmniError || (thrown instanceof Error && thrown.name === 'OmniError' && 'failureClass' in thrown && 'code' in thrown);
}
