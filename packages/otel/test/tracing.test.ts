import { trace } from '@opentelemetry/api';
import { AlwaysOffSampler, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import { createKernel, defineAgent, defineTool, MemoryLogStore, replay, unchecked, type LogStore, type OmniError } from '@omnipaw/kernel';
import { afterEach, describe, expect, test } from 'vitest';
import { otel, spanOf, traceHeaders } from '@omnipaw/otel';
import { AGENTS, TOOLS } from './support/cast.js';
import { entriesOf, treeOf, treeOfSpans } from './support/log-tree.js';
import { runLead } from './support/run.js';
import { register, unregister } from './support/sdk.js';

afterEach(unregister);

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${REMOTE.traceId}-${REMOTE.spanId}-01`;

describe('the spans of a run', () => {
  test('are the tree that the log says: agents, their ticks, calls and delegations, with what failed', async () => {
    const sdk = register();
    const log = await runLead({ extension: otel() });
    const tree = treeOfSpans(sdk.spans());
    expect(tree).toEqual(treeOf(await entriesOf(log)));
    expect(tree).toContain('invoke_agent lead lead-1');
    expect(tree.filter((line) => line.includes('execute_tool flaky'))).toHaveLength(2);
    expect(tree.filter((line) => line.endsWith('(GAVE_UP)'))).toHaveLength(2);
    expect(tree.filter((line) => line.endsWith('(OUT_OF_ORDER)'))).toHaveLength(1);
  });

  test('are one trace for an agent and all below it, and another one for another agent', async () => {
    const sdk = register();
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [idler], extensions: [otel()] });
    await Promise.all([kernel.spawn(idler, null).result(), kernel.spawn(idler, null).result()]);
    await kernel.stop();
    await runLead({ extension: otel() });
    const traces = new Map(sdk.spans().map(({ traceId, attributes }) => [traceId, attributes['omnipaw.agent.id']]));
    expect(traces.size).toBe(3);
  });

  test('have the names and attributes of the conventions for generative AI', async () => {
    const sdk = register();
    await runLead({ extension: otel() });
    const named = (name: string) => sdk.spans().find((span) => span.name === name)!.attributes;
    expect(named('invoke_agent worker')).toMatchObject({ 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.provider.name': 'omnipaw', 'gen_ai.agent.name': 'worker', 'gen_ai.agent.id': 'worker-1', 'omnipaw.agent.parent': 'lead-1', 'omnipaw.agent.end': 'completed' });
    expect(named('execute_tool think')).toMatchObject({ 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': 'think', 'gen_ai.tool.type': 'function', 'omnipaw.usage.tokens': 10, 'omnipaw.usage.cost': 3 });
  });

  test('lead to their entries, and entries lead to them', async () => {
    const sdk = register();
    const log = await runLead({ extension: otel() });
    const entries = await entriesOf(log);
    for (const { name, spanId, traceId, attributes } of sdk.spans()) {
      const first = entries[attributes['omnipaw.bus_seq'] as number]!;
      if (name.startsWith('execute_tool')) expect(first).toMatchObject({ kind: 'TOOL_CALLED', agent: attributes['omnipaw.agent.id'] });
      if (name.startsWith('invoke_agent')) expect(first).toMatchObject({ kind: 'AGENT_SPAWNED', agent: attributes['omnipaw.agent.id'] });
      if (!name.startsWith('tick')) expect(await spanOf(log, first.busSeq)).toEqual({ traceId, spanId });
      const last = entries[(attributes['omnipaw.bus_seq.end'] as number | undefined) ?? first.busSeq]!;
      if (name.startsWith('execute_tool')) expect(last).toMatchObject({ kind: 'TOOL_RESULT', agent: attributes['omnipaw.agent.id'] });
    }
    const memory = entries.find(({ kind }) => kind === 'MEMORY_SET')!;
    const tick = sdk.spans().find(({ attributes }) => attributes['omnipaw.tick.number'] === memory.data['tick'] && attributes['omnipaw.agent.id'] === memory.agent && attributes['omnipaw.call.index'] === undefined)!;
    expect(await spanOf(log, memory.busSeq)).toEqual({ traceId: tick.traceId, spanId: tick.spanId });
    expect(await spanOf(log, 0)).toBeUndefined();
  });

  test('of a tick that takes a message lead to the tick that sent it, and those that get a result to the child', async () => {
    const sdk = register();
    await runLead({ extension: otel(), workers: 3 });
    const spans = new Map(sdk.spans().map((span) => [span.spanId, span]));
    const linked = [...spans.values()].filter(({ name }) => name === 'tick lead').flatMap(({ links }) => links.map(({ spanId }) => spans.get(spanId)!.name));
    expect(linked.filter((name) => name === 'tick worker')).toHaveLength(3);
    expect(linked.filter((name) => name === 'invoke_agent worker')).toHaveLength(3);
    expect(linked.filter((name) => name === 'invoke_agent failing')).toHaveLength(1);
  });

  test('show nothing of arguments and results, unless they are asked to, and then what is left of them', async () => {
    const silent = register();
    await runLead({ extension: otel() });
    expect(silent.spans().some(({ attributes }) => JSON.stringify(attributes).includes('left'))).toBe(false);
    unregister();
    const sdk = register();
    await runLead({ extension: otel({ show: (value, { tool, part }) => (tool === 'look' && part === 'arguments' ? value : undefined) }) });
    const calls = sdk.spans().filter(({ name }) => name.startsWith('execute_tool'));
    expect(calls.filter(({ attributes }) => 'gen_ai.tool.call.arguments' in attributes).map(({ attributes }) => attributes['gen_ai.tool.call.arguments'])).toEqual(['{"at":"left"}', '{"at":"left"}']);
    expect(calls.some(({ attributes }) => 'gen_ai.tool.call.result' in attributes)).toBe(false);
  });

  test('of what a tool asks for are below the span of that tool’s call', async () => {
    const sdk = register();
    const inner = defineTool({ name: 'inner', description: 'Is asked.', input: unchecked<object>(), run: () => 'yes' });
    const outer = defineTool({ name: 'outer', description: 'Asks.', input: unchecked<object>(), run: async (_, { ask }) => ask({ op: 'CALL_TOOL', tool: 'inner', args: {} }) });
    const asker = defineAgent('asker', function* (ctx) { return yield* ctx.tool(outer, {}); });
    const log = new MemoryLogStore();
    const kernel = await createKernel({ log, agents: [asker], tools: [inner, outer], extensions: [otel()] });
    await kernel.spawn(asker, null, { grants: ['call:*'] }).result();
    await kernel.stop();
    expect(treeOfSpans(sdk.spans())).toContain('invoke_agent asker asker-1 / tick 1 / execute_tool outer 0 / execute_tool inner -1');
  });
});

const idler = defineAgent('idler', function* () {});
const sleeper = defineAgent('sleeper', function* (ctx) {
  yield* ctx.tool(hold, {});
  return 'awake';
});
let release: () => void = () => undefined;
const hold = defineTool({ name: 'hold', description: 'Lasts.', input: unchecked<object>(), idempotent: true, run: () => new Promise<string>((resolve) => { release = () => { resolve('over'); }; }) });

/** One kernel begins a call, and another one on the same log ends it. */
async function inTwoKernels(log: LogStore, between: () => void = () => undefined): Promise<void> {
  const config = { log, agents: [sleeper], tools: [hold] };
  const first = await createKernel({ ...config, extensions: [otel()] });
  const begun = calledIn();
  first.spawn(sleeper, null, { grants: ['call:hold'] });
  await begun;
  await first.stop();
  between();
  const again = calledIn();
  const second = await createKernel({ ...config, extensions: [otel()] });
  await again;
  release();
  await second.agent('sleeper-1').result();
  await second.stop();
}

/** Resolves when the tool runs. */
async function calledIn(): Promise<void> {
  release = () => undefined;
  const before = release;
  while (release === before) await new Promise((resolve) => { setImmediate(resolve); });
}

describe('a run that another process goes on with', () => {
  test('is the same trace, and each of its spans is exported once, from its first moment to its last', async () => {
    const sdk = register();
    const log = new MemoryLogStore();
    await inTwoKernels(log);
    const entries = await entriesOf(log);
    expect(treeOfSpans(sdk.spans())).toEqual(treeOf(entries));
    expect(new Set(sdk.spans().map(({ traceId }) => traceId)).size).toBe(1);
    const life = sdk.spans().find(({ name }) => name === 'invoke_agent sleeper')!;
    const call = sdk.spans().find(({ name }) => name === 'execute_tool hold')!;
    expect(life.startMs).toBe(entries.find(({ kind }) => kind === 'AGENT_SPAWNED')!.time);
    expect(call.startMs).toBe(entries.find(({ kind }) => kind === 'TOOL_CALLED')!.time);
  });

  test('with ids by chance has spans in both processes, and those of the first say that they were cut short', async () => {
    const sdk = register({ idGenerator: undefined });
    await inTwoKernels(new MemoryLogStore());
    const lives = sdk.spans().filter(({ name }) => name === 'invoke_agent sleeper');
    expect(lives.map(({ attributes }) => attributes['omnipaw.interrupted'])).toEqual([true, undefined]);
  });

  test('goes on without an SDK, and with one again', async () => {
    register();
    const log = new MemoryLogStore();
    await inTwoKernels(log, unregister);
    expect((await entriesOf(log)).at(-1)).toMatchObject({ kind: 'AGENT_TERMINATED' });
  });
});

describe('a trace that comes from elsewhere', () => {
  test('goes on in an agent that was given it, and in all below it', async () => {
    const sdk = register();
    await runLead({ extension: otel(), spawn: { metadata: { traceparent: TRACEPARENT } } });
    expect(new Set(sdk.spans().map(({ traceId }) => traceId))).toEqual(new Set([REMOTE.traceId]));
    expect(sdk.spans().find(({ name }) => name === 'invoke_agent lead')!.parentSpanId).toBe(REMOTE.spanId);
  });

  test('is not gone on with if it was not sampled there', async () => {
    const sdk = register();
    await runLead({ extension: otel(), spawn: { metadata: { traceparent: TRACEPARENT.replace(/01$/, '00') } } });
    expect(sdk.spans()).toEqual([]);
  });

  test.each(['', 'nonsense', `00-${'0'.repeat(32)}-${REMOTE.spanId}-01`, `ff-${REMOTE.traceId}-${REMOTE.spanId}-01`])('is a new one when what was given is no trace: %j', async (traceparent) => {
    const sdk = register();
    await runLead({ extension: otel(), spawn: { metadata: { traceparent } } });
    const lives = sdk.spans().filter(({ name }) => name === 'invoke_agent lead');
    expect(lives.map(({ parentSpanId }) => parentSpanId)).toEqual([undefined]);
    expect(lives[0]!.traceId).not.toBe(REMOTE.traceId);
  });

  test('is what the headers of a span carry', async () => {
    const sdk = register();
    await trace.getTracer('web').startActiveSpan('GET /', async (span) => {
      await runLead({ extension: otel(), spawn: { metadata: traceHeaders() } });
      span.end();
    });
    const request = sdk.spans().find(({ name }) => name === 'GET /')!;
    expect(sdk.spans().find(({ name }) => name === 'invoke_agent lead')!.parentSpanId).toBe(request.spanId);
  });
});

test('what a tool does belongs to its call, also in a later turn', async () => {
  const sdk = register();
  const carried: string[] = [];
  const ask = defineTool({
    name: 'ask', description: 'Asks another service.', input: unchecked<object>(),
    run: async () => {
      await new Promise((resolve) => { setImmediate(resolve); });
      carried.push(traceHeaders()['traceparent']!);
      trace.getTracer('client').startSpan('GET').end();
    },
  });
  const asker = defineAgent('asker', function* (ctx) { yield* ctx.all([ctx.tool(ask, {}), ctx.tool(ask, {})]); });
  const kernel = await createKernel({ log: new MemoryLogStore(), agents: [asker], tools: [ask], extensions: [otel()] });
  await kernel.spawn(asker, null, { grants: ['call:ask'] }).result();
  await kernel.stop();
  const calls = sdk.spans().filter(({ name }) => name === 'execute_tool ask');
  expect(carried).toEqual(calls.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01`));
  expect(sdk.spans().filter(({ name }) => name === 'GET').map(({ parentSpanId }) => parentSpanId)).toEqual(calls.map(({ spanId }) => spanId));
});

