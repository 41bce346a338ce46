/**
 * The spans of one kernel: an agent, below it its ticks, below a tick the calls that it made and the agents that it delegated to.
 *
 * 1. Nothing here is waited for, and nothing that the kernel does depends on it.
 * 2. A span ends when what it stands for has ended on record. What a crash or a stop has cut short goes on in the process that takes
 *    the log up, with the same id and the same start: it is exported once.
 * 3. Who is told in which order: the entry, then the tick or the call that it leads to.
 */
import type { Codec, Entry, Outcome, TickInfo, ToolCallInfo } from '@omnipaw/kernel';
import type { Attributes, Context, HrTime, Link, Span, SpanContext, Tracer } from '@opentelemetry/api';
import type { Api } from './api.js';
import { textOf, type Show } from './content.js';
import { AgentIds, traceIdOf, withIds, type SpanIds } from './ids.js';
import { contextOf } from './incoming.js';
import * as names from './names.js';
import { callKey, type OpenCall, type Place, type Places } from './places.js';
import { timeOf } from './time.js';

export interface TracingOptions {
  readonly api: Api;
  readonly tracer: Tracer;
  readonly logId: string;
  readonly codec: Pick<Codec, 'sha256'>;
  readonly places: Pick<Places, 'of'>;
  readonly show: Show | undefined;
}

/** An agent with its spans that have not ended. */
interface Life {
  readonly place: Place;
  readonly ids: AgentIds;
  readonly span: Span;
  readonly context: Context;
  /** The tick that runs, or ran last. */
  tick: number;
  tickContext: Context;
  /** While it runs. */
  tickSpan: Span | undefined;
  /** A tick that has failed, until the log says with what. */
  failing: Span | undefined;
  /** What the next tick comes from. */
  links: Link[];
  readonly calls: Map<number, Call>;
  /** What is in its mailbox: by entry, the tick that sent it. */
  readonly mail: Map<number, SpanContext>;
}

interface Call {
  readonly span: Span;
  readonly context: Context;
}

export class Tracing {
  readonly #options: TracingOptions;
  readonly #lives = new Map<string, Life>();
  #lastSeq: number;
  /** Whether spans get the ids that follow from the log; unknown until the first one was made. */
  #isDerived = true;

  constructor(options: TracingOptions, startSize: number) {
    this.#options = options;
    this.#lastSeq = startSize - 1;
  }

  /** The span that an entry about an agent belongs to. */
  contextAt(agent: string | null): Context {
    const life = agent === null ? undefined : this.#lives.get(agent);
    return life?.tickContext ?? this.#options.api.ROOT_CONTEXT;
  }

