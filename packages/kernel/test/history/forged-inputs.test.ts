import { createKernel, defineAgent, defineTool, MemoryLogStore, nodePorts, OmniError, replay, unchecked, type AgentDefinition, type Entry, type Tool } from '@omnipaw/kernel';
import { VirtualTime } from '@omnipaw/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { entriesOf, kindsOf } from '../support/index.js';
import { rechained } from './story.js';

const time = new VirtualTime();
const slow = defineTool({ name: 'slow', description: '', input: unchecked<object>(), timeoutMs: 5, run: async () => {
  await time.sleep(8);
  return 'too late';
} });
let attempts = 0;
const flaky = defineTool({ name: 'flaky', description: '', input: unchecked<object>(), retry: { limit: 2, backoffMs: 4 }, run: (_args, { progress }) => {
  progress(['trying']);
  if (++attempts < 3) throw new OmniError('BUSY', 'Try again.', { failureClass: 'TRANSIENT' });
  return 'at last';
} });
const pay = defineTool({ name: 'pay', description: '', input: unchecked<object>(), run: () => 'paid' });
const endless = defineTool({ name: 'endless', description: '', input: unchecked<object>(), run: async () => {
  await time.sleep(1_000);
  return 'nobody waits';
} });
const tools = [slow, flaky, pay, endless] as readonly Tool[];

const worker = defineAgent('worker', function* (ctx) {
  const codes: string[] = [];
  for (const step of [ctx.tool(slow, {}), ctx.receive({ timeoutMs: 20 }), ctx.tool(pay, {})]) {
    try { yield* step; } catch (error) { codes.push((error as OmniError).code); }
  }
  const last = yield* ctx.tool(flaky, {});
  yield* ctx.sleep(10);
  const { body } = yield* ctx.receive<string>();
  return { codes, last, body };
}) as AgentDefinition;
const idle = defineAgent('idle', function* (ctx) {
  return yield* ctx.tool(endless, {});
}) as AgentDefinition;
const agents = [worker, idle];
const policies = [{ name: 'ask', effect: 'ESCALATE', action: 'call', resource: 'pay', timeoutMs: 30 }] as const;

let entries: readonly Entry[];
beforeAll(async () => {
  const log = new MemoryLogStore();
  const until: VirtualTime['until'] = (promise) => time.until(promise);
  const start = (): ReturnType<typeof createKernel> => until(createKernel({ log, agents, tools, policies }, { ports: time.ports }));
  const kernel = await start();
  const working = kernel.spawn(worker, null, { id: 'worker', grants: ['call:*'], metadata: { of: 'a test' } });
  kernel.spawn(idle, null, { id: 'idle', grants: ['call:*'] });
  kernel.suspend('idle', 'a pause');
  kernel.resume('idle');
  await until(time.sleep(200));
  kernel.revoke('idle', 'not needed');
  kernel.send('worker', 'go on');
  await until(working.result());
  expect(() => { kernel.suspend('worker', 'too late'); }).toThrow(OmniError);
  await until(time.sleep(2_000));
  await until(kernel.stop());
  await until((await start()).stop());
  entries = await entriesOf(log);
});

/** What is forged: a forger knows no types. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Data = Record<string, any>;
type Forge = (all: Entry[]) => void;

function at(kind: Entry['kind'], agent?: string): number {
  const index = entries.findIndex((entry) => entry.kind === kind && (agent === undefined || entry.agent === agent));
  if (index < 0) throw new Error(`There is no ${kind}.`);
  return index;
}

function inThe(kind: Entry['kind'], change: (data: Data, entry: Data) => void): Forge {
  return (all) => {
    const entry = structuredClone(all[at(kind)]!);
    change(entry.data, entry);
    all[at(kind)] = entry;
  };
}

/** Puts in an entry behind the first one of a kind. */
function behind(kind: Entry['kind'], forged: { readonly kind: string; readonly agent: string | null; readonly data: Data }): Forge {
  return (all) => { all.splice(at(kind) + 1, 0, { ...all[at(kind)]!, ...forged } as unknown as Entry); };
}

