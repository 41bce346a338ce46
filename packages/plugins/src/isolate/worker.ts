/** The program of a worker: it has engines, one a slot, and takes one message after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { preludeScript } from './guest/prelude.js';
import { CompiledCodes } from './compiled-codes.js';
import { compile, Engine } from './engine.js';
import { GuestVm } from './guest-vm.js';
import { Heartbeat } from './heartbeat.js';
import { isHostMessage, type Failure, type HostMessage, type StartMessage, type WorkerMessage } from './protocol.js';
import type { WasmModule } from './webassembly.js';

export interface WorkerData {
  readonly module: WasmModule;
  readonly heartbeat: SharedArrayBuffer;
}

/** Engines that are kept for the next calls; each has a few MiB. */
const MAX_SPARES = 4;

class Slots {
  readonly #module: WasmModule;
  readonly #heartbeat: Heartbeat;
  readonly #tell: (message: WorkerMessage) => void;
  readonly #guests = new Map<number, GuestVm>();
  readonly #codes: CompiledCodes;
  readonly #prelude: Promise<Uint8Array>;
  /** Engines that nobody runs in. */
  readonly #spares: Engine[] = [];

  constructor({ module, heartbeat }: WorkerData, tell: (message: WorkerMessage) => void) {
    this.#module = module;
    this.#heartbeat = new Heartbeat(heartbeat);
    this.#tell = tell;
    this.#codes = new CompiledCodes((code, fileName) => compile(module, code, fileName));
    this.#prelude = compile(module, preludeScript(), 'guest');
    // The first is made while there is nothing else to do; what fails here fails again for whoever needs it.
    this.#create().then((engine) => { this.#spare(engine); }, () => undefined);
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
        this.#tell({ kind: 'gone', slot: message.slot });
        break;
      case 'forget':
        this.#codes.forget(message.codeDigest);
        break;
    }
  }

  async #start(message: StartMessage): Promise<void> {
    const { slot } = message;
    const code = await this.#codeOf(message);
    // It was given up while it waited for others; its code is kept all the same, for the host gives none twice.
    if (this.#heartbeat.isAborted(slot)) return;
    if (!(code instanceof Uint8Array)) {
      this.#tell({ kind: 'failed', slot, failure: code });
      return;
    }
    const engine = this.#spares.pop() ?? (await this.#create());
    const guest = new GuestVm({ engine, heartbeat: this.#heartbeat, tell: this.#tell });
    this.#guests.set(slot, guest);
    guest.start(message, code);
    this.#sweep(slot);
  }

  async #codeOf(message: StartMessage): Promise<Uint8Array | Failure> {
    this.#heartbeat.compile(message.slot);
    const code = await this.#codes.get(message);
    this.#heartbeat.leave();
    return code;
  }

  #sweep(slot: number): void {
    if (this.#guests.get(slot)?.isOver === true) this.#drop(slot);
  }

  #drop(slot: number): void {
    const engine = this.#guests.get(slot)?.leave();
    this.#guests.delete(slot);
    if (engine !== undefined) this.#spare(engine);
  }

  #spare(engine: Engine): void {
    if (this.#spares.length < MAX_SPARES) this.#spares.push(engine);
    else engine.dispose();
  }

  async #create(): Promise<Engine> {
    return Engine.create(this.#module, await this.#prelude);
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
