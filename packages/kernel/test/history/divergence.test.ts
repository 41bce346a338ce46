import { defineAgent, defineTool, OmniError, replay, unchecked, type AgentContext, type AgentDefinition, type Divergence, type Entry, type Extension, type Json, type MemoryLogStore, type Operation, type Policy, type ReplayReport, type Tool } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import * as v from 'valibot';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { boot, entriesOf, kindsOf } from '../support/index.js';
import { rechained } from './story.js';

const look = defineTool({
  name: 'look', description: 'looks somewhere', input: z.object({ at: z.string() }),
  run: async ({ at }) => {
    if (at === 'nowhere') throw new OmniError('NOTHING_THERE', 'There is nothing.');
    await Promise.resolve();
    return { seen: at.toUpperCase() };
  },
});
const wipe = defineTool({ name: 'wipe', description: 'wipes', input: unchecked<object>(), run: () => 'wiped' });
const tools: readonly Tool[] = [look, wipe] as readonly Tool[];
const policies: readonly Policy[] = [{ name: 'careful', effect: 'ESCALATE', action: 'call', resource: 'wipe' }];

type Step = (ctx: AgentContext) => Operation<unknown>;

/** What the planner does, one thing after the other. */
const STEPS: readonly Step[] = [
  (ctx) => ctx.memory.set('begun', true),
  (ctx) => ctx.all([ctx.tool(look, { at: 'north' }), ctx.tool(look, { at: 'south' })]),
  (ctx) => ctx.shared('team').set('plan', 'go south', 0),
  (ctx) => ctx.send('listener', { go: 'south' }),
  (ctx) => ctx.sleep(10),
  (ctx) => ctx.memory.set('woke', ctx.now()),
  (ctx) => ctx.tool(look, { at: 'nowhere' }),
  (ctx) => ctx.tool(wipe, {}),
  (ctx) => ctx.memory.set('ended', true),
];

function codeOf(error: unknown): string {
  return error instanceof OmniError ? error.code : String(error);
}

function planner(steps: readonly Step[] = STEPS, end: (seen: unknown[]) => unknown = (seen) => seen): AgentDefinition {
  return defineAgent<unknown, unknown>('planner', function* (ctx) {
    const seen: unknown[] = [];
    for (const step of steps) {
      try {
        seen.push((yield* step(ctx)) ?? null);
      } catch (error) {
        seen.push(codeOf(error));
      }
    }
    return end(seen);
  });
}
const listener = defineAgent('listener', function* (ctx) {
  const { body: order } = yield* ctx.receive<string>({ channel: 'orders' });
  const seen = yield* ctx.tool(look, { at: order });
  const { body } = yield* ctx.receive();
  return { order, seen, body };
}) as AgentDefinition;

async function recorded(extensions: readonly Extension[] = []): Promise<MemoryLogStore> {
  const { kernel, store, until } = await boot({ agents: [planner(), listener], tools, policies, extensions });
  kernel.subscribe(({ kind }) => {
    if (kind === 'APPROVAL_REQUESTED') queueMicrotask(() => { kernel.decide(kernel.approvals()[0]!.id, { approved: true }); });
  });
  const listening = kernel.spawn(listener, null, { id: 'listener', grants: ['call:look'] });
  kernel.send('listener', 'east', 'orders');
  await until(kernel.spawn(planner(), null, { id: 'planner', grants: ['call:*', 'send:*', 'write:shared:team/*'] }).result());
  await until(listening.result());
  await until(kernel.stop());
  return store;
}

let entries: readonly Entry[];
beforeEach(async () => { entries = await entriesOf(await recorded()); });

/** What is forged: a forger knows no types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Data = Record<string, any>;
type Change = (entries: Entry[]) => void;

/** Changes an entry, of which nobody else has a part. */
function inEntry(seq: number, change: (data: Data, entry: Data) => void): Change {
  return (all) => {
    const entry = structuredClone(all[seq]!);
    change(entry.data, entry);
    all[seq] = entry;
  };
}

