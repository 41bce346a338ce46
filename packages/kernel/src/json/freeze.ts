/**
 * Freezes a value made of plain objects and arrays, down to whatever is frozen already: that was frozen whole when it
 * was made (see `toJson`).
 */
export function deepFreeze<Value extends object>(value: Value): Readonly<Value> {
  if (Object.isFrozen(value)) return value;
  // Done to every entry, and so without making a list of the fields first.
  for (const key in value) {
    const child = value[key];
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