  /** An agent lives: it was spawned just now, or an earlier process has left it. */
  begin(agent: string): void {
    const { places } = this.#options;
    const place = places.of(agent);
    if (place === undefined || this.#lives.has(agent)) return;
    // Whoever delegated to it is above it, in whatever order they are taken up.
    if (place.parent !== null) this.begin(place.parent);
    const life = this.#live(place);
    this.#lives.set(agent, life);
    for (const call of place.calls.values()) this.#call(life, call, { startTime: timeOf(call.time) });
  }

  tick(info: TickInfo, next: () => void): void {
    const life = this.#lives.get(info.agent);
    if (life === undefined) {
      next();
      return;
    }
    const firstSeq = this.#lastSeq + 1;
    const span = this.#startTick(life, info.tick, firstSeq);
    next();
    life.tickSpan = undefined;
    const outcome = info.outcome ?? 'NONE';
    if (span.isRecording()) {
      span.setAttribute(names.TICK_OUTCOME, outcome);
      if (this.#lastSeq >= firstSeq) span.setAttribute(names.LAST_SEQ, this.#lastSeq);
    }
    // What it failed with is the next that is recorded.
    if (outcome === 'FAILED' || outcome === 'ENDED') life.failing = span;
    else span.end();
  }

  /** Runs an attempt such that what the tool does belongs to the call's span. */
  attempt({ agent, tick, call, attempt }: ToolCallInfo, next: () => Promise<void>): Promise<void> {
    const known = this.#lives.get(agent)?.calls.get(callKey(tick, call));
    if (known === undefined) return next();
    if (attempt > 1) known.span.addEvent('omnipaw.attempt', { 'omnipaw.attempt': attempt });
    return this.#options.api.context.with(known.context, next);
  }

  apply(entry: Entry): void {
    const { agent, kind, data, busSeq } = entry;
    this.#lastSeq = busSeq;
    if (kind === 'MESSAGE_SENT') this.#sent(entry);
    const life = agent === null ? undefined : this.#lives.get(agent);
    if (life === undefined) return;
    switch (kind) {
      case 'TOOL_CALLED':
        this.#called(life, entry);
        break;
      case 'TOOL_RESULT':
        this.#settled(life, entry);
        break;
      case 'TOOL_RETRIED':
        life.calls.get(callKey(data.tick, data.call))?.span.addEvent('omnipaw.retry', { 'omnipaw.attempt': data.attempt, [names.ERROR_TYPE]: data.error.code, [names.FIRST_SEQ]: busSeq });
        break;
      case 'MESSAGE_RECEIVED':
        this.#received(life, data.message);
        break;
      case 'DELEGATION_RESULT':
        this.#joined(life, data.child);
        break;
      case 'AGENT_FAULTED':
        this.#ended(life, { reason: 'faulted', code: data.error.code, message: data.error.message, busSeq });
        break;
      case 'AGENT_TERMINATED':
        this.#ended(life, { reason: data.reason, code: data.error?.code, message: data.error?.message, busSeq });
        break;
      default:
    }
  }

  /**
   * The kernel stops. What has not ended goes on in the process that takes the log up, where ids follow from the log; where they
   * do not, its spans end here.
   */
  close(): void {
    for (const life of this.#lives.values()) {
      life.failing?.end();
      if (this.#isDerived) continue;
      for (const { span } of life.calls.values()) interrupt(span);
      interrupt(life.span);
    }
    this.#lives.clear();
  }

  #live(place: Place): Life {
    const { api, logId, codec } = this.#options;
    const incoming = contextOf(place.trace, api);
    const ids = new AgentIds(incoming?.traceId ?? traceIdOf(logId, place.root, codec), { logId, agent: place.agent }, codec);
    const span = this.#start(`invoke_agent ${place.type}`, this.#above(place, incoming), { ids: ids.life, startTime: place.time === undefined ? undefined : timeOf(place.time), attributes: this.#attributesOf(place) });
    const context = api.trace.setSpan(api.ROOT_CONTEXT, span);
    return { place, ids, span, context, tick: 0, tickContext: context, tickSpan: undefined, failing: undefined, links: [], calls: new Map(), mail: new Map() };
  }

  /** What an agent is below: the tick that delegated to it, or what it was given when it was spawned. */
  #above({ parent, tick }: Place, incoming: SpanContext | undefined): Context {
    const { api } = this.#options;
    const delegator = parent === null ? undefined : this.#lives.get(parent);
    if (delegator !== undefined) return tick === 0 ? delegator.context : this.#contextOfTick(delegator, tick);
    return incoming === undefined ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, incoming);
  }

