/**
 * One worker as the host sees it: whom it has, and whether it moves.
 *
 * 1. It says of each invocation that it was given: over, or to be put elsewhere; or it rests, and is put anywhere once it goes on.
 * 2. A worker that stays in the engine for a call for too long without asking whether to go on is ended (`patience.ts`). Only that call has
 *    failed; the others are innocent.
 * 3. Few of them work at once, so that nobody waits behind many; those that rest are taken away where others need the room, and start anew
 *    when they go on.
 * 4. A call that was given up while it worked counts as working until the worker is out of it: it is guilty of what it still does there.
 * 5. The clock of this is the number of looks, not the time: a host that was stopped itself suspects nobody.
 */
import { Worker } from 'node:worker_threads';
import { describeThrown, type OmniError } from '@omnipaw/kernel';
import { pluginError } from '../errors.js';
import { programFile } from '../programs.js';
import { limitError, stuckError } from './failure.js';
import { Heartbeat, MAX_WORKING } from './heartbeat.js';
import type { Invocation } from './invocation.js';
import { Patience } from './patience.js';
import { isWorkerMessage, type HostMessage } from './protocol.js';
import type { WasmModule } from './webassembly.js';
import type { WorkerData } from './worker.js';

const LOOK_MS = 25;
/** How long a call that was given up may stay in the engine; it asks every millisecond or so. */
const ABORT_PATIENCE_MS = 1_000;
/** Calls that are there at once: each has an engine of its own. */
const MAX_SEATED = 16;
/** For all workers: code that stops one stops any. */
const patience = new Patience();
/** Codes that a worker keeps compiled. */
const MAX_CODES = 256;
const RESOURCES = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 16 };

export interface SeatEvents {
  /** An invocation has come to rest. */
  readonly onRest: (invocation: Invocation) => void;
  /** An invocation is over, so that there is room. */
  readonly onRoom: () => void;
  /** The worker is no more. These have not come to rest on it; `why` is undefined if it is known whose fault that is, and not theirs. */
  readonly onGone: (others: readonly Invocation[], why: string | undefined) => void;
}

export class WorkerSeat {
  readonly #worker: Worker;
  readonly #heartbeat = new Heartbeat();
  readonly #events: SeatEvents;
  /** By slot, the one that came to rest longest ago first. */
  readonly #invocations = new Map<number, Invocation>();
  /** By slot, those that were given up while they worked, until the worker is out of them. */
  readonly #leaving = new Map<number, Invocation>();
  /** Digests of the code that the worker was given, the one not used for longest first. */
  readonly #codes = new Set<string>();
  #lastSlot = 0;
  #isGone = false;
  #looking: NodeJS.Timeout | undefined;
  #seen = { running: 0, beats: 0, looks: 0 };

