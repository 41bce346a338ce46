import * as v from 'valibot';

export const text = v.string();

/** A whole number from 0. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Larger than this is no source that anybody wrote by hand. */
export const MAX_SOURCE_BYTES = 1024 * 1024;