function swap(one: number, other: number): Change {
  return (all) => { [all[one], all[other]] = [all[other]!, all[one]!]; };
}

/** Replays the log with a change, its chain mended. */
function replayed(change: Change, cast: Partial<Parameters<typeof replay>[1]> = {}): Promise<ReplayReport> {
  const changed = [...entries];
  change(changed);
  return replay(rechained(changed), { agents: [planner(), listener], tools, ...cast });
}

interface Told {
  /** Entry, agent and tick. */
  readonly at: readonly [number, string | null, number | null];
  readonly expected: Json;
  readonly actual: Json;
  readonly differences: readonly (readonly Json[])[];
}

/** What a divergence says: of each side, the instruction (without what an error says in words), or the kind if it is none. */
function told({ integrity, replay: verdict, divergence }: ReplayReport): Told {
  expect([integrity, verdict]).toEqual(['INTACT', 'DIVERGED']);
  const { busSeq, agent, tick, expected, actual, differences } = divergence!;
  const side = (said: Divergence['actual']): Json => {
    if (said?.instruction === undefined) return said?.kind ?? null;
    const error = (said.instruction['error'] ?? said.instruction['refused']) as { readonly code?: Json } | undefined;
    return error === undefined ? said.instruction : { op: said.instruction['op']!, code: error.code! };
  };
  return { at: [busSeq, agent, tick], expected: side(expected), actual: side(actual), differences: differences.map(({ path, ...both }) => [path, both.expected ?? null, both.actual ?? null]) };
}

const RETURNED = [null, [{ seen: 'NORTH' }, { seen: 'SOUTH' }], 1, null, null, null, 'NOTHING_THERE', 'wiped', null];
const [BEGUN, ENDED, PLAN] = [
  { op: 'WRITE', store: 'persistent', key: 'begun', value: true },
  { op: 'WRITE', store: 'persistent', key: 'ended', value: true },
  { op: 'WRITE', store: 'shared', namespace: 'team', key: 'plan', value: 'go south' },
];
const WIPE = { op: 'CALL_TOOL', tool: 'wipe', args: {} };
const lookAt = (place: string): Json => ({ op: 'CALL_TOOL', tool: 'look', args: { at: place } });
const send = (body: Json, channel = 'default'): Json => ({ op: 'SEND', to: 'listener', channel, body });
const sleep = (deadline: number): Json => ({ op: 'SLEEP', deadline });
const woke = (value: number): Json => ({ op: 'WRITE', store: 'persistent', key: 'woke', value });
const RESUMED = { trigger: 'resume', to: 'ACTIVE' };
/** When the log begins. */
const START = 1_790_000_000_000;

test('the log that is changed here is the one that it is taken for', () => {
  expect(kindsOf(entries)).toEqual([
    'LOG_OPENED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'RECEIVE_STARTED', 'MESSAGE_SENT', 'MESSAGE_RECEIVED', 'TOOL_CALLED', 'AGENT_SPAWNED', 'AGENT_ACTIVATED', 'MEMORY_SET',
    'TOOL_CALLED', 'TOOL_CALLED', 'TOOL_RESULT', 'RECEIVE_STARTED', 'TOOL_RESULT', 'TOOL_RESULT', 'SHARED_WRITTEN', 'MESSAGE_SENT', 'MESSAGE_RECEIVED', 'SLEEP_STARTED',
    'AGENT_COMPLETED', 'AGENT_TERMINATED', 'TIMER_FIRED', 'MEMORY_SET', 'TOOL_CALLED', 'TOOL_RESULT', 'APPROVAL_REQUESTED', 'APPROVAL_DECIDED', 'TOOL_CALLED', 'TOOL_RESULT',
    'MEMORY_SET', 'AGENT_COMPLETED', 'AGENT_TERMINATED',
  ]);
  expect(entries[0]!.time).toBe(START);
});