  constructor(module: WasmModule, events: SeatEvents) {
    this.#events = events;
    const workerData: WorkerData = { module, heartbeat: this.#heartbeat.memory };
    // Nothing of the host's: no environment, no arguments, no streams, no flags.
    this.#worker = new Worker(programFile('isolate/worker'), { workerData, env: {}, argv: [], execArgv: [], stdin: false, stdout: true, stderr: true, resourceLimits: RESOURCES });
    this.#worker.on('message', (message: unknown) => { this.#hear(message); });
    this.#worker.on('messageerror', () => { this.#breach('It sent what cannot be read.'); });
    this.#worker.on('error', (error) => { this.#crashed(`The worker has failed: ${describeThrown(error)}.`); });
    this.#worker.on('exit', (code) => { this.#crashed(`The worker has exited with code ${code}.`); });
    this.#worker.unref();
  }

  get size(): number {
    return this.#invocations.size + this.#leaving.size;
  }

  /** Whether it is in the engine at this moment. */
  get isRunning(): boolean {
    return this.#heartbeat.read().running !== 0;
  }

  get working(): number {
    let working = this.#leaving.size;
    for (const invocation of this.#invocations.values()) if (invocation.isWorking) working++;
    return working;
  }

  /** Whether one more may work. */
  get hasTurn(): boolean {
    return this.working < MAX_WORKING;
  }

  has(invocation: Invocation): boolean {
    for (const other of this.#invocations.values()) if (other === invocation) return true;
    return false;
  }

  /** Starts it; another one that rests makes room if there is none. */
  seat(invocation: Invocation): void {
    if (this.#invocations.size >= MAX_SEATED) this.#makeRoom();
    const slot = ++this.#lastSlot;
    const { code, codeDigest, fileName, now, limits } = invocation.job;
    if (this.#invocations.size === 0) this.#attend();
    this.#invocations.set(slot, invocation);
    const { args, seed } = invocation;
    this.#post({ kind: 'start', slot, codeDigest, code: this.#isKnown(codeDigest) ? undefined : code, fileName, args, now, seed, limits });
    invocation.seatAt({ slot, post: (message) => { this.#post(message); } });
  }

  /** Takes back what the operator has given up. */
  dispose(invocation: Invocation): void {
    for (const [slot, other] of this.#invocations) {
      if (other !== invocation) continue;
      this.#post({ kind: 'dispose', slot });
      if (!invocation.isWorking) {
        this.#release(slot);
        return;
      }
      this.#heartbeat.abort(slot);
      this.#leaving.set(slot, invocation);
      this.#invocations.delete(slot);
      invocation.unseat();
      return;
    }
  }

  /** Of the owner that has most, the one that has rested longest: what it does is done again, and nothing that it asks for. */
  #makeRoom(): void {
    const seats = new Map<string, number>();
    for (const { owner } of this.#invocations.values()) seats.set(owner, (seats.get(owner) ?? 0) + 1);
    let found: readonly [slot: number, invocation: Invocation] | undefined;
    for (const one of this.#invocations) {
      if (!one[1].isWorking && (found === undefined || seats.get(one[1].owner)! > seats.get(found[1].owner)!)) found = one;
    }
    if (found === undefined) return;
    const [slot, invocation] = found;
    this.#post({ kind: 'dispose', slot });
    this.#invocations.delete(slot);
    invocation.unseat();
  }

  /** Ends the worker; invocations are none of its business any more. */
  async close(): Promise<void> {
    this.#leave();
    await this.#worker.terminate();
  }

  #post(message: HostMessage): void {
    if (!this.#isGone) this.#worker.postMessage(message);
  }

  #isKnown(codeDigest: string): boolean {
    const isKnown = this.#codes.delete(codeDigest);
    this.#codes.add(codeDigest);
    for (const oldest of this.#codes) {
      if (this.#codes.size <= MAX_CODES) break;
      this.#codes.delete(oldest);
      this.#post({ kind: 'forget', codeDigest: oldest });
    }
    return isKnown;
  }

  #hear(message: unknown): void {
    if (this.#isGone) return;
    if (!isWorkerMessage(message)) {
      this.#breach('It said what no worker says.');
      return;
    }
    if (message.kind === 'gone') {
      this.#left(message.slot);
      return;
    }
    const invocation = this.#invocations.get(message.slot);
    // It may have been given up while the message was on its way.
    if (invocation === undefined) return;
    const wrong = invocation.hear(message);
    if (wrong !== undefined) this.#end({ guilty: invocation, error: pluginError('PLUGIN_CRASHED', `The worker has lost track. ${wrong}`), why: wrong });
    else if (invocation.isOver) this.#release(message.slot);
    else if (message.kind === 'rest' && !invocation.isWorking) this.#rest(message.slot, invocation);
  }

  #rest(slot: number, invocation: Invocation): void {
    this.#invocations.delete(slot);
    this.#invocations.set(slot, invocation);
    this.#events.onRest(invocation);
  }

  #release(slot: number): void {
    this.#invocations.get(slot)?.unseat();
    this.#invocations.delete(slot);
    this.#events.onRoom();
  }

  /** The worker is out of a call that was given up. */
  #left(slot: number): void {
    if (!this.#leaving.delete(slot)) return;
    this.#heartbeat.forget(slot);
    this.#events.onRoom();
  }

  /** From now on the process stays for it, and somebody looks whether it moves. */
  #attend(): void {
    if (this.#looking !== undefined) return;
    this.#worker.ref();
    this.#looking = setInterval(() => { this.#look(); }, LOOK_MS);
  }

  #look(): void {
    const { running, beats } = this.#heartbeat.read();
    if (running === 0 && this.size === 0) {
      clearInterval(this.#looking);
      this.#looking = undefined;
      this.#worker.unref();
      return;
    }
    const looks = running !== 0 && running === this.#seen.running && beats === this.#seen.beats ? this.#seen.looks + 1 : 0;
    this.#seen = { running, beats, looks };
    const invocation = this.#invocationAt(running);
    const stuckMs = looks * LOOK_MS;
    const patienceMs = Math.min(this.#invocations.has(running) ? Infinity : ABORT_PATIENCE_MS, invocation === undefined ? Infinity : patience.of(invocation.job));
    if (looks > 0 && stuckMs >= patienceMs) this.#endStuck(invocation, { stuckMs, patienceMs });
  }

  #invocationAt(slot: number): Invocation | undefined {
    return this.#invocations.get(slot) ?? this.#leaving.get(slot);
  }

  #endStuck(guilty: Invocation | undefined, { stuckMs, patienceMs }: { readonly stuckMs: number; readonly patienceMs: number }): void {
    const job = guilty?.job;
    if (job !== undefined) patience.remember(job);
    const error = job && (patienceMs === job.limits.cpuMs ? limitError('cpuMs', stuckMs, job.limits) : stuckError(stuckMs, patienceMs));
    this.#end({ guilty, error, why: `The worker was stuck for ${stuckMs} ms.` });
  }

  #breach(why: string): void {
    this.#end({ why });
  }

  #crashed(why: string): void {
    const guilty = this.#invocationAt(this.#heartbeat.read().running);
    this.#end({ guilty, error: pluginError('PLUGIN_CRASHED', why), why });
  }

  /** Ends the worker. Who is guilty fails; the others go elsewhere. */
  #end({ guilty, error, why }: { readonly guilty?: Invocation | undefined; readonly error?: OmniError | undefined; readonly why: string }): void {
    if (this.#isGone) return;
    this.#leave();
    void this.#worker.terminate();
    const others = [...this.#invocations.values()].filter((invocation) => invocation !== guilty && invocation.isWorking);
    for (const invocation of this.#invocations.values()) invocation.unseat();
    this.#invocations.clear();
    this.#leaving.clear();
    if (error !== undefined) guilty?.fail(error);
    this.#events.onGone(others, guilty === undefined ? why : undefined);
  }

  #leave(): void {
    this.#isGone = true;
    clearInterval(this.#looking);
  }
}
