/**
 * Freezes a value made of plain objects and arrays, down to whatever is frozen already: that was frozen whole when it
 * was made (see `toJson`).
 */
export function deepFreeze<Value extends object>(value: Value): Readonly<Value> {
  if (Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child as object);
  }
  return Object.freeze(value);
}
