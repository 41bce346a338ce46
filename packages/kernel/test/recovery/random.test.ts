import { createKernel, MemoryLogStore, nodePorts, replay, type KernelConfig, type OmniError, type Snapshot } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
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

/** What is left of a run. */
interface Left {
  readonly bytes: Uint8Array;
  readonly checkpoint?: Uint8Array | undefined;
  /** The state right after the log was opened. */
  readonly taken: Snapshot;
  readonly problems: readonly OmniError[];
}

/** Opens what a crash left, and lets everybody go on to the end. */
async function goOn(scenario: Scenario, left: Pick<Left, 'bytes' | 'checkpoint'>, start: number, checkpoints: KernelConfig['checkpoints'] = false): Promise<Left> {
  const time = new VirtualTime({ seed: `${scenario.seed}/${start}`, start });
  const log = new MemoryLogStore({ bytes: left.bytes, codec });
  if (left.checkpoint !== undefined) await log.checkpoints.save(left.checkpoint);
  const problems: OmniError[] = [];
  const { policies, maxConcurrentToolCalls, maxMailboxMessages } = scenario;
  const tools = toolsIn({ sleep: (delayMs) => time.sleep(delayMs), act: () => undefined });
  const kernel = await time.until(createKernel(
    {
      log, agents: Object.values(PROGRAMS), tools, policies, maxConcurrentToolCalls, maxMailboxMessages,
      checkpoints, maxStepsPerTick: MAX_STEPS, extensions: guardOf(scenario), onProblem: (problem) => { problems.push(problem); },
    },
    { ports: time.ports },
  ));
  const taken = kernel.snapshot();
  await time.advance(LONG_MS);
  await time.until(kernel.stop());
  return { bytes: log.bytes(), checkpoint: await log.checkpoints.load(), taken, problems };
}

describe('a log that a crash cut anywhere', () => {
  test('goes on, and all of it can be replayed', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }), async (scenario, crashes) => {
        let { bytes } = await play(scenario);
        let start = 1_800_000_000_000;
        for (const crash of crashes) {
          const cut = { bytes: bytes.subarray(0, Math.floor(bytes.length * crash)) };
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

  test('goes on from a checkpoint just as it does from its beginning, byte for byte', async () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const counts = { used: 0, ignored: 0 };
    await fc.assert(
      fc.asyncProperty(scenarios, share, fc.array(share, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 40 }), async (scenario, first, crashes, everyEntries) => {
        const { bytes } = await play(scenario);
        const checkpoints = { everyEntries };
        let start = 1_800_000_000_000;
        let left = await goOn(scenario, { bytes: bytes.subarray(0, Math.floor(bytes.length * first)) }, start, checkpoints);
        for (const crash of crashes) {
          start += 1_000_000;
          const cut = { ...left, bytes: left.bytes.subarray(0, Math.floor(left.bytes.length * (1 - crash / 4))) };
          const [kept, folded] = [await goOn(scenario, cut, start, checkpoints), await goOn(scenario, cut, start)];
          const isIgnored = kept.problems.length > 0;
          if (left.checkpoint !== undefined) counts[isIgnored ? 'ignored' : 'used']++;
          if (isIgnored) expect(kept.problems.map(({ code }) => code)).toEqual(['CHECKPOINT_IGNORED']);
          expect(kept.taken).toEqual(folded.taken);
          expect(Buffer.from(kept.bytes).toString()).toBe(Buffer.from(folded.bytes).toString());
          left = kept;
        }
      }),
      { numRuns: Number(process.env['RUNS'] ?? 150) },
    );
    expect(counts.used).toBeGreaterThan(0);
    expect(counts.ignored).toBeGreaterThan(0);
  }, 600_000);
});