/** Puts in the first entry of a kind once more, behind that of another one. */
function moreOf(kind: Entry['kind'], place: Entry['kind']): Forge {
  return (all) => { all.splice(at(place) + 1, 0, { ...all[at(place)]!, kind, agent: all[at(kind)]!.agent, data: all[at(kind)]!.data } as Entry); };
}

async function replayed(forge: Forge): Promise<{ readonly verdict: string; readonly at: readonly unknown[]; readonly message: string }> {
  const forged = [...entries];
  forge(forged);
  const { replay: verdict, divergence } = await replay(rechained(forged), { agents, tools });
  const { busSeq, expected, message = '' } = divergence ?? {};
  return { verdict, at: [busSeq, expected?.kind], message };
}

const by = (name: string) => (data: Data): void => { data[name] = 'forged'; };
const more = by('more');

test('the log that is forged here has inputs of every kind, and is reproduced as it is', async () => {
  const kinds = new Set(kindsOf(entries));
  for (const kind of ['LOG_OPENED', 'KERNEL_STARTED', 'AGENT_SPAWNED', 'AGENT_MOVED', 'MESSAGE_SENT', 'TOOL_RESULT', 'TOOL_RETRIED', 'TOOL_ATTEMPTED', 'TOOL_PROGRESS', 'TIMER_FIRED', 'APPROVAL_DECIDED', 'COMMAND_GIVEN', 'TRANSITION_REFUSED', 'STALE_RESULT'] as const) {
    expect(kinds).toContain(kind);
  }
  expect(kindsOf(entries).filter((kind) => kind === 'STALE_RESULT')).toHaveLength(2);
  expect(await replayed(() => undefined)).toMatchObject({ verdict: 'REPRODUCED' });
});

