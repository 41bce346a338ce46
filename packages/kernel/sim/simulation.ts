/**
 * One run of the simulator: a kernel that lives, dies and is booted again until all of its agents have ended.
 *
 * Everything is a function of the plan: time is virtual, chance comes from the scenario's seed, disk and tools are simulated.
 */
import { createKernel, OmniError, type AgentSnapshot, type OmniKernel } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { Checkpoints } from './checkpoints.js';
import { DiskStore } from './disk-store.js';
import { NO_FAULTS, type Faults } from './faults.js';
import { guardOf } from './guard.js';
import { PROGRAMS } from './interpreters.js';
import { Life } from './life.js';
import { obey, spawnRoot } from './operator.js';
import { type Order, type Root, type Scenario } from './scenarios.js';
import { toolsIn } from './tools.js';
import { World } from './world.js';
import { Witness } from './witness.js';

/** All that decides about a run. */
export interface Plan {
  readonly scenario: Scenario;
  /** What goes wrong in each life but the last. */
  readonly lives: readonly Faults[];
}

/** What is left of a run, for those who judge it. */
export interface Run {
  readonly plan: Plan;
  readonly bytes: Uint8Array;
  readonly world: World;
  readonly witness: Witness;
  /** Steps of all lives together. */
  readonly steps: number;
  /** Lives that ended in a crash. */
  readonly crashes: number;
  /** What should not have happened, in words. */
  readonly violations: readonly string[];
}

/** Enough for everything that the scenarios wait for. */
const LONG_MS = 100_000;
/** The codes with which a kernel refuses to go on when its disk fails. */
const HALTED: ReadonlySet<string> = new Set(['KERNEL_HALTED']);
const ENDED: ReadonlySet<string> = new Set(['TERMINATED', 'FAULTED']);

export async function simulate(plan: Plan): Promise<Run> {
  return new Simulation(plan).run();
}

