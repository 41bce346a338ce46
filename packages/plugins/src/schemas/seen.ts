import { spend, STEPS } from './budget.js';

/** What of one value its schemas have looked at: what is left is for `unevaluatedProperties` and `unevaluatedItems`. */
export class Seen {
  /** All keys below, or these. */
  allKeys = false;
  readonly #keys = new Set<string>();
  /** All items before this one, and these. */
  items = 0;
  readonly #others = new Set<number>();

  addKey(key: string): void {
    spend(STEPS.keptKey);
    this.#keys.add(key);
  }

  hasKey(key: string): boolean {
    return this.#keys.has(key);
  }

  addItem(index: number): void {
    spend(STEPS.keptKey);
    this.#others.add(index);
  }

  hasItem(index: number): boolean {
    return index < this.items || this.#others.has(index);
  }

  /** What somebody else has seen, whose judgement counts. */
  add(other: Seen): void {
    this.allKeys ||= other.allKeys;
    this.items = Math.max(this.items, other.items);
    for (const key of other.#keys) this.addKey(key);
    for (const index of other.#others) this.addItem(index);
  }
}
