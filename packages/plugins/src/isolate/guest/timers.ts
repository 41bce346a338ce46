import type { Guest } from './guest.js';

/**
 * `setTimeout` without time: nothing passes while a handler runs, so a timer fires as soon as there is nothing else to do and no
 * call under way, the one with the shortest delay first. A call therefore always beats its time-out.
 */
export function installTimers(guest: Guest): void {
  interface Timer {
    readonly id: number;
    readonly due: number;
    readonly run: () => unknown;
  }
  let timers: Timer[] = [];
  let lastId = 0;
  let now = 0;
  const setTimeout = (run: unknown, delay?: unknown, ...values: readonly unknown[]): number => {
    if (typeof run !== 'function') throw new TypeError('setTimeout takes a function.');
    const wait = Number(delay);
    timers.push({ id: ++lastId, due: now + (wait > 0 ? wait : 0), run: () => (run as (...values: readonly unknown[]) => unknown)(...values) });
    return lastId;
  };
  const clearTimeout = (id: unknown): void => {
    timers = timers.filter((timer) => timer.id !== id);
  };
  guest.fireTimer = () => {
    const next = timers.reduce<Timer | undefined>((first, timer) => (first === undefined || timer.due < first.due ? timer : first), undefined);
    if (next === undefined) return false;
    clearTimeout(next.id);
    now = next.due;
    // By a promise, so that what it throws is nobody's.
    void Promise.resolve().then(next.run);
    return true;
  };
  for (const [name, value] of Object.entries({ setTimeout, clearTimeout })) Object.defineProperty(guest.global, name, { value, writable: true, configurable: true });
}
