import type { Guest } from './guest.js';

/** `structuredClone`, without transfer: data, `Date`, `RegExp`, `Map`, `Set`, errors, buffers and views of them, with cycles. */
export function installClone({ global }: Guest): void {
  const refuse = (what: string): never => {
    throw new DOMException(`${what} cannot be cloned.`, 'DataCloneError');
  };
  const cloneView = (view: ArrayBufferView, seen: Map<unknown, unknown>): unknown => {
    const buffer = clone(view.buffer, seen);
    const { constructor, byteOffset, byteLength } = view as ArrayBufferView & { constructor: new (...args: unknown[]) => unknown };
    return view instanceof DataView ? new DataView(buffer as ArrayBuffer, byteOffset, byteLength) : new constructor(buffer, byteOffset, (view as Uint8Array).length);
  };
  const cloneError = (error: Error): Error => {
    const copy = new Error(error.message);
    for (const key of ['name', 'stack', 'cause'] as const) if (key in error) Object.defineProperty(copy, key, { value: error[key], writable: true, configurable: true });
    return copy;
  };
  /** Undefined for what has parts of its own. */
  const cloneWhole = (value: object, seen: Map<unknown, unknown>): unknown => {
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof RegExp) return new RegExp(value.source, value.flags);
    if (value instanceof ArrayBuffer) return value.slice(0);
    if (ArrayBuffer.isView(value)) return cloneView(value, seen);
    if (value instanceof Error) return cloneError(value);
    if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet) return refuse(`A ${value.constructor.name}`);
    return undefined;
  };
  const cloneParts = (value: object, seen: Map<unknown, unknown>): unknown => {
    if (value instanceof Map) {
      const copy = new Map();
      seen.set(value, copy);
      for (const [key, item] of value) copy.set(clone(key, seen), clone(item, seen));
      return copy;
    }
    if (value instanceof Set) {
      const copy = new Set();
      seen.set(value, copy);
      for (const item of value) copy.add(clone(item, seen));
      return copy;
    }
    const copy: object = Array.isArray(value) ? new Array(value.length) : {};
    seen.set(value, copy);
    for (const [key, item] of Object.entries(value)) Object.defineProperty(copy, key, { value: clone(item, seen), writable: true, enumerable: true, configurable: true });
    return copy;
  };
  const clone = (value: unknown, seen: Map<unknown, unknown>): unknown => {
    if (typeof value === 'function' || typeof value === 'symbol') refuse(`A ${typeof value}`);
    if (typeof value !== 'object' || value === null) return value;
    if (seen.has(value)) return seen.get(value);
    const whole = cloneWhole(value, seen);
    if (whole === undefined) return cloneParts(value, seen);
    seen.set(value, whole);
    return whole;
  };
  Object.defineProperty(global, 'structuredClone', { value: (value: unknown) => clone(value, new Map()), writable: true, configurable: true });
}