describe('a log that was changed, its chain mended, diverges', () => {
  test.each<[name: string, change: Change, told: Told]>([
    ['where two concurrent results of an agent changed places', swap(14, 15), {
      at: [14, 'planner', 1], expected: 'TOOL_RESULT', actual: 'TOOL_RESULT', differences: [['$.transition', RESUMED, null]],
    }],
    ['where a program shows the contents of two concurrent results that were swapped', (all) => {
      const [one, other] = [structuredClone(all[14]!.data as Data), structuredClone(all[15]!.data as Data)];
      inEntry(14, (data) => { data['result'] = other['result']; })(all);
      inEntry(15, (data) => { data['result'] = one['result']; })(all);
    }, {
      at: [31, 'planner', 5], expected: { op: 'RETURN', value: RETURNED }, actual: { op: 'RETURN', value: [null, [{ seen: 'SOUTH' }, { seen: 'NORTH' }], ...RETURNED.slice(2)] },
      differences: [['$.result[1][0].seen', 'NORTH', 'SOUTH'], ['$.result[1][1].seen', 'SOUTH', 'NORTH']],
    }],
    ['where the results of two agents changed places', swap(12, 14), {
      at: [13, 'listener', 3], expected: { op: 'RECEIVE', filter: {} }, actual: null, differences: [],
    }],
    ['where the results of two agents were swapped', (all) => {
      const [one, other] = [structuredClone(all[12]!.data as Data), structuredClone(all[14]!.data as Data)];
      inEntry(12, (data) => { data['result'] = other['result']; })(all);
      inEntry(14, (data) => { data['result'] = one['result']; })(all);
    }, {
      at: [20, 'listener', 4], expected: { op: 'RETURN', value: { order: 'east', seen: { seen: 'EAST' }, body: { go: 'south' } } },
      actual: { op: 'RETURN', value: { order: 'east', seen: { seen: 'NORTH' }, body: { go: 'south' } } }, differences: [['$.result.seen.seen', 'EAST', 'NORTH']],
    }],
    ['where a program shows a result of another value', inEntry(12, (data) => { data['result'].value.seen = 'WEST'; }), {
      at: [20, 'listener', 4], expected: { op: 'RETURN', value: { order: 'east', seen: { seen: 'EAST' }, body: { go: 'south' } } },
      actual: { op: 'RETURN', value: { order: 'east', seen: { seen: 'WEST' }, body: { go: 'south' } } }, differences: [['$.result.seen.seen', 'EAST', 'WEST']],
    }],
    ['where a program shows an error of another code', inEntry(25, (data) => { data['result'].error.code = 'OTHER'; }), {
      at: [31, 'planner', 5], expected: { op: 'RETURN', value: RETURNED }, actual: { op: 'RETURN', value: [...RETURNED.slice(0, 6), 'OTHER', ...RETURNED.slice(7)] },
      differences: [['$.result[6]', 'NOTHING_THERE', 'OTHER']],
    }],
    ['after a result that was taken out', (all) => { all.splice(15, 1); }, { at: [15, 'planner', 2], expected: PLAN, actual: null, differences: [] }],
    ['at a result that was put in once more', (all) => { all.splice(15, 0, all[14]!); }, { at: [15, 'planner', 1], expected: 'TOOL_RESULT', actual: null, differences: [] }],
    ['at a result that was put in once more when its agent had gone on', (all) => { all.splice(20, 0, all[15]!); }, { at: [20, 'planner', 1], expected: 'TOOL_RESULT', actual: null, differences: [] }],
    ['at another transition', inEntry(12, (data) => { data['transition'].to = 'FAULTED'; }), {
      at: [12, 'listener', 2], expected: 'TOOL_RESULT', actual: 'TOOL_RESULT', differences: [['$.transition.to', 'FAULTED', 'ACTIVE']],
    }],
    ['at a transition that was taken out', inEntry(10, (data) => { delete data['transition']; }), {
      at: [10, 'planner', 1], expected: lookAt('north'), actual: lookAt('north'), differences: [['$.transition', null, { trigger: 'await_tool', to: 'WAITING' }]],
    }],
    ['at a result of another agent', inEntry(12, (_data, entry) => { entry['agent'] = 'planner'; }), { at: [12, 'planner', 2], expected: 'TOOL_RESULT', actual: null, differences: [] }],
    ['at an act of another agent', inEntry(16, (_data, entry) => { entry['agent'] = 'listener'; }), { at: [16, 'listener', 2], expected: PLAN, actual: PLAN, differences: [] }],
    ['where a program shows another time', inEntry(22, (_data, entry) => { entry['time']++; }), {
      at: [23, 'planner', 3], expected: woke(START + 10), actual: woke(START + 11), differences: [['$.value', START + 10, START + 11]],
    }],
    ['at a permission by a grant that nobody has', inEntry(16, (data) => { data['permission'].by = 'grant 7 write:**'; }), {
      at: [16, 'planner', 2], expected: PLAN, actual: PLAN, differences: [['$.permission.by', 'grant 7 write:**', 'grant 2 write:shared:team/*']],
    }],
    ['at a question that is said to have been allowed', inEntry(26, (data) => { data['permission'] = { decision: 'ALLOW', by: 'grant 0 call:*' }; }), {
      at: [26, 'planner', 4], expected: WIPE, actual: WIPE, differences: [['$.permission.decision', 'ALLOW', 'ESCALATE'], ['$.permission.by', 'grant 0 call:*', 'policy careful']],
    }],
    ['at a call of which nobody was asked, though somebody had to be', (all) => {
      all.splice(26, 2);
      inEntry(26, (data) => { Object.assign(data, { permission: { decision: 'ALLOW', by: 'grant 0 call:*' }, transition: { trigger: 'await_tool', to: 'WAITING' } }); })(all);
    }, { at: [26, 'planner', 4], expected: WIPE, actual: WIPE, differences: [] }],
    ['at an act that the agent had no grant for', inEntry(7, (data) => { data['token'].grants.pop(); }), {
      at: [16, 'planner', 2], expected: PLAN, actual: { op: 'WRITE', code: 'PERMISSION_DENIED' }, differences: [],
    }],
    ['at an act that a policy of the log forbids', inEntry(0, (data) => { data['config'].policies[0] = { name: 'never', effect: 'DENY', action: 'write', resource: 'shared:**' }; }), {
      at: [16, 'planner', 2], expected: PLAN, actual: { op: 'WRITE', code: 'PERMISSION_DENIED' }, differences: [],
    }],
    ['at a message that says another thing than the one that was sent', inEntry(18, (data) => { data['result'].value.body.go = 'north'; }), {
      at: [18, 'listener', 3], expected: { op: 'RECEIVE', message: 17 }, actual: { op: 'RECEIVE', message: 17 }, differences: [['$.result.value.body.go', 'north', 'south']],
    }],
    ['at a message that no program sent', (all) => { all.splice(17, 0, { ...all[17]!, data: { ...all[17]!.data, body: 'forged' } } as Entry); }, {
      at: [17, 'planner', 2], expected: send('forged'), actual: send({ go: 'south' }), differences: [['$.body', 'forged', { go: 'south' }]],
    }],
    ['at a message of an operator that came in the middle of a tick', (all) => { all.splice(17, 0, all[4]!); }, {
      at: [17, null, null], expected: send('east', 'orders'), actual: send({ go: 'south' }), differences: [],
    }],
    ['at what a program does with a message that no operator sent', (all) => { all.splice(12, 0, { ...all[4]!, data: { ...all[4]!.data, channel: 'default' } } as Entry); }, {
      at: [14, 'listener', 3], expected: { op: 'RECEIVE', filter: {} }, actual: { op: 'RECEIVE', message: 12 }, differences: [],
    }],
  ])('%s', async (_name, change, expected) => {
    expect(told(await replayed(change))).toEqual(expected);
  });
});

