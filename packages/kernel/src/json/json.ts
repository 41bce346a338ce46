/**
 * JSON values, and the one way in which a foreign value becomes one.
 *
 * INV-11: only JSON enters memory, messages, arguments and results. What can't be written as JSON *and read back as the
 * same value* is refused with the path to it, because a replay reads what the log holds.
 */
import { OmniError } from '../errors/index.js';
import { childPath } from './path.js';
import { assertSize, tooLarge } from './size.js';

export type JsonPrimitive = string | number | boolean | null;
export type Json = JsonPrimitive | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Nesting deeper than this is refused, so that no value can exhaust the stack of its reader. */
export const MAX_JSON_DEPTH = 256;

/**
 * Copies a value into deeply frozen JSON.
 *
 * Rejects with `SERIALIZATION_ERROR` and the path (`$.a[3].b`) for `undefined`, functions, symbols, bigint, NaN, ±Infinity,
 * -0, lone surrogates, sparse arrays, cycles and instances of classes.
 */
export function toJson(value: unknown): Json {
  return copy(value, undefined, 0);
}

/**
 * {@link toJson}, and refuses a value whose JSON takes more than `maxBytes` in UTF-8, with `VALUE_TOO_LARGE`.
 *
 * Most values are far below the limit, so an upper bound decides first, counted while the value is copied.
 */
export function toJsonWithin(value: unknown, maxBytes: number, what: string): Json {
  // A getter of the value may lead back here; its own count must not be this one's.
  const outer = { byteBound, certainlyTooLarge };
  byteBound = 0;
  certainlyTooLarge = maxBytes * MAX_PRIMITIVE_BYTES;
  try {
    const json = copy(value, undefined, 0);
    if (byteBound > maxBytes) assertSize(json, maxBytes, what);
    return json;
  } catch (thrown) {
    throw thrown === TOO_LARGE ? tooLarge(what, maxBytes, `more than ${maxBytes}`) : thrown;
  } finally {
    ({ byteBound, certainlyTooLarge } = outer);
  }
}

/** At least as many bytes as the JSON of what was copied so far, and at most `MAX_PRIMITIVE_BYTES` times as many. */
let byteBound = 0;
/**
 * Copying ends here, long before a value with shared references inside shared references, small in memory and endless
 * when written out, has used up what there is.
 */
let certainlyTooLarge = Infinity;
const TOO_LARGE = new Error('The copy has grown too large.');
/** A unit of a string takes at most `\\u0000`; a number at most 25 characters. */
const MAX_BYTES_PER_UNIT = 6;
const MAX_PRIMITIVE_BYTES = 26;

/** The path to the value being copied, built only when it has to be told. */
interface Path {
  readonly parent: Path | undefined;
  readonly container: object;
  key: string | number;
}

function copy(value: unknown, path: Path | undefined, depth: number): Json {
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) refuse(path, 'a string with a lone surrogate');
      byteBound += value.length * MAX_BYTES_PER_UNIT + 3;
      return value;
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0)) refuse(path, Object.is(value, -0) ? '-0' : String(value));
      byteBound += MAX_PRIMITIVE_BYTES;
      return value;
    case 'boolean':
      byteBound += MAX_PRIMITIVE_BYTES;
      return value;
    case 'object':
      byteBound += MAX_PRIMITIVE_BYTES;
      if (byteBound > certainlyTooLarge) throw TOO_LARGE;
      if (value === null) return null;
      if (depth >= MAX_JSON_DEPTH) refuseDepth(path);
      return Array.isArray(value) ? copyArray(value, path, depth) : copyObject(value, path, depth);
    default:
      return refuse(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  }
}

function copyArray(array: readonly unknown[], parent: Path | undefined, depth: number): Json {
  if (Object.keys(array).length !== array.length) refuse(parent, 'an array with holes or extra properties');
  const path: Path = { parent, container: array, key: 0 };
  const result: Json[] = [];
  for (let index = 0; index < array.length; index++) {
    path.key = index;
    result.push(copy(array[index], path, depth + 1));
  }
  return Object.freeze(result);
}

function copyObject(object: object, parent: Path | undefined, depth: number): Json {
  const prototype: unknown = Object.getPrototypeOf(object);
  // A root prototype of any realm makes a plain object; everything else is an instance of something.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) refuse(parent, `an instance of ${className(object)}`);
  if (Object.getOwnPropertySymbols(object).length > 0) refuse(parent, 'an object with a symbol as a key');
  const path: Path = { parent, container: object, key: '' };
  const result: Record<string, Json> = {};
  for (const key of Object.keys(object)) {
    path.key = key;
    byteBound += key.length * MAX_BYTES_PER_UNIT + 4;
    if (!isWellFormed(key)) refuse(parent, 'an object with a lone surrogate in a key');
    const child = copy((object as Record<string, unknown>)[key], path, depth + 1);
    if (key === '__proto__') Object.defineProperty(result, key, { value: child, enumerable: true });
    else result[key] = child;
  }
  return Object.freeze(result);
}

function refuse(path: Path | undefined, found: string): never {
  const place = pathText(path);
  throw new OmniError(
    'SERIALIZATION_ERROR',
    `The value at ${place} is ${found}, which is not JSON. Pass strings, finite numbers, booleans, null, arrays and plain objects only.`,
    { details: { path: place, found } },
  );
}

/** Renders the path to a value: `$`, `$.a[3].b`, `$["a key"]`. */
function pathText(path: Path | undefined): string {
  return path === undefined ? '$' : childPath(pathText(path.parent), path.key);
}

/** A cycle is looked for only here, where every cycle ends up. */
function refuseDepth(path: Path | undefined): never {
  const places: Path[] = [];
  for (let place = path; place !== undefined; place = place.parent) places.unshift(place);
  const above = new Set<object>();
  for (const [index, place] of places.entries()) {
    above.add(place.container);
    const next = places[index + 1];
    if (next !== undefined && above.has(next.container)) refuse(place, 'a cycle');
  }
  refuse(path, `nested deeper than ${MAX_JSON_DEPTH} levels`);
}

function className(object: object): string {
  const { constructor } = object as { constructor?: { name?: unknown } };
  return typeof constructor?.name === 'string' && constructor.name !== '' ? constructor.name : 'an unnamed class';
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/** `String.prototype.isWellFormed` where the platform has it (Node 20), since it is far faster than the pattern. */
export const isWellFormed: (text: string) => boolean =
  'isWellFormed' in String.prototype
    ? (text) => (text as string & { isWellFormed(): boolean }).isWellFormed()
    : (text) => !LONE_SURROGATE.test(text);
