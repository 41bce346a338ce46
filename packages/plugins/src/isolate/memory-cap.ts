/**
 * Gives a WebAssembly module a hard maximum of memory, by writing it into the module.
 *
 * The engine counts what it allocates, and so it has been wrong before (buffers outside its books, for example). What the module itself
 * declares is kept by the host's own WebAssembly: memory beyond it does not exist.
 */
export const PAGE_BYTES = 65_536;

const MEMORY_SECTION = 5;
const HEADER_BYTES = 8;

/** @returns the module with at most `maxBytes` of memory, rounded up to pages. Throws a `TypeError` for what is no such module. */
export function capMemory(module: Uint8Array, maxBytes: number): Uint8Array {
  let at = HEADER_BYTES;
  while (at < module.length) {
    const id = module[at];
    const size = readUnsigned(module, at + 1);
    const next = size.next + size.value;
    if (id === MEMORY_SECTION) {
      const section = cappedSection(module.subarray(size.next, next), Math.ceil(maxBytes / PAGE_BYTES));
      return concatenate([module.subarray(0, at), Uint8Array.of(MEMORY_SECTION), unsigned(section.length), section, module.subarray(next)]);
    }
    at = next;
  }
  throw new TypeError('The module has no memory of its own that could be limited.');
}

/** One memory, whose limits are a flag (has a maximum), the pages that it begins with, and the maximum. */
function cappedSection(section: Uint8Array, maxPages: number): Uint8Array {
  const [count, flags] = section;
  const initial = readUnsigned(section, 2);
  if (count !== 1 || (flags !== 0 && flags !== 1)) throw new TypeError('The module has not one plain memory.');
  if (initial.value > maxPages) throw new TypeError(`The module begins with ${initial.value} pages of memory, more than the maximum of ${maxPages}.`);
  return concatenate([Uint8Array.of(1, 1), unsigned(initial.value), unsigned(maxPages)]);
}

/** LEB128, as in the WebAssembly specification, 5.2.2. */
function readUnsigned(bytes: Uint8Array, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 28) throw new TypeError('The module ends within a number.');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

function unsigned(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80);
  return Uint8Array.from([...bytes, value]);
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