describe('a program that does one thing otherwise diverges', () => {
  /** The cast, one of whose programs has other steps. */
  function otherwise(change: (steps: Step[]) => void, end?: (seen: unknown[]) => unknown): { agents: AgentDefinition[] } {
    const steps = [...STEPS];
    change(steps);
    return { agents: [planner(steps, end), listener] };
  }
  const replaced = (at: number, step: Step) => (steps: Step[]): void => { steps[at] = step; };
  const added = (at: number, step: Step) => (steps: Step[]): void => { steps.splice(at, 0, step); };
  const removed = (at: number) => (steps: Step[]): void => { steps.splice(at, 1); };
  const note: Step = (ctx) => ctx.memory.set('new', 1);
  const NOTE = { op: 'WRITE', store: 'persistent', key: 'new', value: 1 };
  const unchanged = (): void => undefined;
  const stuck = (): never => { throw new OmniError('STUCK', 'There is no way.'); };

  test.each<[name: string, cast: { agents: AgentDefinition[] }, told: Told]>([
    ['at its first instruction', otherwise(replaced(0, (ctx) => ctx.memory.set('begun', false))), {
      at: [9, 'planner', 1], expected: BEGUN, actual: { ...BEGUN, value: false }, differences: [['$.value', true, false]],
    }],
    ['at its first instruction, of another kind', otherwise(replaced(0, (ctx) => ctx.sleep(1))), { at: [9, 'planner', 1], expected: BEGUN, actual: sleep(START + 1), differences: [] }],
    ['at one in the middle', otherwise(replaced(3, (ctx) => ctx.send('listener', { go: 'north' }))), {
      at: [17, 'planner', 2], expected: send({ go: 'south' }), actual: send({ go: 'north' }), differences: [['$.body.go', 'south', 'north']],
    }],
    ['at its last instruction', otherwise(replaced(8, (ctx) => ctx.memory.set('over', true))), {
      at: [30, 'planner', 5], expected: ENDED, actual: { ...ENDED, key: 'over' }, differences: [['$.key', 'ended', 'over']],
    }],
    ['at another argument of a tool', otherwise(replaced(6, (ctx) => ctx.tool(look, { at: 'home' }))), {
      at: [24, 'planner', 3], expected: lookAt('nowhere'), actual: lookAt('home'), differences: [['$.args.at', 'nowhere', 'home']],
    }],
    ['at another tool', otherwise(replaced(6, (ctx) => ctx.tool(wipe, {}))), { at: [24, 'planner', 3], expected: lookAt('nowhere'), actual: WIPE, differences: [] }],
    ['at two instructions in another order', otherwise((steps) => { [steps[2], steps[3]] = [steps[3]!, steps[2]!]; }), {
      at: [16, 'planner', 2], expected: PLAN, actual: send({ go: 'south' }), differences: [],
    }],
    ['at two concurrent calls in another order', otherwise(replaced(1, (ctx) => ctx.all([ctx.tool(look, { at: 'south' }), ctx.tool(look, { at: 'north' })]))), {
      at: [10, 'planner', 1], expected: lookAt('north'), actual: lookAt('south'), differences: [['$.args.at', 'north', 'south']],
    }],
    ['at one more at the beginning', otherwise(added(0, note)), { at: [9, 'planner', 1], expected: BEGUN, actual: NOTE, differences: [['$.key', 'begun', 'new'], ['$.value', true, 1]] }],
    ['at one more in the middle', otherwise(added(5, note)), {
      at: [23, 'planner', 3], expected: woke(START + 10), actual: NOTE, differences: [['$.key', 'woke', 'new'], ['$.value', START + 10, 1]],
    }],
    ['at one more at the end', otherwise(added(9, note)), { at: [31, 'planner', 5], expected: { op: 'RETURN', value: RETURNED }, actual: NOTE, differences: [] }],
    ['at one more of several at once, where a tick ends', otherwise(replaced(1, (ctx) => ctx.all([ctx.tool(look, { at: 'north' }), ctx.tool(look, { at: 'south' }), ctx.tool(look, { at: 'west' })]))), {
      at: [12, 'planner', 1], expected: 'TOOL_RESULT', actual: lookAt('west'), differences: [],
    }],
    ['at one more of several at once, where the last tick of all waits', otherwise(replaced(7, (ctx) => ctx.all([ctx.tool(wipe, {}), note(ctx)]))), {
      at: [27, 'planner', 4], expected: 'APPROVAL_DECIDED', actual: NOTE, differences: [],
    }],
    ['at a read that it did not make, of which the log shows the place alone', otherwise(added(1, (ctx) => ctx.memory.get('begun'))), {
      at: [10, 'planner', 1], expected: lookAt('north'), actual: lookAt('north'), differences: [['$.call', 1, 2]],
    }],
    ['at one less at the beginning', otherwise(removed(0)), { at: [9, 'planner', 1], expected: BEGUN, actual: lookAt('north'), differences: [] }],
    ['at one less in the middle', otherwise(removed(4)), { at: [19, 'planner', 2], expected: sleep(START + 10), actual: woke(START), differences: [] }],
    ['at one less at the end', otherwise(removed(8)), { at: [30, 'planner', 5], expected: ENDED, actual: { op: 'RETURN', value: RETURNED.slice(0, 8) }, differences: [] }],
    ['at another result', otherwise(unchanged, () => 'done'), {
      at: [31, 'planner', 5], expected: { op: 'RETURN', value: RETURNED }, actual: { op: 'RETURN', value: 'done' }, differences: [['$.result', RETURNED, 'done']],
    }],
    ['at an error in place of its result', otherwise(unchanged, stuck), { at: [31, 'planner', 5], expected: { op: 'RETURN', value: RETURNED }, actual: { op: 'THROW', code: 'STUCK' }, differences: [] }],
    ['at an error in place of an instruction', otherwise((steps) => { steps.splice(4); }, stuck), { at: [19, 'planner', 2], expected: sleep(START + 10), actual: { op: 'THROW', code: 'STUCK' }, differences: [] }],
  ])('%s', async (_name, cast, expected) => {
    expect(told(await replayed(unchanged, cast))).toEqual(expected);
  });
});

