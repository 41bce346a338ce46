import { createKernel, MemoryLogStore, nodePorts, replay, type OmniError } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/kernel/testing';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardOf } from '../../sim/guard.js';
import { PROGRAMS } from '../../sim/interpreters.js';
import { brokenRules } from '../../sim/log-rules.js';
import { MAX_STEPS, RESOURCES, scenarios, type Scenario } from '../../sim/scenarios.js';
import { toolsIn, UNREACHABLE } from '../../sim/tools.js';
import { play } from '../invariants/scenario.js';
import { entriesOf } from '../support/index.js';

const { codec } = nodePorts;
const LONG_MS = 100_000;

/** Opens what a crash left, and lets everybody go on to the end. */
async function goOn(scenario: Scenario, bytes: Uint8Array, start: number): Promise<{ bytes: Uint8Array; problems: readonly OmniError[] }> {
  const time = new VirtualTime({ seed: `${scenario.seed}/${start}`, start });
  const log = new MemoryLogStore({ bytes, codec });
  const problems: OmniError[] = [];
  const { policies, maxConcurrentToolCalls, maxMailboxMessages } = scenario;
  const tools = toolsIn({ sleep: (delayMs) => time.sleep(delayMs), act: () => undefined });
  const kernel = await time.until(createKernel(
    {
      log, agents: Object.values(PROGRAMS), tools, policies, maxConcurrentToolCalls, maxMailboxMessages,
      maxStepsPerTick: MAX_STEPS, extensions: guardOf(scenario), onProblem: (problem) => { problems.push(problem); },
    },
    { ports: time.ports },
  ));
  await time.advance(LONG_MS);
  await time.until(kernel.stop());
  return { bytes: log.bytes(), problems };
}

describe('a log that a crash cut anywhere', () => {
  test('goes on, and all of it can be replayed', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }), async (scenario, crashes) => {
        let { bytes } = await play(scenario);
        let start = 1_800_000_000_000;
        for (const crash of crashes) {
          const cut = bytes.subarray(0, Math.floor(bytes.length * crash));
          const went = await goOn(scenario, cut, (start += 1_000_000));
          expect(went.problems).toEqual([]);
          ({ bytes } = went);
        }
        const log = new MemoryLogStore({ bytes, codec });
        const report = await replay(log, { agents: Object.values(PROGRAMS), tools: UNREACHABLE, extensions: guardOf(scenario) });
        expect(report.divergence).toBeUndefined();
        expect(report.replay).toBe('REPRODUCED');
        expect(brokenRules(await entriesOf(log), { maxStepsPerTick: MAX_STEPS, resources: RESOURCES })).toEqual([]);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 300) },
    );
  }, 600_000);
});
