/**
 * Who is ready to run, first in first out: an agent whose last transition was to ACTIVE and whose tick has not begun.
 *
 * A fold, and so the same whether entries are made or read back; an agent is in it once at most.
 */
export class ReadyAgents {
  /** By agent, the recorded time of the entry that made it ready; in insertion order, as maps are. */
  readonly #since = new Map<string, number>();
  /** Goes on where it stopped, also over what was added since, so that taking is constant in time. */
  #cursor = this.#since.entries();

  get size(): number {
    return this.#since.size;
  }

  /** Puts an agent at the end. */
  add(agent: string, now: number): void {
    this.#since.delete(agent);
    this.#since.set(agent, now);
  }

  delete(agent: string): void {
    this.#since.delete(agent);
  }

  /** Everybody in order, with the recorded time since when. */
  all(): readonly (readonly [agent: string, now: number])[] {
    return [...this.#since];
  }

  take(): { readonly agent: string; readonly now: number } | undefined {
    if (this.#since.size === 0) return undefined;
    let next = this.#cursor.next();
    if (next.done === true) {
      this.#cursor = this.#since.entries();
      next = this.#cursor.next();
    }
    const [agent, now] = next.value!;
    this.#since.delete(agent);
    return { agent, now };
  }

  clear(): void {
    this.#since.clear();
  }
}
