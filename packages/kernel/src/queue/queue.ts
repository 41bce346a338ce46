/** First in, first out, in constant time: an array whose head moves, compacted when half of it is behind the head. */
export class Queue<Item> {
  #items: (Item | undefined)[] = [];
  #headIndex = 0;

  get size(): number {
    return this.#items.length - this.#headIndex;
  }

  push(item: Item): void {
    this.#items.push(item);
  }

  shift(): Item | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#headIndex];
    this.#items[this.#headIndex] = undefined;
    this.#headIndex++;
    if (this.#headIndex > 32 && this.#headIndex * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#headIndex);
      this.#headIndex = 0;
    }
    return item;
  }

  clear(): void {
    this.#items = [];
    this.#headIndex = 0;
  }
}
