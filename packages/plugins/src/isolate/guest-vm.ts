/**
 * The driver of the engine, QuickJS in WebAssembly: `start`, `settle`, `dispose`. Nothing else knows the engine.
 *
 * 1. An engine runs one call and is thrown away.
 * 2. What crosses is text; no object of one side ever reaches the other.
 * 3. Between two entries of the host nothing runs: each goes on until the guest has nothing more to do.
 * 4. After it has said how the call ended (`done`, `failed`) it says nothing more.
 */
import { CompileFlags, Intrinsics, QuickJS, type JSValueHandle } from 'quickjs-wasi';
import { parseGuestMessage, type GuestMessage } from './guest-message.js';
import type { Heartbeat } from './heartbeat.js';
import type { IsolateLimits } from './job.js';
import type { Failure, SettleMessage, StartMessage, WorkerMessage } from './protocol.js';
import { answerUrl } from './url-answers.js';
import { WasmError, type WasmMemory, type WasmModule } from './webassembly.js';

/** All of the language, without what shows when memory is collected or how long something takes. */
const INTRINSICS = Intrinsics.ALL & ~Intrinsics.WEAK_REF & ~Intrinsics.PERFORMANCE;
/** Until a call brings its own. */
const SETUP_LIMITS = { memoryLimit: 64 * 1024 * 1024, maxStackSize: 256 * 1024 };
/** Reactions to promises are few steps each and cost more than these. */
const JOBS_PER_FUEL = 100;
/** Texts take time outside of the engine, where nobody counts. */
const CHARS_PER_FUEL = 32_768;
const MAX_LOG_LINE = 8_192;
const MAX_LOG_CHARS = 262_144;
const MAX_NAME = 128;
/** Of WASI: done, and not there. */
const DONE = 0;
const NOT_THERE = 52;

export interface GuestVmOptions {
  readonly module: WasmModule;
  /** Compiled prelude. */
  readonly prelude: Uint8Array;
  readonly heartbeat: Heartbeat;
  readonly tell: (message: WorkerMessage) => void;
}

/** Compiles a script in an engine of its own. Throws an `Error` for what is no script. */
export async function compile(module: WasmModule, script: string, fileName: string): Promise<Uint8Array> {
  const vm = await QuickJS.create({ wasm: module, intrinsics: INTRINSICS, ...SETUP_LIMITS, ...outside({ now: 0 }) });
  try {
    return vm.compile(script, fileName, 0, CompileFlags.STRIP_SOURCE);
  } finally {
    vm.dispose();
  }
}

/** All that the engine can ask of a system: what time it is. It never asks for chance; what it prints is dropped. */
function outside(clock: { readonly now: number }) {
  const nothing = (): number => NOT_THERE;
  return {
    timezoneOffset: 0,
    wasi: (memory: WasmMemory) => ({
      clock_time_get: (_clock: number, _precision: bigint, result: number): number => {
        new DataView(memory.buffer).setBigUint64(result, BigInt(Math.trunc(clock.now)) * 1_000_000n, true);
        return DONE;
      },
      random_get: (at: number, length: number): number => {
        new Uint8Array(memory.buffer, at, length).fill(0);
        return DONE;
      },
      ...{ fd_write: nothing, fd_close: nothing, fd_fdstat_get: nothing, fd_seek: nothing },
    }),
  };
}

export class GuestVm {
  readonly #tell: (message: WorkerMessage) => void;
  readonly #heartbeat: Heartbeat;
  readonly #clock = { now: 0 };
  #vm!: QuickJS;
  #entries!: Readonly<Record<'begin' | 'invoke' | 'settle' | 'fireTimer', JSValueHandle>>;
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
  readonly #pending = new Set<number>();
  #logChars = 0;
  #answer: JSValueHandle | undefined;

  private constructor({ heartbeat, tell }: GuestVmOptions) {
    this.#heartbeat = heartbeat;
    this.#tell = tell;
  }

