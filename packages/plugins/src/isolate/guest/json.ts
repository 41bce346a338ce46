import type { Guest } from './guest.js';

/**
 * JSON text of what leaves the guest. Properties that are `undefined` are left out, as everywhere; what JSON would turn into
 * something else without a word (NaN, functions, symbols) is refused.
 */
export function installToText(guest: Guest): void {
  const { stringify } = JSON;
  const { isFinite } = Number;
  const refuse = (key: string, found: string): never => {
    throw new TypeError((key === '' ? 'The value' : `The value of "${key}"`) + ` is ${found}, which is not JSON.`);
  };
  guest.toText = (value) => {
    if (value === undefined) return 'null';
    const text = stringify(value, (key, item: unknown) => {
      if (typeof item === 'number' && !isFinite(item)) refuse(key, `${item}`);
      if (typeof item === 'function' || typeof item === 'symbol' || typeof item === 'bigint') refuse(key, `a ${typeof item}`);
      return item;
    }) as string | undefined;
    return text ?? 'null';
  };
}
