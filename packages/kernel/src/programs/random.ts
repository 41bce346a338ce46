/**
 * Chance for programs, from a seed that the log holds: the same seed gives the same numbers for ever.
 *
 * sfc32, from Chris Doty-Humphrey's PractRand (public domain): 128 bits of state, passes PractRand to 32 TB.
 */
export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  /** `seed` is 24 hexadecimal digits or more; what is beyond is not used. */
  constructor(seed: string) {
    this.#a = Number.parseInt(seed.slice(0, 8), 16) | 0;
    this.#b = Number.parseInt(seed.slice(8, 16), 16) | 0;
    this.#c = Number.parseInt(seed.slice(16, 24), 16) | 0;
    this.#counter = 1;
    // The author's own warm-up, after which similar seeds no longer give similar numbers.
    for (let round = 0; round < 12; round++) this.nextUint32();
  }

  nextUint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }

  /** From 0 up to, not including, 1, with 53 random bits. */
  nextFloat(): number {
    const high = this.nextUint32() >>> 5;
    const low = this.nextUint32() >>> 6;
    return (high * 0x4000000 + low) / 0x20000000000000;
  }

  /** A seed for another one. */
  nextSeed(): string {
    return Array.from({ length: 3 }, () => this.nextUint32().toString(16).padStart(8, '0')).join('');
  }

  /** A UUID of version 4 (RFC 9562). */
  nextUuid(): string {
    const hex = Array.from({ length: 4 }, () => this.nextUint32().toString(16).padStart(8, '0')).join('');
    const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }
}