describe('a tool that has changed', () => {
  const lookWith = (input: typeof look.input, description = look.description): readonly Tool[] => [
    defineTool({ name: 'look', description, input, run: () => { throw new Error('A tool runs in a replay.'); } }), wipe,
  ];
  const none = (): void => undefined;

  test('in its schema diverges at its first call, and both digests are named', async () => {
    const report = await replayed(none, { tools: lookWith(z.object({ at: z.string().min(1) })) });
    expect(told(report)).toEqual({ at: [6, 'listener', 2], expected: lookAt('east'), actual: lookAt('east'), differences: [] });
    const [changed, ...others] = report.changed;
    expect([changed!.what, changed!.name, others]).toEqual(['schema', 'look', []]);
    expect(changed!.recorded!.digest).not.toBe(changed!.present!.digest);
    expect(report.divergence!.message).toContain(`The schemas of tool "look" are not what they were when it was called: recorded ${changed!.recorded!.digest!}, present ${changed!.present!.digest!}.`);
  });

  test('in its version alone is named, and diverges nowhere', async () => {
    const report = await replayed(none, { tools: [defineTool({ name: 'look', description: look.description, input: look.input, version: '2', run: () => 'never' }), wipe] });
    expect(report).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'tool', name: 'look' }] });
  });

  test('in its schema while the log was written reproduces the log with the tool that it has by now', async () => {
    const [old, current, next] = [tools, lookWith(z.object({ at: z.string().min(1) })), lookWith(z.object({ at: z.string().min(2) }))] as const;
    const store = await recorded();
    const { kernel, until } = await boot({ log: store, agents: [planner(), listener], tools: current, policies });
    kernel.spawn(listener, null, { id: 'later', grants: ['call:look'] });
    kernel.send('later', 'north', 'orders');
    await until(kernel.stop());
    const cast = { agents: [planner(), listener] };

    const report = await replay(store, { ...cast, tools: current });
    expect(report).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'schema', name: 'look' }] });
    for (const others of [old, next]) {
      const { divergence, changed } = await replay(store, { ...cast, tools: others });
      const { recorded: last, present } = changed.at(-1)!;
      expect(divergence).toMatchObject({ agent: others === old ? 'later' : 'listener', expected: { kind: 'TOOL_CALLED' } });
      expect(divergence!.message).toContain(`The schemas of tool "look" are not what they were when it was called: recorded ${last!.digest!}, present ${present!.digest!}.`);
      expect(last!.digest).toBe(report.changed[0]!.present!.digest);
      expect(changed).toHaveLength(others === old ? 1 : 2);
    }
  });

  test('in its schema is not what a log diverges by that has diverged before', async () => {
    const report = await replayed(inEntry(1, (data) => { data['more'] = 1; }), { tools: lookWith(z.object({ at: z.string().min(1) })) });
    expect(report).toMatchObject({ replay: 'DIVERGED', divergence: { busSeq: 1 } });
  });

  test('in a schema that has no JSON form diverges where it refuses what was recorded, and not before', async () => {
    const same = await replayed(none, { tools: lookWith(v.object({ at: v.string() })) });
    expect(same.replay).toBe('REPRODUCED');
    expect(same.changed).toMatchObject([{ what: 'tool', name: 'look' }]);
    const stricter = await replayed(none, { tools: lookWith(v.object({ at: v.pipe(v.string(), v.maxLength(5)) })) });
    expect(told(stricter)).toEqual({ at: [24, 'planner', 3], expected: lookAt('nowhere'), actual: { op: 'CALL_TOOL', code: 'TOOL_INPUT_INVALID' }, differences: [] });
  });

  test('in what it says of itself, or in what it does, reproduces the log all the same', async () => {
    const report = await replayed(none, { tools: lookWith(look.input, 'looks around') });
    expect(report).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'tool', name: 'look' }] });
    expect(await replayed(none, { tools: lookWith(look.input) })).toMatchObject({ replay: 'REPRODUCED', changed: [] });
  });

  test('and one that is missing is asked for by name', async () => {
    await expect(replayed(none, { tools: [wipe as Tool] })).rejects.toMatchObject({ code: 'TOOL_NOT_REGISTERED' });
    await expect(replayed(none, { agents: [listener] })).rejects.toMatchObject({ code: 'AGENT_TYPE_NOT_REGISTERED' });
  });
});

