import type { Guest } from './guest.js';

/** `console`, whose lines go to the log of the job. */
export function installConsole(guest: Guest): void {
  const { toText } = guest;
  const text: (value: unknown) => string = String;
  const inWords = (value: unknown): string => {
    if (typeof value === 'string') return value;
    try {
      if (value instanceof Error) return text(value);
      return typeof value === 'object' ? toText(value) : text(value);
    } catch {
      return `[${typeof value}]`;
    }
  };
  const log = (...values: readonly unknown[]): void => {
    guest.send('L' + values.map(inWords).join(' '));
  };
  guest.log = log;
  const nothing = (): void => undefined;
  const console = {
    ...{ log, info: log, warn: log, error: log, debug: log, trace: log, dir: log },
    ...{ assert: (condition: unknown, ...values: readonly unknown[]) => { if (!condition) log('Assertion failed:', ...values); } },
    ...{ group: log, groupEnd: nothing, time: nothing, timeEnd: nothing, count: nothing, table: log },
  };
  Object.defineProperty(guest.global, 'console', { value: console, writable: true, configurable: true });
}