describe('an input that no kernel can have written diverges', () => {
  test.each<[name: string, forge: Forge, kind: Entry['kind'], message: string]>([
    ['a sleep that is said to have a value', inThe('TIMER_FIRED', (data) => { data['result'] = { ok: true, value: 'forged' }; }), 'TIMER_FIRED', '$.result'],
    ['a timer before its time', inThe('TIMER_FIRED', (_data, entry) => { entry['time'] -= 5; }), 'TIMER_FIRED', 'Its time had not come.'],
    ['a timer of a tool', (all) => {
      const { tick, call } = all[at('TOOL_CALLED')]!.data as Data;
      behind('TOOL_CALLED', { kind: 'TIMER_FIRED', agent: 'worker', data: { tick, call, result: { ok: true, value: null } } })(all);
    }, 'TIMER_FIRED', 'No call waits for it.'],
    ['a stale result of a call that never was', behind('TIMER_FIRED', { kind: 'STALE_RESULT', agent: 'worker', data: { tick: 77, call: 9, tool: 'slow', outcome: { ok: true, value: 1 } } }), 'STALE_RESULT', 'No call could have given it.'],
    ['a stale result of an agent that never was', behind('TIMER_FIRED', { kind: 'STALE_RESULT', agent: 'mallory', data: { tick: 1, call: 0, tool: 'slow', outcome: { ok: true, value: 1 } } }), 'STALE_RESULT', 'No call could have given it.'],
    ['a stale result of another tool', inThe('STALE_RESULT', (data) => { data['tool'] = 'pay'; }), 'STALE_RESULT', 'No call could have given it.'],
    ['a stale result once more', (all) => { all.splice(at('STALE_RESULT'), 0, all[at('STALE_RESULT')]!); }, 'STALE_RESULT', 'No call could have given it.'],
    ['a retry of a call that is not open', moreOf('TOOL_RETRIED', 'TIMER_FIRED'), 'TOOL_RETRIED', 'No call waits for it.'],
    ['a retry while nothing is tried', moreOf('TOOL_RETRIED', 'TOOL_RETRIED'), 'TOOL_RETRIED', 'No call waits for it.'],
    ['a retry of another attempt', inThe('TOOL_RETRIED', (data) => { data['attempt'] = 7; }), 'TOOL_RETRIED', '$.attempt'],
    ['a retry after what failed for good', inThe('TOOL_RETRIED', (data) => { data['error'].failureClass = 'PERMANENT'; }), 'TOOL_RETRIED', '$.error.failureClass'],
    ['an attempt of a call that is not open', moreOf('TOOL_ATTEMPTED', 'TIMER_FIRED'), 'TOOL_ATTEMPTED', 'No call waits for it.'],
    ['an attempt once more', moreOf('TOOL_ATTEMPTED', 'TOOL_ATTEMPTED'), 'TOOL_ATTEMPTED', 'No call waits for it.'],
    ['an attempt with another number', inThe('TOOL_ATTEMPTED', (data) => { data['attempt'] = 5; }), 'TOOL_ATTEMPTED', '$.attempt'],
    ['progress of a call that is not open', moreOf('TOOL_PROGRESS', 'TIMER_FIRED'), 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress of a call that never was', behind('TOOL_PROGRESS', { kind: 'TOOL_PROGRESS', agent: 'worker', data: { tick: 77, call: 0, tool: 'flaky', attempt: 1, value: 0 } }), 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress of an agent that never was', behind('TOOL_PROGRESS', { kind: 'TOOL_PROGRESS', agent: 'mallory', data: { tick: 1, call: 0, tool: 'flaky', attempt: 1, value: 0 } }), 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress of nobody', inThe('TOOL_PROGRESS', (_data, entry) => { entry['agent'] = null; }), 'TOOL_PROGRESS', 'It is about no agent.'],
    ['progress after the result', moreOf('TOOL_PROGRESS', 'SLEEP_STARTED'), 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress between two attempts', moreOf('TOOL_PROGRESS', 'TOOL_RETRIED'), 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress of what is no tool', (all) => {
      const { tick, call } = all[at('SLEEP_STARTED')]!.data as Data;
      behind('SLEEP_STARTED', { kind: 'TOOL_PROGRESS', agent: 'worker', data: { tick, call, tool: 'flaky', attempt: 1, value: 0 } })(all);
    }, 'TOOL_PROGRESS', 'No call waits for it.'],
    ['progress of another tool', inThe('TOOL_PROGRESS', (data) => { data['tool'] = 'pay'; }), 'TOOL_PROGRESS', '$.tool'],
    ['progress of another attempt', inThe('TOOL_PROGRESS', (data) => { data['attempt'] = 2; }), 'TOOL_PROGRESS', '$.attempt'],
    ['progress that says nothing', inThe('TOOL_PROGRESS', (data) => { delete data['value']; }), 'TOOL_PROGRESS', 'No kernel writes such a "value".'],
    ['a result of another tool', inThe('TOOL_RESULT', (data) => { data['tool'] = 'pay'; }), 'TOOL_RESULT', '$.tool'],
    ['a result that is none', inThe('TOOL_RESULT', (data) => { data['result'] = { ok: 'yes' }; }), 'TOOL_RESULT', 'No kernel writes such a "ok".'],
    ['a result with half an error', inThe('TOOL_RESULT', (data) => { data['result'] = { ok: false, error: { code: 'X' } }; }), 'TOOL_RESULT', 'No kernel writes such a "failureClass".'],
    ['a result that only the kernel can declare', inThe('TOOL_RESULT', (data) => { data['result'].error.failureClass = 'INVARIANT_BREACH'; }), 'TOOL_RESULT', 'No kernel writes such a "failureClass".'],
    ['a result that somebody is said to have given while the tool ran', inThe('TOOL_RESULT', by('by')), 'TOOL_RESULT', 'Nobody but the tool could say'],
    ['a log that is opened once more', moreOf('LOG_OPENED', 'TIMER_FIRED'), 'LOG_OPENED', 'A log is opened once, where it begins.'],
    ['a header of an agent', inThe('KERNEL_STARTED', (_data, entry) => { entry['agent'] = 'worker'; }), 'KERNEL_STARTED', 'now it is KERNEL_STARTED.'],
    ['a header without a configuration', inThe('KERNEL_STARTED', (data) => { data['config'] = null; }), 'KERNEL_STARTED', 'No kernel writes such a "config".'],
    ['a header without programs', inThe('LOG_OPENED', (data) => { data['programs'].worker = null; }), 'LOG_OPENED', 'No kernel writes such a "programs".'],
    ['a header whose policies are none, as the last entry', inThe('KERNEL_STARTED', (data) => { data['config'].policies = [null]; }), 'KERNEL_STARTED', 'nothing led to it now'],
    ['a tail that is cut in the middle', behind('TIMER_FIRED', { kind: 'LOG_TAIL_CUT', agent: null, data: { segment: 'x', byteOffset: 1, byteCount: 1 } }), 'LOG_TAIL_CUT', 'Only a kernel that starts'],
    ['a tail that is none', behind('KERNEL_STARTED', { kind: 'LOG_TAIL_CUT', agent: null, data: { segment: 'x', byteOffset: -5, byteCount: 'many' } }), 'LOG_TAIL_CUT', 'No kernel writes such a "byteOffset".'],
    ['a message that the kernel is said to have sent', inThe('MESSAGE_SENT', (data) => { data['permission'].by = 'kernel'; }), 'MESSAGE_SENT', '$.permission.by'],
    ['a message that a policy is said to have allowed', inThe('MESSAGE_SENT', (data) => { data['permission'].by = 'policy ask'; }), 'MESSAGE_SENT', '$.permission.by'],
    ['an answer in the name of the clock, before its time', inThe('APPROVAL_DECIDED', (_data, entry) => { entry['time'] -= 20; }), 'APPROVAL_DECIDED', 'Its time had not come.'],
    ['an answer of the clock with a reason of its own', inThe('APPROVAL_DECIDED', by('reason')), 'APPROVAL_DECIDED', '$.reason'],
    ['an answer of nobody', inThe('APPROVAL_DECIDED', by('decider')), 'APPROVAL_DECIDED', '$.decider'],
    ['an order that somebody else gave', inThe('COMMAND_GIVEN', by('by')), 'COMMAND_GIVEN', '$.by'],
    ['an order that nobody can give', inThe('COMMAND_GIVEN', by('command')), 'COMMAND_GIVEN', 'now it is TRANSITION_REFUSED'],
    ['a move that nobody can order', inThe('AGENT_MOVED', (data) => { data['transition'].trigger = 'recover'; }), 'AGENT_MOVED', 'Nobody can order "recover".'],
    ['a move for no reason', inThe('AGENT_MOVED', (data) => { delete data['reason']; }), 'AGENT_MOVED', '$.reason'],
    ['a message on no channel', inThe('MESSAGE_SENT', (data) => { data['channel'] = 5; }), 'MESSAGE_SENT', '$.channel'],
    ['a refusal of what nothing speaks against', moreOf('TRANSITION_REFUSED', 'TIMER_FIRED'), 'TRANSITION_REFUSED', 'AGENT_MOVED'],
    ['an agent without a seed', inThe('AGENT_SPAWNED', (data) => { data['seed'] = 5; }), 'AGENT_SPAWNED', 'No kernel writes such a "seed".'],
    ['an agent without a program', inThe('AGENT_SPAWNED', (data) => { data['program'] = null; }), 'AGENT_SPAWNED', 'No kernel writes such a "program".'],
    ['an agent with a limit that is none', inThe('AGENT_SPAWNED', (data) => { data['quota'] = { maxTicks: { soft: 5 } }; }), 'AGENT_SPAWNED', 'No kernel writes such a "quota".'],
    ['an agent with a grant that is none', inThe('AGENT_SPAWNED', (data) => { data['token'].grants = ['call:*']; }), 'AGENT_SPAWNED', '$.token.grants'],
    ['an agent that is none', inThe('AGENT_SPAWNED', (_data, entry) => { entry['agent'] = null; }), 'AGENT_SPAWNED', 'It is about no agent.'],
  ])('%s', async (_name, forge, kind, message) => {
    const told = await replayed(forge);
    expect([told.verdict, told.at[1]]).toEqual(['DIVERGED', kind]);
    expect(told.message).toContain(message);
  });

  const INPUTS = ['LOG_OPENED', 'KERNEL_STARTED', 'AGENT_SPAWNED', 'AGENT_MOVED', 'MESSAGE_SENT', 'TOOL_RESULT', 'TOOL_RETRIED', 'TOOL_ATTEMPTED', 'TOOL_PROGRESS', 'TIMER_FIRED', 'APPROVAL_DECIDED', 'COMMAND_GIVEN', 'TRANSITION_REFUSED', 'STALE_RESULT'] as const;
  test.each(INPUTS)('%s, with a field more, or with its fields in another order', async (kind) => {
    expect(await replayed(inThe(kind, more))).toMatchObject({ verdict: 'DIVERGED', at: [at(kind), kind] });
    const turned = await replayed((all) => { all[at(kind)] = { ...all[at(kind)]!, data: Object.fromEntries(Object.entries(all[at(kind)]!.data).reverse()) } as unknown as Entry; });
    expect(turned).toMatchObject({ verdict: 'DIVERGED', at: [at(kind), kind] });
    expect(turned.message).toContain('now it is the same, with the fields at $ in another order.');
  });
});

describe('what is written as no kernel writes it diverges', () => {
  /** Replays the log with something else in the text of an entry. */
  async function retyped(kind: Entry['kind'], what: string | RegExp, by: string): Promise<{ readonly verdict: string; readonly kind: unknown; readonly message: string }> {
    let prev = '0'.repeat(64);
    const lines = entries.map(({ time, agent, kind: of, data }, busSeq) => {
      const body = JSON.stringify({ busSeq, time, agent, kind: of, data, prev }).slice(0, -1);
      const text = busSeq === at(kind) ? body.replace(what, by) : body;
      expect(text !== body).toBe(busSeq === at(kind));
      prev = nodePorts.codec.sha256(text);
      return `${text},"hash":"${prev}"}\n`;
    });
    const log = new MemoryLogStore({ bytes: nodePorts.codec.utf8(lines.join('')), codec: nodePorts.codec });
    const { replay: verdict, divergence } = await replay(log, { agents, tools });
    return { verdict, kind: divergence?.expected.kind, message: divergence?.message ?? '' };
  }

  const deep = `${'['.repeat(262)}${']'.repeat(262)}`;
  test.each<[name: string, kind: Entry['kind'], what: string | RegExp, by: string, message: string]>([
    ['a space', 'AGENT_COMPLETED', '"tick":', '"tick": ', 'a kernel writes it in another form'],
    ['a space in an input', 'TOOL_RESULT', '"tick":', '"tick": ', 'a kernel writes it in another form'],
    ['a field that stands there twice', 'AGENT_COMPLETED', '"tick":', '"tick":7,"tick":', 'a kernel writes it in another form'],
    ['a number', 'SLEEP_STARTED', /"time":(\d+)/, '"time":$1.0', 'a kernel writes it in another form'],
    ['half of a character', 'AGENT_COMPLETED', '"at last"', '"\\ud800"', '$.result.last'],
    ['a zero below zero', 'AGENT_COMPLETED', '"at last"', '-0', '$.result.last'],
    ['what nests too deep', 'AGENT_COMPLETED', '"at last"', deep, '$.result.last'],
    ['what nests too deep in an input', 'AGENT_SPAWNED', '"input":null', `"input":${deep}`, 'nested deeper than'],
    ['half of a character in an input', 'AGENT_SPAWNED', '"input":null', '"input":"\\ud800"', 'a lone surrogate'],
    ['a question about nothing', 'SLEEP_STARTED', /"kind":"SLEEP_STARTED".*"prev"/, '"kind":"APPROVAL_REQUESTED","data":{"instruction":null},"prev"', 'APPROVAL_REQUESTED'],
  ])('%s', async (_name, kind, what, by, message) => {
    const told = await retyped(kind, what, by);
    expect(told.verdict).toBe('DIVERGED');
    expect(told.message).toContain(message);
  });
});
