/**
 * An engine, QuickJS in WebAssembly, with its prelude: it runs one call, and then is as it was before, bit for bit.
 *
 * All that an instance can change is its memory, the place of its stack there, and how much memory it has. So a copy of the
 * memory that was taken before the call, put back, makes a new engine of it, in a tenth of the time that one takes to make. One that
 * has grown, or whose end was not in order, is thrown away.
 */
import { CompileFlags, Intrinsics, QuickJS, type JSValueHandle } from 'quickjs-wasi';
import type { WasmMemory, WasmModule } from './webassembly.js';

/** All of the language, without what shows when memory is collected or how long something takes. */
const INTRINSICS = Intrinsics.ALL & ~Intrinsics.WEAK_REF & ~Intrinsics.PERFORMANCE;
/** Until a call brings its own. */
const SETUP_LIMITS = { memoryLimit: 64 * 1024 * 1024, maxStackSize: 256 * 1024 };
/** Of WASI: done, and not there. */
const DONE = 0;
const NOT_THERE = 52;

/** Whom the engine asks while it runs. */
export interface Guest {
  /** What time it is, milliseconds since the epoch. */
  readonly now: number;
  /** What `send` does; must not throw. */
  hear(text: JSValueHandle | undefined): JSValueHandle;
  /** Asked every so many steps. */
  isToStop(): boolean;
}

/** Nobody runs in it. */
const NOBODY: Guest = {
  now: 0,
  hear: () => { throw new Error('The engine speaks, and nobody runs in it.'); },
  isToStop: () => false,
};

/** What the engine's module exports beside its functions. */
interface Instance {
  readonly memory: WasmMemory;
  readonly __stack_pointer: { value: number };
}

export type Entry = 'begin' | 'invoke' | 'settle' | 'fireTimer';

/** Thrown for what is no script: its message is what the engine says of it. */
export class NoScript extends Error {}

const NO_SCRIPT = 'Compilation error: ';

/** Compiles a script in an engine of its own. Throws a {@link NoScript}; and something else if there is no engine for it. */
export async function compile(module: WasmModule, script: string, fileName: string): Promise<Uint8Array> {
  const vm = await QuickJS.create({ wasm: module, intrinsics: INTRINSICS, ...SETUP_LIMITS, ...outside(() => 0) });
  try {
    return vm.compile(script, fileName, 0, CompileFlags.STRIP_SOURCE);
  } catch (thrown) {
    const { message } = thrown as Error;
    throw message.startsWith(NO_SCRIPT) ? new NoScript(message.slice(NO_SCRIPT.length), { cause: thrown }) : thrown;
  } finally {
    vm.dispose();
  }
}

/** All that the engine can ask of a system: what time it is. It never asks for chance; what it prints is dropped. */
function outside(now: () => number) {
  const nothing = (): number => NOT_THERE;
  return {
    timezoneOffset: 0,
    wasi: (memory: WasmMemory) => ({
      clock_time_get: (_clock: number, _precision: bigint, result: number): number => {
        new DataView(memory.buffer).setBigUint64(result, BigInt(Math.trunc(now())) * 1_000_000n, true);
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

export class Engine {
  readonly vm: QuickJS;
  readonly entries: Readonly<Record<Entry, JSValueHandle>>;
  guest = NOBODY;
  readonly #before: Uint8Array;
  readonly #stackPointer: number;

  private constructor(vm: QuickJS, entries: Readonly<Record<Entry, JSValueHandle>>) {
    this.vm = vm;
    this.entries = entries;
    const { memory, stackPointer } = vm.snapshot();
    this.#before = memory;
    this.#stackPointer = stackPointer;
  }

  /** Runs the compiled prelude in a new instance. */
  static async create(module: WasmModule, prelude: Uint8Array): Promise<Engine> {
    const running: { engine?: Engine } = {};
    const guest = (): Guest => running.engine?.guest ?? NOBODY;
    const vm = await QuickJS.create({
      ...{ wasm: module, intrinsics: INTRINSICS, ...SETUP_LIMITS, ...outside(() => guest().now) },
      interruptHandler: () => guest().isToStop(),
    });
    const entries = vm.evalBytecode(prelude).consume((compiled) => {
      const send = vm.newFunction('send', (text) => guest().hear(text));
      return send.consume(() => vm.callFunction(compiled, vm.undefined, send));
    });
    const entry = (name: Entry): JSValueHandle => entries.getProp(name);
    // These are made when they are first asked for, and have to be in the copy.
    for (const name of ['undefined', 'null', 'true', 'false', 'global'] as const) Reflect.get(vm, name);
    return (running.engine = new Engine(vm, { begin: entry('begin'), invoke: entry('invoke'), settle: entry('settle'), fireTimer: entry('fireTimer') }));
  }

  /** Makes it as it was before the call; false if it can't be. */
  restore(): boolean {
    this.guest = NOBODY;
    const { memory, __stack_pointer: stackPointer } = this.vm._getExports() as unknown as Instance;
    if (memory.buffer.byteLength !== this.#before.length) return false;
    new Uint8Array(memory.buffer).set(this.#before);
    stackPointer.value = this.#stackPointer;
    return true;
  }

  dispose(): void {
    this.vm.dispose();
  }
}
