/** The first and the last bytes of a stream. */

const NEWLINE = 0x0a;

export interface CapturedOutput {
  readonly head: Uint8Array;
  /** Empty when nothing was cut: then all is in `head`. */
  readonly tail: Uint8Array;
  /** How many bytes there were between them. */
  readonly cutBytes: number;
}

/** Takes in a stream of any length, and holds no more than twice what it keeps: what it is given is copied, for a byte may be one of a large buffer. */
export class OutputWindow {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  readonly #head = new ByteList();
  readonly #tail = new ByteList();
  #totalBytes = 0;

  constructor(maxBytes: number) {
    this.#headLimit = Math.ceil(maxBytes / 2);
    this.#tailLimit = maxBytes - this.#headLimit;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  add(bytes: Uint8Array): void {
    this.#totalBytes += bytes.length;
    const toHead = bytes.subarray(0, this.#headLimit - this.#head.length);
    this.#head.add(toHead);
    const rest = bytes.subarray(Math.max(toHead.length, bytes.length - this.#tailLimit));
    if (this.#tail.length + rest.length > 2 * this.#tailLimit) this.#tail.keepLast(this.#tailLimit);
    this.#tail.add(rest);
  }

  captured(): CapturedOutput {
    this.#tail.keepLast(this.#tailLimit);
    const [head, tail] = [this.#head.copy(), this.#tail.copy()];
    const cutBytes = this.#totalBytes - head.length - tail.length;
    return cutBytes === 0 ? { head: Buffer.concat([head, tail]), tail: new Uint8Array(), cutBytes } : { head, tail, cutBytes };
  }
}

/** Bytes in one piece, which grows. */
class ByteList {
  #room = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#room.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#room.length));
      this.#room.copy(larger, 0, 0, this.#length);
      this.#room = larger;
    }
    this.#room.set(bytes, this.#length);
    this.#length = length;
  }

  keepLast(count: number): void {
    if (this.#length <= count) return;
    this.#room.copyWithin(0, this.#length - count, this.#length);
    this.#length = count;
  }

  copy(): Buffer {
    return Buffer.from(this.#room.subarray(0, this.#length));
  }
}

/**
 * Without the lines that were cut in two: a secret in one of them could not be recognised any more.
 *
 * Of a line that is as long as what is kept, nothing is left.
 */
export function withoutCutLines(output: CapturedOutput): CapturedOutput {
  if (output.cutBytes === 0) return output;
  const head = output.head.subarray(0, output.head.lastIndexOf(NEWLINE) + 1);
  const next = output.tail.indexOf(NEWLINE);
  const tail = output.tail.subarray(next === -1 ? output.tail.length : next + 1);
  return { head, tail, cutBytes: output.cutBytes + output.head.length - head.length + output.tail.length - tail.length };
}

/** All of a stream as text; what is no UTF-8 becomes U+FFFD, and a character that was cut in two is left out. */
export function textOfOutput({ head, tail, cutBytes }: CapturedOutput): string {
  if (cutBytes === 0) return decode(head);
  return `${decode(withoutLastPart(head))}\n[OUTPUT_TRUNCATED: ${cutBytes} bytes cut here]\n${decode(withoutFirstPart(tail))}`;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** A character of UTF-8 has at most three bytes after its first one. */
function withoutFirstPart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start++;
  return bytes.subarray(start);
}

function withoutLastPart(bytes: Uint8Array): Uint8Array {
  let lead = bytes.length - 1;
  while (lead > bytes.length - 4 && isContinuation(bytes[lead])) lead--;
  const first = bytes[lead] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead >= 0 && lead + length > bytes.length ? bytes.subarray(0, lead) : bytes;
}
