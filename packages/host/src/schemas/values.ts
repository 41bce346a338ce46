/** Values that several tools and options take. */
import * as v from 'valibot';

/** A whole number from `from` to `to`, or from `from` on. */
export function within(from: number, to = Number.MAX_SAFE_INTEGER) {
  const must = `must be a whole number${to === Number.MAX_SAFE_INTEGER ? `, ${from} or more` : ` from ${from} to ${to}`}`;
  return v.pipe(v.number(), v.safeInteger(must), v.minValue(from, must), v.maxValue(to, must));
}

/** No process can be given one. */
export const withoutNul = v.pipe(v.string(), v.check((given) => !given.includes('\0'), 'must have no NUL character'));

/** A path as it is given; whether it is one is judged by the workspace. */
export const path = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4_096));
