import type { Guest } from './guest.js';

/**
 * `Math.random`, `crypto.getRandomValues` and `crypto.randomUUID`, all from the seed of the job: the same job draws the same.
 * So nothing of it is a secret.
 *
 * The generator is xoshiro128** (Blackman and Vigna, https://prng.di.unimi.it/xoshiro128starstar.c).
 */
export function installChance(guest: Guest): void {
  let [a, b, c, d] = [1, 2, 3, 4];
  const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));
  guest.seed = ([first = 1, second = 2, third = 3, fourth = 4]) => {
    [a, b, c, d] = [first, second, third, fourth];
  };
  guest.uint32 = () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  const { uint32 } = guest;
  Object.defineProperty(Math, 'random', { value: () => ((uint32() >>> 5) * 67108864 + (uint32() >>> 6)) / 9007199254740992, writable: true, configurable: true });

  const fill = (bytes: Uint8Array): void => {
    for (let index = 0; index < bytes.length; index++) bytes[index] = uint32() >>> 24;
  };
  const crypto = {
    getRandomValues(array: unknown): unknown {
      if (!ArrayBuffer.isView(array)) throw new TypeError('getRandomValues takes a typed array of integers.');
      if (array.byteLength > 65536) throw new RangeError('getRandomValues gives 65,536 bytes at most.');
      fill(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      return array;
    },
    randomUUID(): string {
      const bytes = new Uint8Array(16);
      fill(bytes);
      bytes[6] = (bytes[6]! & 0x0f) | 0x40;
      bytes[8] = (bytes[8]! & 0x3f) | 0x80;
      const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
    },
  };
  Object.defineProperty(guest.global, 'crypto', { value: Object.freeze(crypto), writable: true, configurable: true });
}
