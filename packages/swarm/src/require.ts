/** Throws a TypeError for what is no whole number from `least` on. */
export function assertCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new TypeError(`${name} is ${String(value)}; it must be a whole number from ${String(least)}.`);
}
