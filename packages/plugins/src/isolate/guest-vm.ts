/**
 * One call in an engine: `start`, `settle`, `leave`.
 *
 * 1. No other call has left anything in the engine (see `engine.ts`).
 * 2. What crosses is text; no object of one side ever reaches the other.
 * 3. Between two entries of the host nothing runs: each goes on until the guest has nothing more to do.
 * 4. After each of them it has said how the call ended (`done`, `failed`), and says nothing more; or that it waits (`rest`).
 */
import type { JSValueHandle } from 'quickjs-wasi';
import type { Engine, Guest } from './engine.js';
import { parseGuestMessage, type GuestMessage } from './guest-message.js';
import type { Heartbeat } from './heartbeat.js';
import type { IsolateLimits } from './job.js';
import type { Failure, SettleMessage, StartMessage, WorkerMessage } from './protocol.js';
import { answerUrl } from './url-answers.js';
import { WasmError } from './webassembly.js';

/** Reactions to promises are few steps each and cost more than these. */
const JOBS_PER_FUEL = 100;
/** Texts take time outside of the engine, where nobody counts. */
const CHARS_PER_FUEL = 32_768;
/** A question about a URL takes as long as so many characters, however short it is. */
const CHARS_PER_QUESTION = 2_048;
const MAX_LOG_LINE = 8_192;
const MAX_LOG_CHARS = 262_144;
const MAX_NAME = 128;

export interface GuestVmOptions {
  readonly engine: Engine;
  readonly heartbeat: Heartbeat;
  readonly tell: (message: WorkerMessage) => void;
}

export class GuestVm implements Guest {
  readonly #tell: (message: WorkerMessage) => void;
  readonly #heartbeat: Heartbeat;
  readonly #engine: Engine;
  /** Whether the engine has come to rest by itself whenever it ran. */
  #isInOrder = true;
  #now = 0;
  #slot = 0;
  #limits: IsolateLimits | undefined;
  #isOver = false;
  /** Why the engine is to stop as soon as it asks. */
  #stop: Failure | undefined;
  #fuel = 0;
  #jobs = 0;
  #chars = 0;
  #ranMs = 0;
  #enteredAt = 0;
  #calls = 0;
  #settled = 0;
  readonly #pending = new Set<number>();
  #logChars = 0;
  #answer: JSValueHandle | undefined;

  constructor({ engine, heartbeat, tell }: GuestVmOptions) {
    this.#engine = engine;
    this.#heartbeat = heartbeat;
    this.#tell = tell;
    engine.guest = this;
  }

