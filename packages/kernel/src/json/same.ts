const [DIFFERENT, UNSURE] = [-1, Infinity];

/**
 * Compares two values of JSON, the order of fields included: negative if they differ, or else the length of the text that
 * `JSON.stringify` makes of them. It is infinite for a number that can be written in fewer digits, and too small for strings with
 * escapes: so a text of just this length says this and nothing else, with nothing twice and no space between.
 */
export function lengthOfSame(one: unknown, other: unknown): number {
  if (typeof one === 'string') return one === other ? one.length + 2 : DIFFERENT;
  if (typeof one !== 'object' || one === null) return one === other ? lengthOfPrimitive(one) : DIFFERENT;
  if (typeof other !== 'object' || other === null || Array.isArray(one) !== Array.isArray(other)) return DIFFERENT;
  return Array.isArray(one) ? lengthOfItems(one, other as unknown[]) : lengthOfFields(one as Fields, other as Fields);
}

/** How many characters a number takes. */
export function lengthOfNumber(value: number): number {
  return Number.isSafeInteger(value) && (value % 1_000 !== 0 || value === 0) ? String(value).length : UNSURE;
}

function lengthOfPrimitive(value: unknown): number {
  if (typeof value === 'number') return lengthOfNumber(value);
  return value === false ? 5 : 4;
}

function lengthOfItems(one: readonly unknown[], other: readonly unknown[]): number {
  if (one.length !== other.length) return DIFFERENT;
  let length = 1 + Math.max(1, one.length);
  for (let index = 0; index < one.length; index++) {
    const item = lengthOfSame(one[index], other[index]);
    if (item < 0) return DIFFERENT;
    length += item;
  }
  return length;
}

type Fields = Readonly<Record<string, unknown>>;

function lengthOfFields(one: Fields, other: Fields): number {
  const keys = Object.keys(other);
  let [count, length] = [0, 0];
  // Done to every entry of a replay, and so without making a list of both.
  for (const key in one) {
    const field = key === keys[count++] ? lengthOfSame(one[key], other[key]) : DIFFERENT;
    if (field < 0) return DIFFERENT;
    length += key.length + 3 + field;
  }
  return count === keys.length ? length + 1 + Math.max(1, count) : DIFFERENT;
}
