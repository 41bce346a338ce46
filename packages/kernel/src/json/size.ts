import { OmniError } from '../errors/index.js';
import type { Json } from './json.js';

/**
 * Refuses a value whose JSON is longer than `maxBytes` in UTF-8, with `VALUE_TOO_LARGE`.
 *
 * Most values are far below the limit, so an upper bound that needs no serialising decides first.
 */
export function assertSize(value: Json, maxBytes: number, what: string): void {
  if (upperBound(value, maxBytes) <= maxBytes) return;
  const bytes = utf8Length(JSON.stringify(value));
  if (bytes <= maxBytes) return;
  throw new OmniError(
    'VALUE_TOO_LARGE',
    `${what} takes ${String(bytes)} bytes as JSON; the limit is ${String(maxBytes)}. Store it outside and pass a reference, or raise maxValueBytes.`,
    { details: { bytes, maxBytes } },
  );
}

/** The most bytes that a value's JSON can take; stops counting once it is over the limit. */
function upperBound(value: Json, limit: number): number {
  if (typeof value === 'string') return value.length * 6 + 2;
  if (typeof value !== 'object' || value === null) return 25;
  let total = 2;
  for (const [key, child] of Object.entries(value)) {
    // The key of an array element costs nothing in JSON, and its length here is a bound all the same.
    total += key.length * 6 + 4 + upperBound(child, limit - total);
    if (total > limit) break;
  }
  return total;
}

/** The length of a well-formed string in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes: two bytes a unit.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
