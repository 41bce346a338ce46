import type { Guest } from './guest.js';

/** `TextEncoder`. */
export function installEncoding({ global }: Guest): void {
  const bytesOf = (text: string): Uint8Array => {
    const bytes = new Uint8Array(text.length * 3);
    let length = 0;
    // A string gives its code points; what is half of one becomes U+FFFD.
    for (const character of text) {
      let code = character.codePointAt(0)!;
      if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
      if (code < 0x80) {
        bytes[length++] = code;
        continue;
      }
      const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      bytes[length++] = [0, 0xc0, 0xe0, 0xf0][more]! | (code >> (6 * more));
      for (let rest = more - 1; rest >= 0; rest--) bytes[length++] = 0x80 | ((code >> (6 * rest)) & 0x3f);
    }
    return bytes.slice(0, length);
  };

  class TextEncoder {
    readonly encoding = 'utf-8';
    encode(text: unknown = ''): Uint8Array {
      return bytesOf(String(text));
    }
    encodeInto(text: unknown, target: Uint8Array): { read: number; written: number } {
      let [read, written] = [0, 0];
      for (const character of String(text)) {
        const bytes = bytesOf(character);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        written += bytes.length;
        read += character.length;
      }
      return { read, written };
    }
  }
  Object.defineProperty(global, 'TextEncoder', { value: TextEncoder, writable: true, configurable: true });
}

/** `TextDecoder`, for UTF-8 only. What is none becomes U+FFFD, as the Encoding Standard says. */
export function installDecoding({ global }: Guest): void {
  /** How many bytes follow a first one, and between what the second must lie; undefined for what is no first one. */
  const leadOf = (byte: number): readonly [more: number, low: number, high: number] | undefined => {
    if (byte >= 0xc2 && byte <= 0xdf) return [1, 0x80, 0xbf];
    if (byte >= 0xe0 && byte <= 0xef) return [2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf];
    if (byte >= 0xf0 && byte <= 0xf4) return [3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf];
    return undefined;
  };
  /** The code point at a place (-1 if there is none) and where the next one begins; undefined if bytes are missing at the end. */
  const codeAt = (bytes: Uint8Array, at: number): readonly [code: number, next: number] | undefined => {
    const first = bytes[at]!;
    if (first < 0x80) return [first, at + 1];
    const lead = leadOf(first);
    if (lead === undefined) return [-1, at + 1];
    let code = first & (0x3f >> lead[0]);
    for (let index = 1; index <= lead[0]; index++) {
      if (at + index >= bytes.length) return undefined;
      const byte = bytes[at + index]!;
      if (byte < (index === 1 ? lead[1] : 0x80) || byte > (index === 1 ? lead[2] : 0xbf)) return [-1, at + index];
      code = (code << 6) | (byte & 0x3f);
    }
    return [code, at + lead[0] + 1];
  };
  const viewOf = (input: unknown): Uint8Array => {
    if (input === undefined) return new Uint8Array(0);
    if (input instanceof ArrayBuffer) return new Uint8Array(input);
    if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    throw new TypeError('decode takes an ArrayBuffer or a view of one.');
  };

  class TextDecoder {
    readonly encoding = 'utf-8';
    readonly fatal: boolean;
    readonly ignoreBOM: boolean;
    #rest = new Uint8Array(0);
    #isFirst = true;
    constructor(label: unknown = 'utf-8', options: { fatal?: unknown; ignoreBOM?: unknown } = {}) {
      if (!/^\s*(?:unicode-1-1-utf-8|utf-?8)\s*$/i.test(String(label))) throw new RangeError(`Only UTF-8 can be decoded here, not "${String(label)}".`);
      this.fatal = Boolean(options.fatal);
      this.ignoreBOM = Boolean(options.ignoreBOM);
    }
    decode(input?: unknown, options: { stream?: unknown } = {}): string {
      const view = viewOf(input);
      const bytes = new Uint8Array(this.#rest.length + view.length);
      bytes.set(this.#rest);
      bytes.set(view, this.#rest.length);
      const [text, end] = this.#read(bytes, Boolean(options.stream));
      this.#rest = bytes.slice(end);
      const hasMark = this.#isFirst && text.startsWith('\ufeff') && !this.ignoreBOM;
      this.#isFirst = !options.stream || (this.#isFirst && text === '');
      return hasMark ? text.slice(1) : text;
    }
    #read(bytes: Uint8Array, isStream: boolean): readonly [text: string, end: number] {
      const parts: string[] = [];
      let at = 0;
      while (at < bytes.length) {
        const found = codeAt(bytes, at);
        if (found === undefined && isStream) break;
        const [code, next] = found ?? [-1, bytes.length];
        if (code < 0 && this.fatal) throw new TypeError('The bytes are no UTF-8.');
        parts.push(code < 0 ? '\ufffd' : String.fromCodePoint(code));
        at = next;
      }
      return [parts.join(''), at];
    }
  }
  Object.defineProperty(global, 'TextDecoder', { value: TextDecoder, writable: true, configurable: true });
}
