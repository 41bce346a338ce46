/** What results take in the log, whose limit for one value is 1 MiB unless somebody sets another. */

/** Bytes as JSON in UTF-8: one character can be six. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** As many of the first items as fit into so many bytes of JSON. */
export function asManyAsFit<Item>(items: readonly Item[], bytes: number): readonly Item[] {
  let room = bytes;
  const end = items.findIndex((item) => (room -= jsonBytes(item) + 1) < 0);
  return end === -1 ? items : items.slice(0, end);
}
