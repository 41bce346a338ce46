import { inspect, MemoryLogStore, nodePorts, type Entry } from '@omnipaw/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { brokenRules, isMatch } from '../../sim/log-rules.js';
import { MAX_STEPS, RESOURCES, scenarios } from '../../sim/scenarios.js';
import { play } from './scenario.js';

const RULES = { maxStepsPerTick: MAX_STEPS, resources: RESOURCES };

describe('whatever programs, tools and operators do', () => {
  test('the log obeys every rule, and is the whole truth', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { entries, verdict, snapshot, inspection, problems } = await play(scenario);
        expect(brokenRules(entries, RULES)).toEqual([]);
        expect(verdict).toMatchObject({ integrity: 'INTACT', completeness: 'COMPLETE', entries: entries.length });
        const { busSeq, head, time, kernel, ...state } = inspection;
        expect([busSeq, head, time]).toEqual([entries.length - 1, verdict.head, entries.at(-1)?.time]);
        const header = entries[0] as Entry & { readonly kind: 'LOG_OPENED' };
        expect(kernel.programs).toEqual(header.data.programs);
        expect(state).toEqual(snapshot);
        expect(problems).toEqual([]);
      }),
      { numRuns: 400 },
    );
  }, 60_000);

  test('the same programs with the same seed, clock and results write the same log, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const [first, again] = [await play(scenario), await play(scenario)];
        expect(Buffer.from(again.bytes).equals(Buffer.from(first.bytes))).toBe(true);
        expect(again.refusals).toEqual(first.refusals);
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  test('the state at any entry is what the log up to there says, and nothing after it', async () => {
    await fc.assert(
      fc.asyncProperty(scenarios, fc.nat(), async (scenario, point) => {
        const { bytes, entries } = await play(scenario);
        const at = point % entries.length;
        const lines = new TextDecoder().decode(bytes).split('\n').slice(0, at + 1);
        const { codec } = nodePorts;
        const whole = new MemoryLogStore({ bytes, codec });
        const prefix = new MemoryLogStore({ bytes: codec.utf8(`${lines.join('\n')}\n`), codec });
        expect(await inspect(whole, { codec, at })).toEqual(await inspect(prefix, { codec }));
      }),
      { numRuns: 50 },
    );
  }, 60_000);
});

describe('the rules find', () => {
  const everything = fc.sample(scenarios, { numRuns: 150, seed: 7 });
  let logs: (readonly Entry[])[] | undefined;

  /** Does something to the first entry that fits, in the first log that has one, and gives what the rules find. */
  async function spoil(fits: (entry: Entry) => boolean, change: (entry: Entry) => Entry[]): Promise<string[]> {
    logs ??= await Promise.all(everything.map(async (scenario) => (await play(scenario)).entries));
    const log = logs.find((entries) => entries.some(fits));
    if (log === undefined) throw new Error('No scenario has such an entry.');
    const index = log.findIndex(fits);
    const spoiled = [...log.slice(0, index), ...change(log[index]!), ...log.slice(index + 1)];
    return brokenRules(spoiled.map((entry, busSeq) => ({ ...entry, busSeq })), RULES);
  }
  const twice = (entry: Entry): Entry[] => [entry, entry];
  const never = (): Entry[] => [];
  const withData = (data: object) => (entry: Entry): Entry[] => [{ ...entry, data: { ...entry.data, ...data } } as Entry];
  const isKind = (kind: string) => (entry: Entry): boolean => entry.kind === kind;
  /** Of an agent that is not the first of its type, so that the first one is there. */
  const isSleepOfAnother = ({ kind, agent }: Entry): boolean => kind === 'SLEEP_STARTED' && agent === 'worker-2';
  const isChild = (entry: Entry): boolean => entry.kind === 'AGENT_SPAWNED' && entry.data.parent !== null;

  test.each<[string, string, (entry: Entry) => boolean, (entry: Entry) => Entry[]]>([
    ['a transition that the table does not have', 'INV-02', isKind('AGENT_COMPLETED'), withData({ transition: { trigger: 'complete', to: 'RECOVERING' } })],
    ['a transition that is missing', 'INV-02', isKind('AGENT_ACTIVATED'), never],
    ['a tick that comes again', 'INV-03', isSleepOfAnother, (entry) => [entry, { ...entry, agent: 'worker-1', data: { ...entry.data, tick: 99 } } as Entry, entry]],
    ['a call without permission', 'INV-04', isKind('TOOL_CALLED'), withData({ permission: { decision: 'DENY', by: 'default' } })],
    ['a call by another grant', 'INV-04', isKind('TOOL_CALLED'), withData({ permission: { decision: 'ALLOW', by: 'grant 99 call:*' } })],
    ['a wider token', 'INV-06', isChild, withData({ token: { grants: [{ action: 'write', resource: '**' }], depth: 0 } })],
    ['a deeper token', 'INV-06', isChild, withData({ token: { grants: [], depth: 8 } })],
    ['a child of nobody', 'INV-08', isChild, withData({ parent: 'somebody' })],
    ['a second birth', 'INV-08', isKind('AGENT_SPAWNED'), twice],
    ['an act after the end', 'INV-09', isKind('AGENT_TERMINATED'), (entry) => [entry, { ...entry, kind: 'MEMORY_SET', data: { tick: 1, key: 'k', value: 1 } }]],
    ['a call beyond the steps of a tick', 'INV-12', isKind('TOOL_CALLED'), withData({ call: MAX_STEPS })],
    ['an end that leaves a child behind', 'INV-13', (entry) => isChild(entry), (entry) => [entry, { ...entry, agent: (entry as Entry & { kind: 'AGENT_SPAWNED' }).data.parent, kind: 'AGENT_TERMINATED', data: { reason: 'x', transition: { trigger: 'breach', to: 'TERMINATED' } } }]],
    ['a result without its intent', 'INV-14', isKind('TOOL_CALLED'), never],
    ['a second result', 'INV-14', isKind('TOOL_RESULT'), twice],
    ['a message that nobody sent', 'INV-14', isKind('MESSAGE_RECEIVED'), withData({ message: 0 })],
    ['a message that comes twice', 'INV-14', isKind('MESSAGE_RECEIVED'), twice],
    ['a stale write', 'INV-19', isKind('SHARED_WRITTEN'), withData({ version: 9 })],
    ['a step of a tick that is over', 'INV-21', isSleepOfAnother, (entry) => [entry, { ...entry, agent: 'worker-1', data: { ...entry.data, tick: 99 } } as Entry, entry]],
  ])('%s', async (_name, invariant, fits, change) => {
    expect((await spoil(fits, change)).join('\n')).toContain(invariant);
  });

  test('matches by their own definition of a pattern', () => {
    for (const [pattern, text] of [['*', 'a/b'], ['a*', 'abc'], ['a*c', 'abbc'], ['shared:*/a', 'shared:team/a'], ['**', 'a/b'], ['a**', 'a/b/c'], ['a*b*', 'a1b2']] as const) {
      expect(isMatch(pattern, text)).toBe(true);
    }
    for (const [pattern, text] of [['a', 'ab'], ['a*', 'a/b'], ['a*c', 'ab'], ['shared:*/a', 'shared:x/y/a'], ['b**', 'ab']] as const) {
      expect(isMatch(pattern, text)).toBe(false);
    }
  });
});
