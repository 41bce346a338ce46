import { FileLogReader, MemoryLogStore, nodePorts, replay, verify, type Entry } from '@omnipaw/kernel';
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
import { rechained, story, storyConfig } from './story.js';

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

  describe('that diverges goes on reading', () => {
    /** A log that diverges at its second entry, and its bytes. */
    async function diverging(): Promise<{ readonly entries: readonly Entry[]; readonly bytes: Uint8Array; readonly head: string }> {
      const { entries } = await story();
      const changed = entries.map((entry) => (entry.busSeq === 1 ? { ...entry, data: { ...entry.data, more: 1 } } : entry)) as readonly Entry[];
      const chunks: Uint8Array[] = [];
      for await (const { bytes } of rechained(changed).read()) chunks.push(bytes.slice());
      const bytes = Buffer.concat(chunks);
      return { entries, bytes, head: /"hash":"([0-9a-f]{64})"\}\n$/.exec(bytes.toString())![1]! };
    }
    const logOf = (bytes: Uint8Array): MemoryLogStore => new MemoryLogStore({ bytes, codec: nodePorts.codec });
    const diverged = { replay: 'DIVERGED', divergence: { busSeq: 1 } };

    test('so that a pinned end is found, and progress tells of all entries', async () => {
      const { entries, bytes, head } = await diverging();
      const progress: number[] = [];
      const report = await replay(logOf(bytes), { ...storyConfig, pin: head, onProgress: (count) => progress.push(count) });
      expect(report).toMatchObject({ ...diverged, integrity: 'INTACT', completeness: 'COMPLETE', entries: entries.length, head });
      expect(progress.at(-1)).toBe(entries.length);
      expect(await replay(logOf(bytes), { ...storyConfig, pin: 'f'.repeat(64) })).toMatchObject({ ...diverged, completeness: 'INCOMPLETE' });
    });

    test('so that damage and a torn tail are told, as verify tells of them', async () => {
      const { bytes } = await diverging();
      const broken = Buffer.from(bytes);
      broken[broken.length - 200]! ^= 1;
      for (const log of [logOf(broken), logOf(bytes.subarray(0, -50)), logOf(bytes)]) {
        const { integrity, entries, head, firstBad, tornTail } = await verify(log);
        const report = await replay(log, storyConfig);
        expect(report).toMatchObject(diverged);
        expect([report.integrity, report.entries, report.head, report.firstBad, report.tornTail]).toEqual([integrity, entries, head, firstBad, tornTail]);
      }
    });
  });
});
