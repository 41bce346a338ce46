import type { Guest } from './guest.js';

/** What can be said of something that was thrown: no property of it is to be trusted to be there, or to answer. */
export function installDescribe(guest: Guest): void {
  const textOf = (thrown: unknown, key: string): string | undefined => {
    try {
      const value = (thrown as Record<string, unknown>)[key];
      return typeof value === 'string' ? value.slice(0, 16384) : undefined;
    } catch {
      return undefined;
    }
  };
  const describe = (thrown: unknown): Record<string, string | undefined> => {
    if (typeof thrown === 'object' && thrown !== null) {
      return { name: textOf(thrown, 'name'), message: textOf(thrown, 'message'), stack: textOf(thrown, 'stack'), code: textOf(thrown, 'code') };
    }
    try {
      return { message: String(thrown).slice(0, 16384) };
    } catch {
      return { message: `a ${typeof thrown}` };
    }
  };
  guest.textOf = textOf;
  guest.describe = describe;
}