  /** An engine with its prelude, ready for one call. */
  static async create(options: GuestVmOptions): Promise<GuestVm> {
    const guest = new GuestVm(options);
    const vm = await QuickJS.create({
      ...{ wasm: options.module, intrinsics: INTRINSICS, ...SETUP_LIMITS, ...outside(guest.#clock) },
      interruptHandler: () => guest.#isToStop(),
    });
    guest.#vm = vm;
    const entries = vm.evalBytecode(options.prelude).consume((prelude) => {
      const send = vm.newFunction('send', (text) => guest.#hear(text));
      return send.consume(() => vm.callFunction(prelude, vm.undefined, send));
    });
    const entry = (name: string): JSValueHandle => entries.getProp(name);
    guest.#entries = { begin: entry('begin'), invoke: entry('invoke'), settle: entry('settle'), fireTimer: entry('fireTimer') };
    return guest;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Runs the plugin's code and its handler, until it waits or is over. */
  start(message: StartMessage, code: Uint8Array): void {
    const { slot, limits, now, seed, args } = message;
    this.#slot = slot;
    this.#limits = limits;
    this.#clock.now = now;
    this.#run(() => {
      const exports = this.#vm._getExports();
      exports.qjs_set_memory_limit(limits.memoryBytes);
      exports.qjs_set_max_stack_size(limits.stackBytes);
      this.#enter('begin', `{"now":${now},"seed":${JSON.stringify(seed)},"args":${args}}`);
      this.#vm.evalBytecode(code).consume((plugin) => { this.#vm.callFunction(this.#entries.invoke, this.#vm.undefined, plugin).dispose(); });
    });
  }

  /** Gives the outcome of a call to the guest, and goes on until it waits or is over. */
  settle({ call, isOk, text }: SettleMessage): void {
    if (this.#isOver) return;
    if (!this.#pending.delete(call)) {
      this.#end({ reason: 'crashed', message: `The outcome of call ${call} came, which was not made.` });
      return;
    }
    this.#run(() => { this.#enter('settle', call, isOk, text); });
  }

  dispose(): void {
    this.#isOver = true;
    this.#pending.clear();
    this.#vm.dispose();
  }

  #enter(name: 'begin' | 'settle', ...values: readonly (string | number | boolean)[]): void {
    const handles = values.map((value) => this.#vm.hostToHandle(value));
    this.#vm.callFunction(this.#entries[name], this.#vm.undefined, ...handles).dispose();
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
      this.#end(this.#stop ?? failureOf(thrown, this.#limits!));
    } finally {
      this.#ranMs += performance.now() - this.#enteredAt;
      this.#heartbeat.leave();
    }
  }

  /** Runs what is queued in the engine, then timers; what is left after that waits for calls, or for nothing. */
  #drain(): void {
    const exports = this.#vm._getExports();
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
    return this.#vm.callFunction(this.#entries.fireTimer, this.#vm.undefined).consume((fired) => fired.toBoolean());
  }

  /** A guest without memory cannot even say that it failed. */
  #stalled(): Failure {
    const { memoryBytes } = this.#limits!;
    const used = this.#vm.getMemoryUsage().mallocSize;
    return used > memoryBytes * 0.9 ? { reason: 'limit', limit: 'memoryBytes', used } : { reason: 'stalled' };
  }

  /** Asked by the engine every so many steps. */
  #isToStop(): boolean {
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

  /** What `send` does. Never throws: an error of ours would show the guest where we are. */
  #hear(handle: JSValueHandle | undefined): JSValueHandle {
    this.#answer?.dispose();
    this.#answer = undefined;
    if (handle?.isString !== true || this.#isOver || this.#stop !== undefined || this.#limits === undefined) return this.#vm.undefined;
    try {
      const text = handle.toString();
      this.#chars += text.length;
      for (; this.#chars > CHARS_PER_FUEL; this.#chars -= CHARS_PER_FUEL) this.#burn();
      const message = parseGuestMessage(text);
      if (message?.kind !== 'url') {
        if (message !== undefined) this.#take(message);
        return this.#vm.undefined;
      }
      return (this.#answer = this.#vm.newString(answerUrl(message.question)));
    } catch {
      this.#exceed('memoryBytes', this.#limits.memoryBytes);
      return this.#vm.undefined;
    }
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

/** The engine says by errors of its own that there is no more memory or stack. */
function thrownFailure(thrown: Omit<Extract<Failure, { reason: 'threw' }>, 'reason'>, limits: IsolateLimits): Failure {
  const { name, message, stack, code } = thrown;
  if (name === 'InternalError' && message === 'out of memory') return { reason: 'limit', limit: 'memoryBytes', used: limits.memoryBytes };
  if (name === 'RangeError' && message === 'Maximum call stack size exceeded') return { reason: 'limit', limit: 'stackBytes', used: limits.stackBytes };
  return { reason: 'threw', name, message, stack, code };
}