  get now(): number {
    return this.#now;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs the plugin's code and its handler, until it waits or is over. */
  start(message: StartMessage, code: Uint8Array): void {
    const { slot, limits, now, seed, args } = message;
    this.#slot = slot;
    this.#limits = limits;
    this.#now = now;
    this.#run(() => {
      const exports = this.#engine.vm._getExports();
      exports.qjs_set_memory_limit(limits.memoryBytes);
      exports.qjs_set_max_stack_size(limits.stackBytes);
      this.#enter('begin', `{"now":${now},"seed":${JSON.stringify(seed)},"args":${args}}`);
      this.#engine.vm.evalBytecode(code).consume((plugin) => { this.#engine.vm.callFunction(this.#engine.entries.invoke, this.#engine.vm.undefined, plugin).dispose(); });
    });
  }

  /** Gives the outcome of a call to the guest, and goes on until it waits or is over. */
  settle({ call, isOk, text }: SettleMessage): void {
    if (this.#isOver) return;
    if (!this.#pending.delete(call)) {
      this.#end({ reason: 'crashed', message: `The outcome of call ${call} came, which was not made.` });
      return;
    }
    this.#settled++;
    this.#run(() => {
      this.#burnFor(text.length);
      if (this.#stop === undefined) this.#enter('settle', call, isOk, text);
    });
  }

  /** Ends the call, whether or not it is over; the engine, if others can have it. */
  leave(): Engine | undefined {
    this.#isOver = true;
    this.#pending.clear();
    if (this.#isInOrder && this.#engine.restore()) return this.#engine;
    this.#engine.dispose();
    return undefined;
  }

  #enter(name: 'begin' | 'settle', ...values: readonly (string | number | boolean)[]): void {
    const handles = values.map((value) => this.#engine.vm.hostToHandle(value));
    this.#engine.vm.callFunction(this.#engine.entries[name], this.#engine.vm.undefined, ...handles).dispose();
    for (const handle of handles) handle.dispose();
  }

  /** One stretch in the engine. Whatever is thrown in it ends the call. */
  #run(enter: () => void): void {
    this.#heartbeat.enter(this.#slot);
    this.#enteredAt = performance.now();
    try {
      enter();
      this.#drain();
    } catch (thrown) {
      this.#isInOrder = false;
      this.#end(this.#stop ?? failureOf(thrown, this.#limits!));
    } finally {
      this.#ranMs += performance.now() - this.#enteredAt;
      this.#heartbeat.leave();
    }
    if (!this.#isOver) this.#tell({ kind: 'rest', slot: this.#slot, settled: this.#settled, ranMs: Math.ceil(this.#ranMs) });
  }

  /** Runs what is queued in the engine, then timers; what is left after that waits for calls, or for nothing. */
  #drain(): void {
    const exports = this.#engine.vm._getExports();
    for (;;) {
      while (!this.#isOver && this.#stop === undefined && exports.qjs_is_job_pending() !== 0) {
        if (++this.#jobs % JOBS_PER_FUEL === 0) this.#burn();
        // Nobody waits for a job that throws.
        if (exports.qjs_execute_pending_job() < 0) exports.qjs_free_value(exports.qjs_get_exception());
      }
      if (this.#stop !== undefined) this.#end(this.#stop);
      if (this.#isOver || this.#pending.size > 0) return;
      if (!this.#fireTimer()) {
        this.#end(this.#stop ?? this.#stalled());
        return;
      }
    }
  }

  #fireTimer(): boolean {
    return this.#engine.vm.callFunction(this.#engine.entries.fireTimer, this.#engine.vm.undefined).consume((fired) => fired.toBoolean());
  }

  /** A guest without memory cannot even say that it failed. */
  #stalled(): Failure {
    const { memoryBytes } = this.#limits!;
    const used = this.#engine.vm.getMemoryUsage().mallocSize;
    return used > memoryBytes * 0.9 ? { reason: 'limit', limit: 'memoryBytes', used } : { reason: 'stalled' };
  }

  isToStop(): boolean {
    const limits = this.#limits;
    if (limits === undefined) return false;
    this.#heartbeat.beat();
    this.#burn();
    const ranMs = this.#ranMs + performance.now() - this.#enteredAt;
    if (ranMs > limits.cpuMs) this.#exceed('cpuMs', Math.round(ranMs));
    if (this.#heartbeat.isAborted(this.#slot)) this.#isOver = true;
    return this.#isOver || this.#stop !== undefined;
  }

  #burn(): void {
    if (++this.#fuel > this.#limits!.fuel) this.#exceed('fuel', this.#fuel);
  }

  #exceed(limit: keyof IsolateLimits, used: number): void {
    this.#stop ??= { reason: 'limit', limit, used };
  }

  #end(failure: Failure): void {
    this.#say({ kind: 'failed', slot: this.#slot, failure });
  }

  /** The last word of a call, unless it has been said. */
  #say(message: WorkerMessage): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#tell(message);
  }

  /** Never throws: an error of ours would show the guest where we are. */
  hear(handle: JSValueHandle | undefined): JSValueHandle {
    this.#answer?.dispose();
    this.#answer = undefined;
    if (handle?.isString !== true || this.#isOver || this.#stop !== undefined || this.#limits === undefined) return this.#engine.vm.undefined;
    try {
      const text = handle.toString();
      this.#burnFor(text.length);
      const message = parseGuestMessage(text);
      if (message?.kind !== 'url') {
        if (message !== undefined) this.#take(message);
        return this.#engine.vm.undefined;
      }
      return this.#answerTo(message.question);
    } catch (thrown) {
      this.#stop ??= bridgeFailure(thrown, this.#limits);
      return this.#engine.vm.undefined;
    }
  }

  #answerTo(question: string): JSValueHandle {
    // Each character is read and written several times.
    this.#burnFor(CHARS_PER_QUESTION + 4 * question.length);
    if (this.#stop !== undefined) return this.#engine.vm.undefined;
    const answer = answerUrl(question);
    this.#burnFor(answer.length);
    return (this.#answer = this.#engine.vm.newString(answer));
  }

  #burnFor(chars: number): void {
    this.#chars += chars;
    for (; this.#chars > CHARS_PER_FUEL; this.#chars -= CHARS_PER_FUEL) this.#burn();
  }

  #take(message: Exclude<GuestMessage, { kind: 'url' }>): void {
    const slot = this.#slot;
    switch (message.kind) {
      case 'call':
        this.#call(message);
        break;
      case 'log':
        this.#log(message.text);
        break;
      case 'done':
        this.#done(message.text);
        break;
      case 'unfit':
        this.#end({ reason: 'result', message: message.text.slice(0, MAX_LOG_LINE) });
        break;
      case 'threw':
        this.#say({ kind: 'failed', slot, failure: thrownFailure(message, this.#limits!) });
        break;
    }
  }

  #call({ call, name, args }: Extract<GuestMessage, { kind: 'call' }>): void {
    const { maxCalls, maxPendingCalls, callBytes } = this.#limits!;
    const bytes = Buffer.byteLength(args);
    if (call !== this.#calls) this.#stop ??= { reason: 'crashed', message: `The guest made call ${call} instead of call ${this.#calls}.` };
    else if (this.#calls >= maxCalls) this.#exceed('maxCalls', this.#calls + 1);
    else if (this.#pending.size >= maxPendingCalls) this.#exceed('maxPendingCalls', this.#pending.size + 1);
    else if (bytes > callBytes || name.length > MAX_NAME) this.#exceed('callBytes', bytes + name.length);
    if (this.#stop !== undefined) return;
    this.#calls++;
    this.#pending.add(call);
    this.#tell({ kind: 'call', slot: this.#slot, call, name, args });
  }

  #log(text: string): void {
    if (this.#logChars > MAX_LOG_CHARS) return;
    const line = text.slice(0, MAX_LOG_LINE);
    this.#logChars += line.length + 1;
    this.#tell({ kind: 'log', slot: this.#slot, text: this.#logChars > MAX_LOG_CHARS ? '(More was logged than is kept.)' : line });
  }

  #done(result: string): void {
    const { resultBytes } = this.#limits!;
    // No text has fewer bytes than units.
    const bytes = result.length > resultBytes ? result.length : Buffer.byteLength(result);
    if (bytes > resultBytes) this.#end({ reason: 'limit', limit: 'resultBytes', used: bytes });
    else this.#say({ kind: 'done', slot: this.#slot, result });
  }
}

/** What the host's side of the engine has thrown, or the guest where nobody in it could catch it. */
function failureOf(thrown: unknown, limits: IsolateLimits): Failure {
  const { name, message, stack = '' } = thrown as Error;
  if (thrown instanceof WasmError || thrown instanceof RangeError) return { reason: 'crashed', message: `The engine has failed: ${message}` };
  if (message === 'wasm_malloc failed') return { reason: 'limit', limit: 'memoryBytes', used: limits.memoryBytes };
  return thrownFailure({ name, message, stack, code: '' }, limits);
}

/** What was thrown while the guest spoke. No stack: it would be that of our own program. */
function bridgeFailure(thrown: unknown, limits: IsolateLimits): Failure {
  const { name, message } = thrown as Error;
  if (message === 'wasm_malloc failed') return failureOf(thrown, limits);
  const failure = thrownFailure({ name, message, stack: '', code: '' }, limits);
  return failure.reason === 'limit' ? failure : { reason: 'crashed', message: `What the plugin said could not be taken: ${name}: ${message}` };
}

/** The engine says by errors of its own that there is no more memory or stack. */
function thrownFailure(thrown: Omit<Extract<Failure, { reason: 'threw' }>, 'reason'>, limits: IsolateLimits): Failure {
  const { name, message, stack, code } = thrown;
  if (name === 'InternalError' && message === 'out of memory') return { reason: 'limit', limit: 'memoryBytes', used: limits.memoryBytes };
  if (name === 'RangeError' && message === 'Maximum call stack size exceeded') return { reason: 'limit', limit: 'stackBytes', used: limits.stackBytes };
  return { reason: 'threw', name, message, stack, code };
}