describe('sampling', () => {
  test('is honoured for whole traces: what is not sampled has no span at all', async () => {
    const sdk = register({ sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0.5) }) });
    const kernel = await createKernel({ log: new MemoryLogStore(), agents: [idler], extensions: [otel()] });
    await Promise.all(Array.from({ length: 64 }, () => kernel.spawn(idler, null).result()));
    await kernel.stop();
    const counts = new Map<string, number>();
    for (const { traceId } of sdk.spans()) counts.set(traceId, (counts.get(traceId) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([2]));
    expect(counts.size).toBeGreaterThan(8);
    expect(counts.size).toBeLessThan(56);
  });

  test('does not change what is measured', async () => {
    const sdk = register({ sampler: new AlwaysOffSampler() });
    await runLead({ extension: otel() });
    expect(sdk.spans()).toEqual([]);
    expect(await sdk.numbers()).toMatchObject({ 'omnipaw.agents.ended.total{omnipaw.agent.end="completed",omnipaw.agent.type="lead"}': 1 });
  });
});

describe('nothing is measured', () => {
  test('where no SDK is registered', async () => {
    expect(otel()).not.toHaveProperty('observer');
    expect(otel()).not.toHaveProperty('follow');
    await runLead({ extension: otel() });
  });

  test('in a replay, in which no number changes either', async () => {
    const sdk = register();
    const log = await runLead({ extension: otel() });
    const [spans, numbers] = [sdk.spans(), await sdk.numbers()];
    const report = await replay(log, { agents: AGENTS, tools: TOOLS, extensions: [otel()] });
    expect(report.replay).toBe('REPRODUCED');
    expect(sdk.spans()).toEqual(spans);
    expect(await sdk.numbers()).toEqual(numbers);
  });
});

test('a tracer that throws is reported, and harms no agent', async () => {
  register();
  trace.disable();
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan: () => { throw new Error('no room'); }, startActiveSpan: () => { throw new Error('no room'); } }) });
  const problems: OmniError[] = [];
  const log = await runLead({ extension: otel(), onProblem: (problem) => { problems.push(problem); } });
  expect((await entriesOf(log)).at(-1)).toMatchObject({ kind: 'AGENT_TERMINATED', agent: 'lead-1' });
  expect(problems.length).toBeGreaterThan(0);
});
