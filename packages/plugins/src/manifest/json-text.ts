/**
 * Reads JSON that somebody else wrote, strictly, and remembers where in the text everything is.
 *
 * `JSON.parse` takes the last of two equal keys, and whoever reads the file sees the first; it makes an own `__proto__`, which the
 * next copy of the object may take for something else. Both are refused here, as are numbers and texts that are no values of JSON for
 * the kernel, and what is too large or too deep for whoever comes next.
 */
import { toJson, type Json } from '@omnipaw/kernel';
import { printParseErrorCode, visit, type JSONVisitor } from 'jsonc-parser';
import { pointer, shown, type Problem } from '../schemas/index.js';

export const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_VALUES = 20_000;
const MAX_PROBLEMS = 20;

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const STRICTLY = { disallowComments: true, allowTrailingComma: false };
/** Ends a scan. */
const ENOUGH = new Error('Nothing more is to be said.');

/** From 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A document, or what is wrong with its text. */
export interface JsonText {
  readonly value?: Json;
  readonly problems: readonly Problem[];
  /** Where the value, or the key, at a JSON pointer is. */
  readonly placeOf: (path: string) => Place | undefined;
}

export function readJsonText(source: string | Uint8Array): JsonText {
  const size = typeof source === 'string' ? Buffer.byteLength(source) : source.length;
  if (size > MAX_MANIFEST_BYTES) return broken(`takes ${size} bytes; it may take ${MAX_MANIFEST_BYTES}`);
  const text = typeof source === 'string' ? source.replace(/^\uFEFF/, '') : decode(source);
  if (text === undefined) return broken('is no UTF-8. Save it as UTF-8');
  const scan = new Scan(text);
  const { problems } = scan;
  const placeOf = (path: string): Place | undefined => scan.places.get(path);
  return problems.length > 0 ? { problems, placeOf } : { value: toJson(JSON.parse(text)), problems, placeOf };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function broken(message: string): JsonText {
  return { problems: [{ path: '', message }], placeOf: () => undefined };
}

/** Goes through a text once. Without problems, it is JSON. */
class Scan {
  readonly problems: Problem[] = [];
  /** By JSON pointer. */
  readonly places = new Map<string, Place>();
  readonly #text: string;
  /** The containers around, with the keys that an object has so far. */
  readonly #open: { readonly path: string; readonly keys: Set<string> }[] = [];

  constructor(text: string) {
    this.#text = text;
    try {
      visit(text, this.#visitor(), STRICTLY);
    } catch (thrown) {
      if (thrown !== ENOUGH) throw thrown;
    }
  }

  #visitor(): JSONVisitor {
    const end = (): void => { this.#open.pop(); };
    return {
      onObjectBegin: (...[, , line, column, steps]) => { this.#begin(this.#pathOf(steps()), placeAt(line, column)); },
      onArrayBegin: (...[, , line, column, steps]) => { this.#begin(this.#pathOf(steps()), placeAt(line, column)); },
      ...{ onObjectEnd: end, onArrayEnd: end },
      onObjectProperty: (key, ...[, , line, column]) => { this.#takeKey(key, placeAt(line, column)); },
      onLiteralValue: (value, ...[offset, length, line, column, steps]) => { this.#takeLiteral(value, this.#text.slice(offset, offset + length), { path: this.#pathOf(steps()), place: placeAt(line, column) }); },
      // What follows a mistake is not what its author meant.
      onError: (code, ...[, , line, column]) => { this.#giveUp(`is no JSON: ${wordsOf(printParseErrorCode(code))}`, placeAt(line, column)); },
    };
  }

  /** Of a value, by the last of the steps to it: those before led to what it is in. */
  #pathOf(steps: readonly (string | number)[]): string {
    const around = this.#open.at(-1);
    return around === undefined ? '' : pointer(around.path, steps.at(-1)!);
  }

  #begin(path: string, place: Place): void {
    this.#take(path, place);
    if (this.#open.length >= MAX_DEPTH) this.#giveUp(`is nested deeper than ${MAX_DEPTH} levels`);
    this.#open.push({ path, keys: new Set() });
  }

  #takeKey(key: string, place: Place): void {
    const { path: parent, keys } = this.#open.at(-1)!;
    const path = pointer(parent, key);
    if (keys.has(key)) this.#complain(path, 'is there twice, and readers differ in which of them they take. Take one out', place);
    if (key === '__proto__') this.#complain(path, 'is a key that objects of JavaScript take for something else. Give it another name', place);
    if (LONE_SURROGATE.test(key)) this.#complain(parent, 'has a key with half a character in it (a lone surrogate)', place);
    keys.add(key);
    this.places.set(path, place);
  }

  #takeLiteral(value: unknown, token: string, { path, place }: { readonly path: string; readonly place: Place }): void {
    this.#take(path, place);
    if (typeof value === 'string' && LONE_SURROGATE.test(value)) this.#complain(path, 'has half a character in it (a lone surrogate)', place);
    const isKept = typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0));
    if (!isKept) this.#complain(path, `is no number that can be kept: ${shown(token)}`, place);
  }

  /** The value of a key is where its key is. */
  #take(path: string, place: Place): void {
    if (!this.places.has(path)) this.places.set(path, place);
    if (this.places.size > MAX_VALUES) this.#giveUp(`has more than ${MAX_VALUES} values in it`);
  }

  #complain(path: string, message: string, place: Place): void {
    this.problems.push({ path, message });
    this.places.set(path, place);
    if (this.problems.length >= MAX_PROBLEMS) throw ENOUGH;
  }

  /** Of a document that is no JSON, or far too large, nothing else is said. */
  #giveUp(message: string, place?: Place): never {
    this.problems.splice(0, Infinity, { path: '', message });
    if (place !== undefined) this.places.set('', place);
    throw ENOUGH;
  }
}

function placeAt(line: number, column: number): Place {
  return { line: line + 1, column: column + 1 };
}

/** `CommaExpected` in words. */
function wordsOf(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter}`).toLowerCase();
}
