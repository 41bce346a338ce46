import { FileLogReader, MemoryLogStore, nodePorts, replay } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { guardOf } from '../../sim/guard.js';
import { PROGRAMS } from '../../sim/interpreters.js';
import { scenarios } from '../../sim/scenarios.js';
import { UNREACHABLE } from '../../sim/tools.js';
import * as returns from '../histories/returns/program.js';
import { recordReturns } from '../histories/returns/record.js';
import * as tour from '../histories/tour/program.js';
import { recordTour } from '../histories/tour/record.js';
import { play } from '../invariants/scenario.js';

describe('a replay', () => {
  test('makes every tick of every log again, whatever programs, tools and operators did', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { bytes, entries } = await play(scenario);
        const log = new MemoryLogStore({ bytes, codec: nodePorts.codec });
        const report = await replay(log, { agents: Object.values(PROGRAMS), tools: UNREACHABLE, extensions: guardOf(scenario) });
        expect(report.divergence).toBeUndefined();
        expect(report).toMatchObject({ integrity: 'INTACT', replay: 'REPRODUCED', entries: entries.length, changed: [] });
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test.each([
    ['tour/format-1', tour],
    ['returns/format-2', returns],
  ])('of the history %s', async (history, { agents, tools }) => {
    const report = await replay(new FileLogReader(new URL(`../histories/${history}`, import.meta.url).pathname), { agents, tools });
    expect(report.divergence).toBeUndefined();
    expect(report).toMatchObject({ integrity: 'INTACT', replay: 'REPRODUCED', changed: [] });
  });

  test.each([
    ['tour', tour, recordTour],
    ['returns', returns, recordReturns],
  ])('of the history %s, as this version records it', async (_history, { agents, tools }, record) => {
    expect(await replay(await record(), { agents, tools })).toMatchObject({ integrity: 'INTACT', replay: 'REPRODUCED', changed: [] });
  });
});
