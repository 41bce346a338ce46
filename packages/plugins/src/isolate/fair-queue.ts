/** Who is next: owners take turns, whatever one of them asks for. Pure. */

interface Line<Item> {
  /** Those that have begun: the sooner they are over, the less is under way. */
  readonly begun: Set<Item>;
  readonly fresh: Set<Item>;
}

export class FairQueue<Item> {
  /** By owner, the one whose turn it is first; there is none without items. */
  readonly #lines = new Map<string, Line<Item>>();

  /** Once, however often it is added. */
  add(item: Item, { owner, hasBegun }: { readonly owner: string; readonly hasBegun: boolean }): void {
    const line = this.#lines.get(owner) ?? { begun: new Set(), fresh: new Set() };
    this.#lines.set(owner, line);
    (hasBegun ? line.begun : line.fresh).add(item);
  }

  delete(item: Item): void {
    for (const [owner, { begun, fresh }] of this.#lines) {
      begun.delete(item);
      fresh.delete(item);
      if (begun.size + fresh.size === 0) this.#lines.delete(owner);
    }
  }

  /** Takes the first item for which there is a place, and puts its owner behind all others. */
  take<Place>(placeFor: (item: Item) => Place | undefined): readonly [Item, Place] | undefined {
    for (const [owner, line] of this.#lines) {
      for (const items of [line.begun, line.fresh]) {
        for (const item of items) {
          const place = placeFor(item);
          // Those that have begun may have places of their own; all others of an owner are alike.
          if (place === undefined && items === line.fresh) break;
          if (place === undefined) continue;
          items.delete(item);
          this.#lines.delete(owner);
          if (line.begun.size + line.fresh.size > 0) this.#lines.set(owner, line);
          return [item, place];
        }
      }
    }
    return undefined;
  }
}
