import * as v from 'valibot';

/** A path as the model writes it; whether it is one is judged by the workspace. */
export const path = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4_096));

/** A whole number from `from` to `to`. */
export const whole = (from: number, to: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(from), v.maxValue(to));

export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'is no SHA-256 in lower-case hexadecimal'));
