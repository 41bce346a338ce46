/**
 * Whether two values of plain objects and arrays have the same JSON, the order of fields included. What both share is not walked.
 *
 * False for what JSON leaves out or writes in another way than it is (`undefined`, NaN): there, only the texts can tell.
 */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(other);
  let count = 0;
  // Done to every entry of a replay, and so without making a list of both.
  for (const key in one) {
    if (key !== keys[count++] || !isSameJson((one as Fields)[key], (other as Fields)[key])) return false;
  }
  return count === keys.length;
}

type Fields = Readonly<Record<string, unknown>>;