describe('an extension that has changed', () => {
  /** Warns of each message. */
  const warning = (version: string, limit = 0): Extension => ({
    name: 'warner', version,
    guard: { review: ({ kind }) => (kind === 'MESSAGE_SENT' ? { verdict: 'warn', record: { kind: 'MESSAGE_NOTED', data: { limit } } } : undefined) },
  });
  const none = (): void => undefined;
  const noted = 'MESSAGE_NOTED';

  test('diverges at what it says now, and is named', async () => {
    entries = await entriesOf(await recorded([warning('1')]));
    expect(await replayed(none, { extensions: [warning('1')] })).toMatchObject({ replay: 'REPRODUCED', changed: [] });
    const report = await replayed(none, { extensions: [warning('2', 5)] });
    expect(told(report)).toEqual({ at: [17, 'planner', null], expected: noted, actual: noted, differences: [['$.limit', 0, 5]] });
    expect(report.changed).toEqual([{ what: 'extension', name: 'warner', recorded: { version: '1' }, present: { version: '2' } }]);
  });

  test('and one that is missing diverges at what it has said', async () => {
    entries = await entriesOf(await recorded([warning('1')]));
    const report = await replayed(none);
    expect(told(report)).toEqual({ at: [17, 'planner', 2], expected: noted, actual: send({ go: 'south' }), differences: [] });
    expect(report.changed).toEqual([{ what: 'extension', name: 'warner', recorded: { version: '1' }, present: null }]);
  });

  test('reproduces the log if it has decided nothing', async () => {
    entries = await entriesOf(await recorded([{ name: 'watcher', observer: {} }]));
    expect(await replayed(none)).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'extension', name: 'watcher', present: null }] });
  });
});