class Simulation {
  readonly #plan: Plan;
  readonly #time: VirtualTime;
  readonly #world = new World();
  readonly #witness = new Witness();
  readonly #checkpoints = new Checkpoints();
  readonly #violations: string[] = [];
  readonly #roots: Root[];
  readonly #orders: Order[];
  #bytes: Uint8Array = new Uint8Array();
  #steps = 0;
  #crashes = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#time = new VirtualTime({ seed: plan.scenario.seed });
    this.#roots = [...plan.scenario.roots];
    this.#orders = [...plan.scenario.orders];
  }

  async run(): Promise<Run> {
    for (const faults of [...this.#plan.lives, NO_FAULTS]) {
      await this.#live(faults);
      if (this.#violations.length > 0) break;
    }
    return {
      plan: this.#plan, bytes: this.#bytes, world: this.#world, witness: this.#witness, steps: this.#steps, crashes: this.#crashes,
      violations: this.#violations,
    };
  }

  async #live(faults: Faults): Promise<void> {
    const life = new Life(this.#time, faults.crashAfterSteps);
    const store = new DiskStore(this.#bytes, { life, time: this.#time, faults, checkpoints: this.#checkpoints });
    let stopping = { isCalled: false };
    try {
      const kernel = await this.#time.until(Promise.race([this.#boot(life, store, faults), life.death]));
      if (kernel !== undefined) {
        stopping = stopAt(kernel, faults.stopAtEntry);
        await this.#operate(kernel, life, faults);
      }
    } catch (error) {
      this.#judge(error, store, stopping.isCalled);
    }
    if (life.hasDied()) this.#crashes++;
    life.end();
    this.#steps += life.steps;
    this.#bytes = store.left();
    this.#checkpoints.suffer(faults);
    await this.#time.advance(faults.downMs);
  }

  async #boot(life: Life, store: DiskStore, { maxSteps }: Faults): Promise<OmniKernel> {
    const { scenario } = this.#plan;
    const outside = {
      sleep: (delayMs: number): Promise<void> => this.#time.sleep(delayMs),
      act: (...[call]: Parameters<World['act']>): void => {
        if (!life.step()) throw new Error('The process died before the tool acted.');
        this.#world.act(call);
        if (!life.step()) throw new Error('The process died after the tool had acted.');
      },
    };
    const { policies, maxConcurrentToolCalls, maxMailboxMessages } = scenario;
    const kernel = await createKernel(
      {
        log: store, agents: Object.values(PROGRAMS), tools: toolsIn(outside), policies, maxConcurrentToolCalls, maxMailboxMessages,
        maxStepsPerTick: maxSteps, extensions: guardOf(scenario), unknownOutcomes: scenario.unknownOutcomes,
        checkpoints: scenario.checkpointEvery === false ? false : { everyEntries: scenario.checkpointEvery },
        onProblem: (problem) => {
          const isExpected = life.hasDied() || (problem.code === 'CHECKPOINT_IGNORED' && this.#checkpoints.isDamaged);
          if (!isExpected) this.#violations.push(`A problem was reported: ${problem.code} ${problem.message}`);
        },
      },
      { ports: life.ports, kernelVersion: 'simulated' },
    );
    this.#witness.watch(kernel, life);
    return kernel;
  }

  /** What an operator does in this life: everything that is left to do, unless it ends before. */
  async #operate(kernel: OmniKernel, life: Life, faults: Faults): Promise<void> {
    for (let root = this.#roots[0]; root !== undefined && !life.hasDied(); root = this.#roots[0]) {
      this.#witness.expect(spawnRoot(kernel, root), kernel, life);
      // An operator who does not hear that a spawn is on the disk gives the order again, in another life.
      await this.#time.until(Promise.race([kernel.flush(), life.death]));
      if (!life.hasDied()) this.#roots.shift();
    }
    for (let order = this.#orders[0]; order !== undefined && !life.hasDied(); order = this.#orders[0]) {
      await this.#time.advance(order.afterMs);
      if (life.hasDied()) return;
      settleUnknown(kernel);
      const refusal = obey(kernel, order);
      if (refusal !== undefined && HALTED.has(refusal)) return;
      this.#orders.shift();
    }
    await this.#time.advance(LONG_MS);
    if (!life.hasDied() && faults === NO_FAULTS) await this.#finish(kernel);
  }

  /** Helps those on who can't go on by themselves, and stops. */
  async #finish(kernel: OmniKernel): Promise<void> {
    settleUnknown(kernel);
    await this.#time.advance(LONG_MS);
    this.#violations.push(...kernel.snapshot().agents.flatMap(waitsInVain));
    // One at a time: what one agent does may end another.
    const { agents } = kernel.snapshot();
    for (const { id } of agents) if (kernel.agent(id).state === 'RESUMABLE') kernel.resume(id);
    await this.#time.advance(LONG_MS);
    for (const { id } of agents) if (!ENDED.has(kernel.agent(id).state)) kernel.revoke(id, 'time is up');
    await this.#time.advance(LONG_MS);
    const left = kernel.snapshot().agents.filter(({ state }) => !ENDED.has(state));
    if (left.length > 0) this.#violations.push(`Agents that were revoked have not ended: ${left.map(({ id, state }) => `${id} is ${state}`).join(', ')}`);
    const { head } = kernel;
    this.#witness.end({ head, snapshot: kernel.snapshot() });
    await this.#time.until(kernel.stop());
  }

  /** An error may end a life only if the disk has failed. */
  #judge(error: unknown, store: DiskStore, isStopped: boolean): void {
    const code = error instanceof OmniError ? error.code : '';
    const isExpected = (store.hasFailed && HALTED.has(code)) || (isStopped && code === 'KERNEL_STOPPED');
    if (!isExpected) this.#violations.push(`The kernel failed: ${describe(error)}`);
  }
}

/** Lets somebody stop the kernel who hears of an entry, which is in the middle of a step. */
function stopAt(kernel: OmniKernel, entry: number | null): { isCalled: boolean } {
  const stopping = { isCalled: false };
  let left = entry ?? Infinity;
  kernel.subscribe(() => {
    if (--left !== 0) return;
    stopping.isCalled = true;
    // What a disk that fails has to say of it the kernel tells otherwise, too.
    kernel.stop().catch(() => undefined);
  });
  return stopping;
}

/** An operator says of every call whose outcome nobody knows that it is lost. */
function settleUnknown(kernel: OmniKernel): void {
  // One at a time: what one agent is told may end another.
  for (let [call] = kernel.unknownCalls(); call !== undefined; [call] = kernel.unknownCalls()) {
    kernel.settle(call, { error: new OmniError('LOST', 'nobody knows') });
  }
}

/** What an agent still waits for though its time has come: all that ends by itself has a limit in these scenarios. */
function waitsInVain({ id, state, waitingFor }: AgentSnapshot): string[] {
  if (state !== 'WAITING') return [];
  const late = waitingFor.filter(({ kind }) => kind !== 'DELEGATION');
  return late.map(({ kind, tick, call }) => `Agent ${id} waits for its ${kind} of tick ${tick}, call ${call}, and nothing can come any more.`);
}

/** With the functions on the way to it, and without their places, which differ between machines. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as { readonly code?: string };
  const way = (error.stack ?? '').split('\n').filter((line) => /^ +at /.test(line)).map((line) => line.replace(/ \(?(file|node):.*$/, ''));
  return [`${code ?? error.name}: ${error.message}`, ...way.slice(0, 8)].join('\n');
}
