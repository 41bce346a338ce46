import { defineAgent, defineTool, OmniError, replay, unchecked, type AgentContext, type AgentDefinition, type Divergence, type Entry, type Extension, type Json, type JsonObject, type MemoryLogStore, type Operation, type Policy, type ReplayReport, type Tool } from '@omnipaw/kernel';
import * as v from 'valibot';
import { beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { boot, entriesOf } from '../support/index.js';
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
  return defineAgent('planner', function* (ctx) {
    const seen: unknown[] = [];
    for (const step of steps) {
      try {
        seen.push((yield* step(ctx)) ?? null);
      } catch (error) {
        seen.push(codeOf(error));
      }
    }
    return end(seen);
  }) as AgentDefinition;
}
const listener = defineAgent('listener', function* (ctx) {
  const { body: order } = yield* ctx.receive({ channel: 'orders' });
  const seen = yield* ctx.tool(look, { at: String(order) });
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

const cast = { agents: [planner(), listener], tools };

/** A kind and what follows from it, in short. */
function brief({ busSeq, agent, tick, message, expected, actual, differences }: Divergence): unknown {
  const side = (said: Divergence['actual']): unknown => (said === null ? null : said.instruction ?? said.kind);
  return { at: [busSeq, agent, tick], expected: side(expected), actual: side(actual), differences: differences.map(({ path, expected: before, actual: after }) => [path, before, after]), message };
}

type Change = (entries: Entry[]) => void;
const at = (seq: number, change: (data: JsonObject & Record<string, any>) => void): Change => (all) => {
  all[seq] = structuredClone(all[seq]!);
  change(all[seq].data as never);
};
async function show(name: string, change: Change, other: Partial<typeof cast> = {}) {
  const changed = [...entries];
  change(changed);
  const report = await replay(rechained(changed), { ...cast, ...other });
  console.log(name, report.replay, report.entries, JSON.stringify(report.divergence && brief(report.divergence)), JSON.stringify(report.changed));
}
const none: Change = () => undefined;
const swap = (a: number, b: number): Change => (all) => { [all[a], all[b]] = [all[b]!, all[a]!]; };
const steps = (change: (steps: Step[]) => void, end?: any) => { const copy = [...STEPS]; change(copy); return { agents: [planner(copy, end), listener] }; };
test('x', async () => {
  await show('nothing', none);
  await show('swap places', swap(14, 15));
  await show('swap contents', (all) => { const [a, b] = [all[14]!, all[15]!] as any[]; all[14] = { ...a, data: { ...a.data, result: b.data.result } }; all[15] = { ...b, data: { ...b.data, result: a.data.result } }; });
  await show('swap places of two agents', swap(12, 14));
  await show('swap places of two agents 2', swap(12, 15));
  await show('value', at(12, (d) => { d.result.value.seen = 'WEST'; }));
  await show('code', at(25, (d) => { d.result.error.code = 'OTHER'; }));
  await show('class', at(25, (d) => { d.result.error.failureClass = 'TRANSIENT'; }));
  await show('message', at(25, (d) => { d.result.error.message = 'Other'; }));
  await show('removed', (all) => { all.splice(15, 1); });
  await show('removed last-but', (all) => { all.splice(29, 1); });
  await show('duplicate', (all) => { all.splice(15, 0, all[14]!); });
  await show('duplicate after', (all) => { all.splice(16, 0, all[15]!); });
  await show('transition', at(12, (d) => { d.transition.to = 'FAULTED'; }));
  await show('agent', (all) => { all[12] = { ...all[12]!, agent: 'planner' } as Entry; });
  await show('agent of write', (all) => { all[16] = { ...all[16]!, agent: 'listener' } as Entry; });
  await show('time', (all) => { all[22] = { ...all[22]!, time: all[22]!.time + 1 }; });
  await show('time nobody sees', (all) => { all[25] = { ...all[25]!, time: all[25]!.time + 1 }; });
  await show('by', at(16, (d) => { d.permission.by = 'grant 7 write:**'; }));
  await show('allow', at(26, (d) => { d.permission = { decision: 'ALLOW', by: 'grant 0 call:*' }; }));
  await show('allow2', (all) => { all.splice(26, 2); all[26] = { ...all[26]!, data: { ...all[26]!.data, permission: { decision: 'ALLOW', by: 'grant 0 call:*' }, transition: { trigger: 'await_tool', to: 'WAITING' } } } as never; });
  await show('message', at(18, (d) => { d.result.value.body.go = 'north'; }));
  await show('message inserted', (all) => { all.splice(17, 0, { ...all[17]!, data: { ...all[17]!.data, body: 'forged' } } as never); });
  await show('operator message inserted mid tick', (all) => { all.splice(17, 0, { ...all[4]!, data: { ...all[4]!.data, body: 'forged' } } as never); });
  await show('operator message inserted', (all) => { all.splice(12, 0, { ...all[4]!, data: { ...all[4]!.data, channel: 'default', body: 'forged' } } as never); });
  await show('grants at spawn', at(7, (d) => { d.token.grants.pop(); }));
  await show('first step', none, steps((s) => { s[0] = (ctx) => ctx.memory.set('begun', false); }));
  await show('first step op', none, steps((s) => { s[0] = (ctx) => ctx.sleep(1); }));
  await show('middle', none, steps((s) => { s[3] = (ctx) => ctx.send('listener', { go: 'north' }); }));
  await show('last', none, steps((s) => { s[8] = (ctx) => ctx.memory.set('over', true); }));
  await show('arg', none, steps((s) => { s[6] = (ctx) => ctx.tool(look, { at: 'home' }); }));
  await show('tool', none, steps((s) => { s[6] = (ctx) => ctx.tool(wipe, {}); }));
  await show('swapped', none, steps((s) => { [s[2], s[3]] = [s[3]!, s[2]!]; }));
  await show('swapped in all', none, steps((s) => { s[1] = (ctx) => ctx.all([ctx.tool(look, { at: 'south' }), ctx.tool(look, { at: 'north' })]); }));
  await show('added first', none, steps((s) => { s.unshift((ctx) => ctx.memory.set('new', 1)); }));
  await show('added', none, steps((s) => { s.splice(5, 0, (ctx) => ctx.memory.set('new', 1)); }));
  await show('added last', none, steps((s) => { s.push((ctx) => ctx.memory.set('new', 1)); }));
  await show('added in all', none, steps((s) => { s[1] = (ctx) => ctx.all([ctx.tool(look, { at: 'north' }), ctx.tool(look, { at: 'south' }), ctx.tool(look, { at: 'west' })]); }));
  await show('removed', none, steps((s) => { s.splice(4, 1); }));
  await show('removed first', none, steps((s) => { s.shift(); }));
  await show('removed last', none, steps((s) => { s.pop(); }));
  await show('return', none, steps(() => undefined, () => 'done'));
  await show('throw', none, steps(() => undefined, () => { throw new OmniError('STUCK', 'no'); }));
  await show('throw early', none, steps((s) => { s.splice(4); }, () => { throw new OmniError('STUCK', 'no'); }));
  await show('mem read', none, steps((s) => { s.splice(1, 0, (ctx) => ctx.memory.get('begun')); }, (seen: any[]) => seen.filter((_, i) => i !== 1)));
  await show('policies', (all) => { all[0] = structuredClone(all[0]!); (all[0] as any).data.config.policies = []; });
  const other = defineTool({ ...look, name: 'look', description: 'OTHER', input: z.object({ at: z.string() }), run: () => 1 });
  await show('description', none, { tools: [other, wipe] as never });
  const schema = defineTool({ ...look, name: 'look', description: 'looks somewhere', input: z.object({ at: z.string().min(1) }), run: () => 1 });
  await show('schema', none, { tools: [schema, wipe] as never });
  const valibot = defineTool({ ...look, name: 'look', description: 'looks somewhere', input: v.object({ at: v.string() }), run: () => 1 });
  await show('valibot', none, { tools: [valibot, wipe] as never });
  const valibotStrict = defineTool({ ...look, name: 'look', description: 'looks somewhere', input: v.object({ at: v.pipe(v.string(), v.maxLength(5)) }), run: () => 1 });
  await show('valibot strict', none, { tools: [valibotStrict, wipe] as never });
});
