/**
 * What each agent waits for.
 *
 * A tick ends by opening one or more slots; the entry that settles the last of them makes the agent ACTIVE again. A slot
 * is named by the tick and the call index of its instruction, and so is its result: whatever names another tick or a
 * settled slot is stale (kernel.md, section 4).
 *
 * Slots are opened and settled by entries alone: see `OPENED_BY`, and any entry with a `tick`, a `call` and a `result`.
 *
 * A tool that runs may ask for something itself. The slots of that are below zero: no program waits for them, and they are
 * gone with the attempt that asked.
 */
import type { ErrorRecord } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { LifecycleController, Transition } from '../lifecycle/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';

export type PendingKind = 'TOOL' | 'DELEGATION' | 'MESSAGE' | 'TIMER' | 'APPROVAL' | 'ASK';

/** How an operation ended. */
export type Outcome =
  | { readonly ok: true; readonly value: Json }
  | { readonly ok: false; readonly error: ErrorRecord };

export interface Slot {
  readonly tick: number;
  /** From 0 the index of an instruction; below, what a running tool asked for, counting down. */
  readonly call: number;
  /** Who asked, and for what, if a tool did. */
  readonly asked?: Asked;
  /** Changes when an instruction that was approved, or asked for, becomes what it is for. */
  kind: PendingKind;
  /** The data of the entry that opened it. */
  opened: Readonly<Record<string, unknown>>;
  /** busSeq of that entry. */
  seq: number;
  /** Its recorded time, milliseconds since the epoch. */
  time: number;
  /** The attempt of a tool call that runs, or failed last. */
  attempt: number;
  /** Whether that attempt has failed and the next one has not begun. */
  isBackingOff: boolean;
  outcome: Outcome | undefined;
  /** busSeq of the entry that settled it. */
  settledSeq?: number;
}

/** What a running tool asked for. */
export interface Asked {
  /** The call that the tool serves. */
  readonly asker: number;
  readonly instruction: Json;
}

interface Group {
  tick: number;
  slots: Slot[];
  /** How many of them the program waits for. */
  openCount: number;
  /** How often tools have asked for something. */
  askCount: number;
}

const OPENED_BY: Readonly<Record<string, PendingKind>> = Object.freeze({
  TOOL_CALLED: 'TOOL',
  JOIN_STARTED: 'DELEGATION',
  RECEIVE_STARTED: 'MESSAGE',
  SLEEP_STARTED: 'TIMER',
  DELAY_STARTED: 'TIMER',
  APPROVAL_REQUESTED: 'APPROVAL',
  TOOL_ASKED: 'ASK',
});

interface SlotData {
  readonly tick?: number;
  readonly call?: number;
  readonly result?: Outcome;
}

type SavedPending = readonly { readonly agent: string; readonly tick: number; readonly slots: readonly Slot[]; readonly askCount?: number }[];

export class PendingOperations implements Projection, Saved<SavedPending> {
  readonly #groups = new Map<string, Group>();
  readonly #lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;

  constructor(lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>) {
    this.#lifecycle = lifecycle;
  }

  /** The unsettled slot that a result is for; undefined when the agent no longer waits for it. */
  find(agent: string, tick: number, call: number): Slot | undefined {
    const group = this.#groups.get(agent);
    if (group?.tick !== tick) return undefined;
    return group.slots.find((slot) => slot.call === call && slot.outcome === undefined);
  }

  /** The unsettled slots of an agent. */
  openSlots(agent: string): readonly Slot[] {
    return this.#groups.get(agent)?.slots.filter((slot) => slot.outcome === undefined) ?? [];
  }

