/** A list in pieces of at most `size`. */
export function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** A list in pieces that have so many characters as JSON at the most, or one item each that has more by itself. */
export function heavyChunks<Item>(items: readonly Item[], { maxItems, maxChars }: { readonly maxItems: number; readonly maxChars: number }): Item[][] {
  const pieces: Item[][] = [];
  let chars = Infinity;
  for (const item of items) {
    const weight = JSON.stringify(item).length;
    if (chars + weight > maxChars || pieces.at(-1)!.length >= maxItems) {
      pieces.push([]);
      chars = 0;
    }
    pieces.at(-1)!.push(item);
    chars += weight;
  }
  return pieces;
}
