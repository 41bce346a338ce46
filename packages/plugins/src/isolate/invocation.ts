/**
 * The host's side of one call: what it asked for, what came of that, and in which order.
 *
 * 1. A call of the guest is made once, however often the guest is run: a guest does the same when it is told the same, so one whose worker
 *    was ended is run again on another and is told again what it was told.
 * 2. It has one outcome, the first.
 * 3. It is told what came of its calls when it is its turn: once it is on a worker, and by `goOn`. It works until the worker says that it
 *    has come to rest with all of that.
 */
import { createHash } from 'node:crypto';
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

/** What whoever has an invocation hears of it. */
export interface InvocationEvents {
  /** There is something to go on with. */
  readonly onSettled: () => void;
  /** So many characters more are kept for it, or fewer. */
  readonly onKept: (chars: number) => void;
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

/** What an invocation, and each call that it makes, takes beside its texts, about. */
const CHARS_OF_ITSELF = 4_096;
const CHARS_OF_CALL = 256;
/** A call whose seat is taken away runs again from its beginning: all of its runs together have so many times what one may take. */
const MAX_CPU_RUNS = 3;

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
  /** Digests of what it has asked for: the same has to come again, and its texts may be large. */
  readonly #calls: string[] = [];
  readonly #settlements: Settlement[] = [];
  /** Settlements that the run was told of. */
  #told = 0;
  readonly #events: InvocationEvents;
  #keptChars: number;
  /** Time in the engine: of the runs that are over, and of the one that is under way, as far as it was told. */
  #ranBeforeMs = 0;
  #ranMs = 0;
  /** Of the run that is under way; those that an earlier one has made or said come again. */
  #callsOfRun = 0;
  #logsOfRun = 0;
  #logs = 0;
  /** The last thing that a call threw of which the guest was told nothing. */
  #unsaid: unknown;

  constructor(job: IsolateJob, seed: readonly number[], events: InvocationEvents) {
    this.job = job;
    this.seed = seed;
    this.#events = events;
    this.args = JSON.stringify(job.args);
    this.#keptChars = CHARS_OF_ITSELF + this.args.length;
    this.outcome = new Promise((resolve) => { this.#resolve = resolve; });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get owner(): string {
    return this.job.owner ?? '';
  }

  get caller(): string {
    return this.job.caller ?? '';
  }

  /** How many characters are kept for it: its arguments, what it asks for, and what it was told, which it may have to be told again. */
  get keptChars(): number {
    return this.#keptChars;
  }

  /** How long it has been in the engine since it was started last, which is what it takes to start it anew. Milliseconds. */
  get ranMs(): number {
    return this.#ranMs;
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
    this.#ranBeforeMs += this.#ranMs;
    this.#ranMs = 0;
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
        this.#ran(message.ranMs);
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
    // Whatever it still waits for has no use for these.
    this.#settlements.length = 0;
    this.#resolve(outcome);
  }

  #ran(ranMs: number): void {
    this.#ranMs = ranMs;
    const [total, allowed] = [this.#ranBeforeMs + ranMs, MAX_CPU_RUNS * this.job.limits.cpuMs];
    if (total > allowed) this.fail(limitError('cpuMs', total, { ...this.job.limits, cpuMs: allowed }));
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
    const [before, digest] = [this.#calls[call], digestOf(made)];
    if (before !== undefined) return before === digest ? undefined : `Run again, it made another call ${call}.`;
    this.#calls.push(digest);
    void this.#make(call, made);
    return undefined;
  }

  async #make(call: number, { name, args }: GuestCall): Promise<void> {
    const read = readGuestJson(args);
    const { length } = args;
    this.#keep(CHARS_OF_CALL + length);
    if (this.#isOver) return;
    const outcome = read.ok ? await this.#outcomeOf(name, read.value) : refused('SERIALIZATION_ERROR', read.message);
    this.#settle({ call, ...outcome }, length);
  }

  /** What may end it: whoever keeps too much. */
  #keep(chars: number): void {
    this.#keptChars += chars;
    this.#events.onKept(chars);
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

  /** Its arguments are not kept any more, and what came of it is. */
  #settle(settlement: Settlement, argsChars: number): void {
    if (this.#isOver) return;
    this.#settlements.push(settlement);
    this.#keep(settlement.text.length - argsChars);
    this.#events.onSettled();
  }

  #log(text: string): void {
    try {
      this.job.log?.(clean(text, text.length));
    } catch (thrown) {
      this.fail(pluginError('PLUGIN_FAILED', `What the plugin logged could not be taken: ${describeThrown(thrown)}.`, { cause: thrown }));
    }
  }
}

function digestOf({ name, args }: GuestCall): string {
  return createHash('sha256').update(`${name.length},${name}${args}`).digest('base64');
}

function refused(code: string, message: string): CallOutcome {
  return { isOk: false, text: JSON.stringify({ code, message }) };
}

/** Of another copy of the kernel, too. */
function isOmniError(thrown: unknown): thrown is OmniError {
  return thrown instanceof OmniError || (thrown instanceof Error && thrown.name === 'OmniError' && 'failureClass' in thrown && 'code' in thrown);
}
