/** Bytes as text, and back. Strict: bytes have one text, and any other is none. */

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of lower-case hexadecimal digits, of which there is an even number. */
export function fromHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2);
  writeHex(hex, bytes, 0);
  return bytes;
}

/** Writes the same into bytes that are there: a tree does it three times for each leaf. */
export function writeHex(hex: string, bytes: Uint8Array, offset: number): void {
  for (let index = 0; index < hex.length; index += 2) {
    bytes[offset + index / 2] = (nibble(hex.charCodeAt(index)) << 4) | nibble(hex.charCodeAt(index + 1));
  }
}

/** The value of a digit: 0 to 9 are the codes from 48, a to f those from 97. */
function nibble(code: number): number {
  return code < 97 ? code - 48 : code - 87;
}

/** Base64 with padding (RFC 4648, section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second, third] = bytes.subarray(index, index + 3);
    text += DIGITS[first >> 2]! + DIGITS[((first & 3) << 4) | ((second ?? 0) >> 4)]!;
    text += second === undefined ? '=' : DIGITS[((second & 15) << 2) | ((third ?? 0) >> 6)]!;
    text += third === undefined ? '=' : DIGITS[third & 63]!;
  }
  return text;
}

/** The inverse of {@link toBase64}; undefined for any text that it does not make. */
export function fromBase64(text: string): Uint8Array | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  if (text.length % 4 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let [bits, bitCount, length] = [0, 0, 0];
  for (let index = 0; index < text.length - padding; index++) {
    const digit = digitOf(text.charCodeAt(index));
    if (digit === undefined) return undefined;
    bits = ((bits << 6) | digit) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) bytes[length++] = (bits >> (bitCount -= 8)) & 0xff;
  }
  // What is left over belongs to no byte, and must be zero.
  return (bits & ((1 << bitCount) - 1)) === 0 ? bytes : undefined;
}

const VALUES: readonly (number | undefined)[] = Array.from({ length: 128 }, (_, code) => {
  const value = DIGITS.indexOf(String.fromCharCode(code));
  return value < 0 ? undefined : value;
});

function digitOf(code: number): number | undefined {
  return VALUES[code];
}
