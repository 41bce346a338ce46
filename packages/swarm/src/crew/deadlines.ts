interface Deadline {
  readonly at: number;
  readonly agent: string;
}

/** When whom is to be looked after: the earliest is found at once, and one that was lifted is passed over when its time comes. */
export class Deadlines {
  /** A binary heap, the earliest first. */
  readonly #heap: Deadline[] = [];
  /** By agent, the one that holds. */
  readonly #holding = new Map<string, Deadline>();

  /** Milliseconds since the epoch; undefined if there is none. */
  get next(): number | undefined {
    this.#passOver();
    return this.#heap[0]?.at;
  }

  /** In place of an earlier one of the same agent. */
  set(agent: string, at: number): void {
    const deadline = { at, agent };
    this.#holding.set(agent, deadline);
    this.#heap.push(deadline);
    this.#rise(this.#heap.length - 1);
  }

  lift(agent: string): void {
    this.#holding.delete(agent);
  }

  /** An agent whose deadline has come, which holds no more; undefined if there is none. */
  takeDue(now: number): string | undefined {
    const { next } = this;
    if (next === undefined || next > now) return undefined;
    const { agent } = this.#heap[0]!;
    this.lift(agent);
    return agent;
  }

  #passOver(): void {
    for (let first = this.#heap[0]; first !== undefined && this.#holding.get(first.agent) !== first; first = this.#heap[0]) {
      const last = this.#heap.pop()!;
      if (last === first) continue;
      this.#heap[0] = last;
      this.#sink(0);
    }
  }

  #rise(from: number): void {
    for (let index = from; index > 0;) {
      const above = (index - 1) >> 1;
      if (this.#heap[above]!.at <= this.#heap[index]!.at) return;
      this.#swap(above, index);
      index = above;
    }
  }

  #sink(from: number): void {
    for (let index = from; ;) {
      const left = 2 * index + 1;
      const below = left + 1 < this.#heap.length && this.#heap[left + 1]!.at < this.#heap[left]!.at ? left + 1 : left;
      if (below >= this.#heap.length || this.#heap[index]!.at <= this.#heap[below]!.at) return;
      this.#swap(index, below);
      index = below;
    }
  }

  #swap(one: number, other: number): void {
    [this.#heap[one], this.#heap[other]] = [this.#heap[other]!, this.#heap[one]!];
  }
}
