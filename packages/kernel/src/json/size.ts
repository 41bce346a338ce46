import { OmniError } from '../errors/index.js';

/** Measures a value's JSON; throws `VALUE_TOO_LARGE` if it takes more than `maxBytes` in UTF-8. */
export function assertSize(json: unknown, maxBytes: number, what: string): void {
  const bytes = utf8Length(JSON.stringify(json));
  if (bytes > maxBytes) throw tooLarge(what, maxBytes, bytes);
}

export function tooLarge(what: string, maxBytes: number, bytes: number | string): OmniError {
  return new OmniError(
    'VALUE_TOO_LARGE',
    `${what} takes ${bytes} bytes as JSON; the limit is ${maxBytes}. Store it outside and pass a reference, or raise maxValueBytes.`,
    { details: { bytes, maxBytes } },
  );
}

/** The length of a well-formed string in UTF-8. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // A surrogate pair is two units and four bytes: two bytes a unit.
    if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}
