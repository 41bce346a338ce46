/** The program of a worker: it has engines, one a slot, and takes one message after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { preludeScript } from './guest/prelude.js';
import { compile, GuestVm } from './guest-vm.js';
import { Heartbeat } from './heartbeat.js';
import { isHostMessage, type HostMessage, type StartMessage, type WorkerMessage } from './protocol.js';
import type { WasmModule } from './webassembly.js';

export interface WorkerData {
  readonly module: WasmModule;
  readonly heartbeat: SharedArrayBuffer;
}

class Slots {
  readonly #module: WasmModule;
  readonly #heartbeat: Heartbeat;
  readonly #tell: (message: WorkerMessage) => void;
  readonly #guests = new Map<number, GuestVm>();
  /** Compiled code by its digest. The host says what to forget. */
  readonly #codes = new Map<string, Uint8Array>();
  readonly #prelude: Promise<Uint8Array>;
  /** The next engine, made while there is nothing else to do. */
  #spare: Promise<GuestVm> | undefined;

  constructor({ module, heartbeat }: WorkerData, tell: (message: WorkerMessage) => void) {
    this.#module = module;
    this.#heartbeat = new Heartbeat(heartbeat);
    this.#tell = tell;
    this.#prelude = compile(module, preludeScript(), 'guest');
    this.#prepare();
  }

  async take(message: HostMessage): Promise<void> {
    switch (message.kind) {
      case 'start':
        await this.#start(message);
        break;
      case 'settle':
        this.#guests.get(message.slot)?.settle(message);
        this.#sweep(message.slot);
        break;
      case 'dispose':
        this.#drop(message.slot);
        break;
      case 'forget':
        this.#codes.delete(message.codeDigest);
        break;
    }
  }

  async #start(message: StartMessage): Promise<void> {
    const { slot } = message;
    const code = await this.#codeOf(message);
    if (code === undefined) return;
    const guest = await (this.#spare ?? this.#create());
    this.#spare = undefined;
    this.#guests.set(slot, guest);
    guest.start(message, code);
    this.#sweep(slot);
    this.#prepare();
  }

  /** Undefined, and said so, for what cannot be compiled. */
  async #codeOf({ slot, codeDigest, code, fileName }: StartMessage): Promise<Uint8Array | undefined> {
    const known = this.#codes.get(codeDigest);
    if (known !== undefined) return known;
    try {
      if (code === undefined) throw new Error('The code was not given.');
      this.#heartbeat.enter(slot);
      const compiled = await compile(this.#module, code, fileName);
      this.#codes.set(codeDigest, compiled);
      return compiled;
    } catch (thrown) {
      this.#tell({ kind: 'failed', slot, failure: { reason: 'threw', name: '', message: (thrown as Error).message, stack: '', code: '' } });
      return undefined;
    } finally {
      this.#heartbeat.leave();
    }
  }

  #sweep(slot: number): void {
    if (this.#guests.get(slot)?.isOver === true) this.#drop(slot);
  }

  #drop(slot: number): void {
    this.#guests.get(slot)?.dispose();
    this.#guests.delete(slot);
  }

  #prepare(): void {
    this.#spare = this.#create();
    // It is awaited by whoever needs it.
    this.#spare.catch(() => undefined);
  }

  async #create(): Promise<GuestVm> {
    return GuestVm.create({ module: this.#module, prelude: await this.#prelude, heartbeat: this.#heartbeat, tell: this.#tell });
  }
}

function main(port: NonNullable<typeof parentPort>): void {
  const slots = new Slots(workerData as WorkerData, (message) => { port.postMessage(message); });
  let turn = Promise.resolve();
  port.on('message', (message: unknown) => {
    if (!isHostMessage(message)) throw new TypeError('The host has said what no host says.');
    turn = turn.then(() => slots.take(message));
  });
}

if (parentPort !== null) main(parentPort);