  hasOpen(agent: string): boolean {
    return (this.#groups.get(agent)?.openCount ?? 0) > 0;
  }

  /** The transition that belongs into the entry that opens a slot: the first one makes the agent wait. */
  waiting(agent: string, trigger: 'await_tool' | 'yield'): { readonly transition?: Transition } {
    return this.#lifecycle.stateOf(agent) === 'ACTIVE' ? { transition: this.#lifecycle.decide(agent, trigger) } : {};
  }

  /** The transition that belongs into the entry that settles a slot: the last one that the program waits for makes it run again. */
  resuming(agent: string, call: number): { readonly transition?: Transition } {
    const isLast = this.#groups.get(agent)?.openCount === 1 && call >= 0;
    return isLast && this.#lifecycle.stateOf(agent) === 'WAITING'
      ? { transition: this.#lifecycle.decide(agent, 'resume') }
      : {};
  }

  /** The agent's last tick; undefined if none has ended yet, or none since it began anew. */
  tickOf(agent: string): number | undefined {
    return this.#groups.get(agent)?.tick;
  }

  /** How a call of the agent's last tick ended; undefined for one that did not wait. */
  outcomeOf(agent: string, call: number): Outcome | undefined {
    return this.#groups.get(agent)?.slots.find((slot) => slot.call === call)?.outcome;
  }

  /** What the tool of a call has asked for in this attempt, in order. */
  asksOf(agent: string, asker: number): readonly (Slot & { readonly asked: Asked })[] {
    const isAsk = (slot: Slot): slot is Slot & { readonly asked: Asked } => slot.asked?.asker === asker;
    return this.#groups.get(agent)?.slots.filter(isAsk) ?? [];
  }

  /** What the next thing is called that a tool asks for. */
  nextAsk(agent: string): number {
    return -1 - (this.#groups.get(agent)?.askCount ?? 0);
  }

  save(): SavedPending {
    return [...this.#groups].map(([agent, { tick, slots, askCount }]) => ({ agent, tick, slots, askCount }));
  }

  load(groups: SavedPending): void {
    for (const { agent, tick, slots, askCount = 0 } of groups) {
      // JSON leaves out what is undefined; a slot says that it is open.
      const restored = slots.map((slot) => ({ ...slot, outcome: slot.outcome }));
      const openCount = restored.filter(({ call, outcome }) => call >= 0 && outcome === undefined).length;
      this.#groups.set(agent, { tick, slots: restored, openCount, askCount });
    }
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'AGENT_TERMINATED' || entry.kind === 'AGENT_FAULTED' || entry.kind === 'AGENT_CONTINUED') {
      this.#groups.delete(entry.agent);
      return;
    }
    const { tick, call, result } = entry.data as SlotData;
    if (tick === undefined || call === undefined) return;
    const kind = OPENED_BY[entry.kind];
    if (entry.kind === 'TOOL_RETRIED' || entry.kind === 'TOOL_ATTEMPTED') this.#retry(this.find(entry.agent, tick, call), this.#groups.get(entry.agent), entry);
    else if (kind !== undefined) this.#open(entry.agent, slotOf(entry, { tick, call, kind }));
    else if (result !== undefined) this.#settle(this.find(entry.agent, tick, call), this.#groups.get(entry.agent), { result, seq: entry.busSeq });
  }

  #open(agent: string, slot: Slot): void {
    const group = this.#groups.get(agent);
    if (group?.tick !== slot.tick) {
      this.#groups.set(agent, { tick: slot.tick, slots: [slot], openCount: 1, askCount: 0 });
      return;
    }
    const known = group.slots.find(({ call }) => call === slot.call);
    if (known === undefined) {
      group.slots.push(slot);
      if (slot.asked === undefined) group.openCount++;
      else group.askCount++;
    } else {
      known.kind = slot.kind;
      known.opened = slot.opened;
      known.seq = slot.seq;
      known.time = slot.time;
    }
  }

  #retry(slot: Slot | undefined, group: Group | undefined, { kind, data }: Entry & { readonly kind: 'TOOL_RETRIED' | 'TOOL_ATTEMPTED' }): void {
    if (slot === undefined || group === undefined) return;
    slot.attempt = data.attempt;
    slot.isBackingOff = kind === 'TOOL_RETRIED';
    forgetAsks(group, slot.call);
  }

  #settle(slot: Slot | undefined, group: Group | undefined, { result, seq }: { readonly result: Outcome; readonly seq: number }): void {
    if (slot === undefined || group === undefined) return;
    slot.outcome = result;
    slot.settledSeq = seq;
    if (slot.call >= 0) group.openCount--;
    forgetAsks(group, slot.call);
  }
}

function slotOf(entry: Entry, { tick, call, kind }: Pick<Slot, 'tick' | 'call' | 'kind'>): Slot {
  const asked = entry.kind === 'TOOL_ASKED' ? { asked: { asker: entry.data.asker, instruction: entry.data.instruction } } : {};
  return { tick, call, ...asked, kind, opened: entry.data as object as Slot['opened'], seq: entry.busSeq, time: entry.time, attempt: 1, isBackingOff: false, outcome: undefined };
}

/** Nobody is there any more who asked. */
function forgetAsks(group: Group, asker: number): void {
  // Of nearly every call, and there may be thousands in a tick.
  if (group.askCount === 0) return;
  const asks = group.slots.filter(({ asked }) => asked?.asker === asker);
  if (asks.length === 0) return;
  group.slots = group.slots.filter(({ asked }) => asked?.asker !== asker);
  for (const { call } of asks) forgetAsks(group, call);
}
