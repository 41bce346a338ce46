import type { Entry, Projection, Saved } from '../logging/index.js';

/** A moment at which something has to happen to an agent; without a call, it is the end of its token. */
export interface Deadline {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `busSeq` of the entry that set it; orders deadlines of the same moment. */
  readonly seq: number;
  readonly agent: string;
  readonly tick: number;
  readonly call: number | undefined;
}

/**
 * Every deadline that the log has set: a binary heap, earliest first.
 *
 * Deadlines whose reason is gone stay until they are due or outnumber the others; whoever takes them looks again.
 */
export class Deadlines implements Projection, Saved<readonly Deadline[]> {
  #heap: Deadline[] = [];
  readonly #isAlive: (deadline: Deadline) => boolean;
  #compactAt = 64;

  constructor(isAlive: (deadline: Deadline) => boolean) {
    this.#isAlive = isAlive;
  }

  next(): Deadline | undefined {
    return this.#heap[0];
  }

  /** Whether one that a guard has set for an agent is due. */
  isDue(agent: string, now: number): boolean {
    return this.#heap.some((set) => set.agent === agent && isOfGuard(set) && set.at <= now);
  }

  /** Takes the earliest deadline if it is due; one of a guard stays until the log says that the guard was asked. */
  takeDue(now: number): Deadline | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.at > now) return undefined;
    if (!isOfGuard(first) || !this.#isAlive(first)) this.#remove(0);
    return first;
  }

  /** In order, those whose reason is still there. */
  save(): readonly Deadline[] {
    return this.#heap.filter((deadline) => this.#isAlive(deadline)).sort(byTime);
  }

  load(deadlines: readonly Deadline[]): void {
    // A sorted array is a heap. JSON leaves out what is undefined.
    this.#heap = deadlines.map((deadline) => ({ ...deadline, call: deadline.call }));
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'AGENT_SPAWNED') {
      const { notAfter } = entry.data.token;
      if (notAfter !== undefined) this.#add({ at: notAfter + 1, seq: entry.busSeq, agent: entry.agent, tick: 0, call: undefined });
      return;
    }
    if (entry.kind === 'GUARD_WOKEN') {
      this.#asked(entry.agent);
      return;
    }
    const { deadline, tick, call } = entry.data as { readonly deadline?: number; readonly tick?: number; readonly call?: number };
    if (deadline !== undefined && tick !== undefined) this.#add({ at: deadline, seq: entry.busSeq, agent: entry.agent, tick, call });
  }

  /** The earliest that a guard has set for an agent is over; where it happens live, it is the first of all. */
  #asked(agent: string): void {
    let found = -1;
    for (const [index, set] of this.#heap.entries()) {
      if (set.agent !== agent || !isOfGuard(set) || (found >= 0 && byTime(this.#heap[found]!, set) <= 0)) continue;
      found = index;
      if (index === 0) break;
    }
    if (found >= 0) this.#remove(found);
  }

  #remove(index: number): void {
    const last = this.#heap.pop()!;
    if (index === this.#heap.length) return;
    this.#heap[index] = last;
    this.#rise(index);
    this.#sink(this.#heap[index], index);
  }

  #add(deadline: Deadline): void {
    if (this.#heap.length >= this.#compactAt) this.#compact();
    this.#heap.push(deadline);
    this.#rise(this.#heap.length - 1);
  }

  /** Drops what nobody waits for any more; amortised constant, since it waits until the heap has doubled. */
  #compact(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter((deadline) => this.#isAlive(deadline)).sort(byTime);
    this.#compactAt = Math.max(64, this.#heap.length * 2);
  }

  #rise(from: number): void {
    const heap = this.#heap;
    const item = heap[from]!;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (byTime(heap[parent]!, item) <= 0) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = item;
  }

  #sink(item: Deadline, from: number): void {
    const heap = this.#heap;
    let index = from;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && byTime(heap[child + 1]!, heap[child]!) < 0) child++;
      if (byTime(item, heap[child]!) <= 0) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = item;
  }
}

/** A token's end is there before the first tick, all else is about a call. */
function isOfGuard({ tick, call }: Deadline): boolean {
  return call === undefined && tick > 0;
}

function byTime(one: Deadline, other: Deadline): number {
  return one.at - other.at || one.seq - other.seq;
}