describe('nothing diverges', () => {
  const none = (): void => undefined;

  test('when results of an agent came in the other order, and each says what is true of it there', async () => {
    const report = await replayed((all) => {
      swap(14, 15)(all);
      inEntry(14, (data) => { delete data['transition']; })(all);
      inEntry(15, (data) => { data['transition'] = RESUMED; })(all);
    });
    expect(report.replay).toBe('REPRODUCED');
  });

  test('however long each tool takes', async () => {
    const order: string[] = [];
    for (let round = 0; round < 24; round++) {
      const time = new VirtualTime();
      const slow = defineTool({ name: 'slow', description: '', input: unchecked<{ n: number }>(), run: async ({ n }) => {
        await time.sleep((n * (round + 3)) % 7);
        return n;
      } });
      const caller = defineAgent('caller', function* (ctx, first: number) {
        const answers = yield* ctx.all([first, first + 1, first + 2].map((n) => ctx.tool(slow, { n })));
        yield* ctx.memory.set('sum', answers.reduce((sum, n) => sum + n, 0));
        return yield* ctx.tool(slow, { n: answers[0]! });
      });
      const { kernel, store, until } = await boot({ agents: [caller], tools: [slow], time });
      await until(Promise.all([1, 2, 3].map((n) => kernel.spawn(caller, n * 5, { grants: ['call:slow'] }).result())));
      await until(kernel.stop());
      order.push((await entriesOf(store)).filter(({ kind }) => kind === 'TOOL_RESULT').map(({ agent, data }) => `${agent}/${(data as Data)['call']}`).join());
      expect(await replay(store, { agents: [caller], tools: [slow] })).toMatchObject({ replay: 'REPRODUCED', changed: [] });
    }
    expect(new Set(order).size).toBeGreaterThan(3);
  });

  test('by a program of another text that does the same', async () => {
    const rewritten = defineAgent('planner', function* (ctx) {
      // Another text: nothing of it is in the log but what it does.
      const seen: unknown[] = [];
      for (const [, step] of STEPS.entries()) seen.push(yield* (function* () { try { return (yield* step(ctx)) ?? null; } catch (error) { return codeOf(error); } })());
      return [...seen];
    }) as AgentDefinition;
    const report = await replayed(none, { agents: [rewritten, listener] });
    expect(report).toMatchObject({ replay: 'REPRODUCED', changed: [{ what: 'program', name: 'planner' }] });
  });

  test.each<[name: string, change: Change]>([
    ['by what an error says in words', inEntry(25, (data) => { data['result'].error.message = 'Nobody is there.'; })],
    ['by a time that no program is shown', inEntry(24, (_data, entry) => { entry['time']++; })],
    ['by the number of a version of the kernel', inEntry(0, (data) => { data['kernelVersion'] = '9.9.9'; })],
  ])('%s', async (_name, change) => {
    expect((await replayed(change)).replay).toBe('REPRODUCED');
  });
});