  /** A tick that is over, of an earlier process perhaps, is known by its id; where it is not, its agent stands for it. */
  #contextOfTick({ ids, span, context, tick, tickContext }: Life, wanted: number): Context {
    const { api } = this.#options;
    if (wanted === tick) return tickContext;
    if (!this.#isDerived) return context;
    const { traceFlags } = span.spanContext();
    const { traceId, spanId } = ids.tick(wanted);
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags });
  }

  #attributesOf({ agent, type, version, parent, seq }: Place): Attributes {
    const { logId } = this.#options;
    return {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.provider.name': names.PROVIDER,
      'gen_ai.agent.id': agent,
      'gen_ai.agent.name': type,
      'gen_ai.agent.version': version,
      'gen_ai.conversation.id': logId,
      [names.AGENT_ID]: agent,
      [names.LOG_ID]: logId,
      ...(seq === undefined ? {} : { [names.FIRST_SEQ]: seq }),
      ...(parent === null ? {} : { [names.AGENT_PARENT]: parent }),
    };
  }

  #start(name: string, parent: Context, { ids, startTime, attributes, links }: StartOptions): Span {
    const options = { attributes, ...(startTime === undefined ? {} : { startTime }), ...(links === undefined ? {} : { links }) };
    const span = withIds(ids, () => this.#options.tracer.startSpan(name, options, parent));
    if (span.spanContext().spanId !== ids.spanId) this.#isDerived = false;
    return span;
  }

  #startTick(life: Life, tick: number, firstSeq: number): Span {
    const { links, place } = life;
    const attributes: Attributes = { [names.AGENT_ID]: place.agent, [names.TICK]: tick, [names.FIRST_SEQ]: firstSeq };
    const span = this.#start(`tick ${place.type}`, life.context, { ids: life.ids.tick(tick), attributes, links: links.length === 0 ? undefined : links });
    if (links.length > 0) life.links = [];
    life.tick = tick;
    life.tickContext = this.#options.api.trace.setSpan(life.context, span);
    life.tickSpan = span;
    return span;
  }

  #call(life: Life, { tick, call, tool, seq, asker }: OpenCall, { startTime, shown }: { readonly startTime?: HrTime; readonly shown?: Parameters<typeof textOf>[0] | undefined }): void {
    const { api, logId } = this.#options;
    const attributes: Attributes = {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.provider.name': names.PROVIDER,
      'gen_ai.tool.name': tool,
      'gen_ai.tool.type': 'function',
      'gen_ai.tool.call.id': `${logId}/${life.place.agent}/${String(tick)}/${String(call)}`,
      [names.AGENT_ID]: life.place.agent,
      [names.TICK]: tick,
      [names.CALL]: call,
      [names.FIRST_SEQ]: seq,
    };
    if (shown !== undefined) attributes['gen_ai.tool.call.arguments'] = textOf(shown);
    const above = asker === undefined ? undefined : life.calls.get(callKey(tick, asker));
    const span = this.#start(`execute_tool ${tool}`, above?.context ?? this.#contextOfTick(life, tick), { ids: life.ids.call(tick, call), startTime, attributes });
    life.calls.set(callKey(tick, call), { span, context: api.trace.setSpan(life.context, span) });
  }

  #called(life: Life, { data: { tick, call, tool, args } }: Extract<Entry, { kind: 'TOOL_CALLED' }>): void {
    const open = life.place.calls.get(callKey(tick, call));
    if (open !== undefined) this.#call(life, open, { shown: this.#options.show?.(args, { tool, part: 'arguments' }) });
  }

  #settled(life: Life, { data, busSeq }: Extract<Entry, { kind: 'TOOL_RESULT' }>): void {
    const key = callKey(data.tick, data.call);
    const span = life.calls.get(key)?.span;
    if (span === undefined) return;
    life.calls.delete(key);
    if (span.isRecording()) {
      span.setAttribute(names.LAST_SEQ, busSeq);
      if (data.usage?.tokens !== undefined) span.setAttribute('omnipaw.usage.tokens', data.usage.tokens);
      if (data.usage?.cost !== undefined) span.setAttribute('omnipaw.usage.cost', data.usage.cost);
      this.#outcome(span, data.result, data.tool);
    }
    span.end();
  }

  #outcome(span: Span, result: Outcome, tool: string): void {
    if (!result.ok) {
      this.#fail(span, result.error.code, result.error.message);
      return;
    }
    const shown = this.#options.show?.(result.value, { tool, part: 'result' });
    if (shown !== undefined) span.setAttribute('gen_ai.tool.call.result', textOf(shown));
  }

  #fail(span: Span, code: string, message: string | undefined): void {
    span.setAttribute(names.ERROR_TYPE, code);
    span.setStatus({ code: this.#options.api.SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }

  /** A message leads from the tick that sent it to the one that takes it. */
  #sent({ agent, data, busSeq }: Extract<Entry, { kind: 'MESSAGE_SENT' }>): void {
    const sender = agent === null ? undefined : this.#lives.get(agent);
    if (sender === undefined) return;
    const context = this.#options.api.trace.getSpanContext(sender.tickContext);
    if (context !== undefined) this.#lives.get(data.to)?.mail.set(busSeq, context);
  }

  #received(life: Life, message: number): void {
    const context = life.mail.get(message);
    life.mail.delete(message);
    if (context !== undefined) link(life, { context, attributes: { [names.FIRST_SEQ]: message } });
  }

  /** What a tick gets of a child leads to that child's span, which has ended by then. */
  #joined(life: Life, child: string): void {
    if (!this.#isDerived) return;
    const { logId, codec } = this.#options;
    const { spanId, traceId } = new AgentIds(life.ids.traceId, { logId, agent: child }, codec).life;
    link(life, { context: { traceId, spanId, traceFlags: life.span.spanContext().traceFlags }, attributes: { [names.AGENT_ID]: child } });
  }

  #ended(life: Life, { reason, code, message, busSeq }: { readonly reason: string; readonly code: string | undefined; readonly message: string | undefined; readonly busSeq: number }): void {
    const { failing, calls, span, place } = life;
    if (failing !== undefined) {
      if (code !== undefined) this.#fail(failing, code, message);
      failing.end();
      life.failing = undefined;
    }
    for (const call of calls.values()) {
      this.#fail(call.span, 'TOOL_ABORTED', undefined);
      call.span.end();
    }
    if (span.isRecording()) {
      span.setAttribute(names.AGENT_END, reason);
      span.setAttribute(names.LAST_SEQ, busSeq);
      if (code !== undefined) this.#fail(span, code, message);
    }
    span.end();
    this.#lives.delete(place.agent);
  }
}

interface StartOptions {
  readonly ids: SpanIds;
  readonly startTime?: HrTime | undefined;
  readonly attributes: Attributes;
  readonly links?: Link[] | undefined;
}

/** Of the tick that runs, or of the next one. */
function link(life: Life, to: Link): void {
  if (life.tickSpan === undefined) life.links.push(to);
  // Older versions of the API can't add one later.
  else (life.tickSpan as Partial<Span>).addLink?.(to);
}

function interrupt(span: Span): void {
  span.setAttribute('omnipaw.interrupted', true);
  span.end();
}
