import type { AgentLoopInfo, Entry, JsonObject, Projection } from '@omnipaw/kernel';

/** A call whose outcome is not on record yet. */
export interface OpenCall {
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  /** The intent's place in the log, and its recorded time. */
  readonly seq: number;
  readonly time: number;
  /** The call whose tool asked for this one. */
  readonly asker: number | undefined;
}

/** Where an agent that has not ended stands among the others. */
export interface Place {
  readonly agent: string;
  readonly type: string;
  readonly version: string;
  /** Its spawn's place in the log, and the recorded time of that. */
  readonly seq: number | undefined;
  readonly time: number | undefined;
  readonly parent: string | null;
  /** The tick of its parent that delegated to it. */
  readonly tick: number;
  /** The agent at the top of its tree. */
  readonly root: string;
  /** What the one at the top was given of the trace that it is a part of. */
  readonly trace: TraceHeaders;
  readonly calls: Map<number, OpenCall>;
  /** What tools have asked for that has not become a call yet: by call, the asker. */
  readonly asked: Map<number, number>;
  /** Messages in its mailbox. */
  mail: number;
}

/** The headers of W3C Trace Context. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

type SavedPlace = Omit<Place, 'calls' | 'asked'> & { readonly calls: readonly OpenCall[]; readonly asked: readonly (readonly [number, number])[] };

/** A number for a call of an agent; calls of one tick are fewer than eight million. */
export function callKey(tick: number, call: number): number {
  return tick * 2 ** 24 + call;
}

/** Who lives, and what they have begun: a fold over the log, so that a process that takes it up knows what the one before it was at. */
export class Places implements Projection {
  readonly #places = new Map<string, Place>();

  of(agent: string): Place | undefined {
    return this.#places.get(agent);
  }

  save(): readonly SavedPlace[] {
    return [...this.#places.values()].map((place) => ({ ...place, calls: [...place.calls.values()], asked: [...place.asked] }));
  }

  /** Gets nothing from a checkpoint of a kernel that did without this. */
  load(saved: readonly SavedPlace[] = []): void {
    this.#places.clear();
    for (const place of saved) {
      const calls = new Map(place.calls.map((call) => [callKey(call.tick, call.call), call]));
      this.#places.set(place.agent, { ...place, calls, asked: new Map(place.asked) });
    }
  }

  apply(entry: Entry): void {
    const { kind, agent, data } = entry;
    if (kind === 'MESSAGE_SENT') this.#mail(data.to, 1);
    if (agent === null) return;
    if (kind === 'AGENT_SPAWNED') {
      this.#spawned(agent, entry);
      return;
    }
    const place = this.#places.get(agent);
    if (place !== undefined) this.#changed(place, entry);
  }

  #changed(place: Place, entry: Entry): void {
    const { kind, data } = entry;
    switch (kind) {
      case 'TOOL_CALLED':
        called(place, entry);
        break;
      case 'TOOL_RESULT':
        place.calls.delete(callKey(data.tick, data.call));
        break;
      case 'AGENT_FAULTED':
      case 'AGENT_TERMINATED':
        this.#places.delete(place.agent);
        break;
      case 'MESSAGE_RECEIVED':
        place.mail--;
        break;
      case 'TOOL_ASKED':
        place.asked.set(callKey(data.tick, data.call), data.asker);
        break;
      case 'CALL_SETTLED':
      case 'REFUSED':
        if (data.call < 0) place.asked.delete(callKey(data.tick, data.call));
        break;
      default:
    }
  }

  /** An agent that goes on from a checkpoint that a kernel without this has made: all that is known of it is who it is. */
  meet({ agent, type, parent }: AgentLoopInfo): void {
    if (this.#places.has(agent)) return;
    const above = parent === null ? undefined : this.#places.get(parent);
    this.#places.set(agent, { agent, type, version: '', seq: undefined, time: undefined, parent, tick: 0, root: above?.root ?? agent, trace: above?.trace ?? {}, calls: new Map(), asked: new Map(), mail: 0 });
  }

  #spawned(agent: string, { data, busSeq, time }: Extract<Entry, { kind: 'AGENT_SPAWNED' }>): void {
    const { type, parent, delegation, program, metadata } = data;
    const above = parent === null ? undefined : this.#places.get(parent);
    this.#places.set(agent, {
      agent, type, version: program.version, seq: busSeq, time, parent, tick: delegation?.tick ?? 0, root: above?.root ?? agent,
      trace: above?.trace ?? headersIn(metadata), calls: new Map(), asked: new Map(), mail: 0,
    });
  }

  #mail(agent: string, change: number): void {
    const place = this.#places.get(agent);
    if (place !== undefined) place.mail += change;
  }
}

function called({ calls, asked }: Place, { data, busSeq, time }: Extract<Entry, { kind: 'TOOL_CALLED' }>): void {
  const { tick, call, tool } = data;
  const key = callKey(tick, call);
  const asker = call < 0 ? asked.get(key) : undefined;
  if (call < 0) asked.delete(key);
  calls.set(key, { tick, call, tool, seq: busSeq, time, asker });
}

/** What the metadata of an agent say of the trace that it is a part of. */
export function headersIn({ traceparent, tracestate }: JsonObject): TraceHeaders {
  if (typeof traceparent !== 'string') return {};
  return typeof tracestate === 'string' ? { traceparent, tracestate } : { traceparent };
}
