/** What is wrong with an option, in words. */

/** Throws a TypeError for a name that there is none of: what is written otherwise would be no limit at all. */
export function assertNames(given: unknown, { what, known }: { readonly what: string; readonly known: readonly string[] }): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new TypeError(`For ${what}, ${shown(given)} was given; it must be an object of: ${known.join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`There is no option ${JSON.stringify(unknown)} for ${what}. Options: ${known.join(', ')}.`);
}

/** A value as it was written; JSON has no word for some. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  return typeof value === 'function' ? 'a function' : JSON.stringify(value);
}
