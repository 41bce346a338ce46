import { createKernel, inspect, MemoryLogStore, verify, type OmniError, type Entry, type Inspection, type LogVerdict, type OmniKernel, type Snapshot } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { entriesOf } from '../support/index.js';
import { guardOf } from '../../sim/guard.js';
import { PROGRAMS } from '../../sim/interpreters.js';
import { obey, spawnRoot } from '../../sim/operator.js';
import { MAX_STEPS, type Scenario } from '../../sim/scenarios.js';
import { toolsIn } from '../../sim/tools.js';
import { World } from '../../sim/world.js';

/** What is left of a scenario that was played to its end. */
export interface Played {
  readonly bytes: Uint8Array;
  readonly entries: readonly Entry[];
  readonly verdict: LogVerdict;
  /** The state as the kernel had it, and as the log alone has it. */
  readonly snapshot: Snapshot;
  readonly inspection: Inspection;
  /** Codes of the errors with which orders were refused. */
  readonly refusals: readonly string[];
  readonly problems: readonly OmniError[];
}

/** Enough for everything that the scenarios wait for. */
const LONG_MS = 100_000;

/**
 * Plays a scenario in virtual time, and stops the kernel when nothing happens any more.
 *
 * `look` is called now and then, at moments when the kernel is at rest.
 */
export async function play(scenario: Scenario, look: (kernel: OmniKernel) => void = () => undefined): Promise<Played> {
  const time = new VirtualTime({ seed: scenario.seed });
  const store = new MemoryLogStore();
  const problems: OmniError[] = [];
  const { policies, maxConcurrentToolCalls, maxMailboxMessages } = scenario;
  const world = new World();
  const tools = toolsIn({ sleep: (delayMs) => time.sleep(delayMs), act: (call) => { world.act(call); } });
  const kernel = await time.until(createKernel(
    {
      log: store, agents: Object.values(PROGRAMS), tools, policies, maxConcurrentToolCalls, maxMailboxMessages,
      maxStepsPerTick: MAX_STEPS, extensions: guardOf(scenario), onProblem: (problem) => { problems.push(problem); },
    },
    { ports: time.ports },
  ));
  const refusals: string[] = [];
  for (const root of scenario.roots) spawnRoot(kernel, root);
  for (const order of scenario.orders) {
    look(kernel);
    await time.advance(order.afterMs);
    look(kernel);
    const refusal = obey(kernel, order);
    look(kernel);
    if (refusal !== undefined) refusals.push(refusal);
  }
  await time.advance(LONG_MS);
  look(kernel);
  const snapshot = kernel.snapshot();
  await time.until(kernel.stop());
  return {
    snapshot, refusals, problems,
    bytes: store.bytes(),
    entries: await entriesOf(store),
    verdict: await verify(store, { pin: kernel.head }),
    inspection: await inspect(store),
  };
}
