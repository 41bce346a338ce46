/**
 * Reads JSON that somebody else wrote, strictly, and remembers where in the text everything is.
 *
 * `JSON.parse` takes the last of two equal keys, and whoever reads the file sees the first; it makes an own `__proto__`, which the
 * next copy of the object may take for something else. Both are refused here, as are numbers and texts that are no values of JSON for
 * the kernel, and what is too large or too deep for whoever comes next.
 */
import { toJson, type Json } from '@omnipaw/kernel';
import { pointer, shown, type Problem } from '../schemas/index.js';

export const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_DEPTH = 64;
const MAX_VALUES = 20_000;
const MAX_PROBLEMS = 20;

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
  try {
    const value: unknown = JSON.parse(text);
    const scan = new Scan(text);
    const problems = scan.run();
    const placeIn = placesIn(text);
    const placeOf = (path: string): Place | undefined => placeIn(scan.offsetOf(path));
    return problems.length > 0 ? { problems, placeOf } : { value: toJson(value), problems, placeOf };
  } catch (error) {
    return notJson(text, error);
  }
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

function notJson(text: string, error: unknown): JsonText {
  const said = error instanceof Error ? error.message : String(error);
  const at = /at position (\d+)/.exec(said)?.[1];
  const place = placesIn(text)(at === undefined ? undefined : Number(at));
  // The engine quotes the text as it is, and says where in more than one way.
  const reason = said.replace(/,? (?:in JSON )?at position.*$/s, '').replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 120);
  return { problems: [{ path: '', message: `is no JSON: ${reason}` }], placeOf: () => place };
}

/** A text in quotes, a sign, or a number or word. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

interface Frame {
  readonly path: string;
  /** Of an object; an array has none. */
  readonly keys: Set<string> | undefined;
  /** The key or index of the value that comes next. */
  next: string | number;
  isKeyNext: boolean;
}

/** One walk over a text that is JSON, without recursion. */
class Scan {
  readonly #text: string;
  readonly #problems: Problem[] = [];
  readonly #offsets = new Map<string, number>();
  readonly #frames: Frame[] = [];
  #isGivenUp = false;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Problem[] {
    for (const { 0: token, index } of this.#text.matchAll(TOKEN)) {
      this.#take(token, index);
      if (this.#isGivenUp || this.#problems.length >= MAX_PROBLEMS) break;
    }
    return this.#problems;
  }

  offsetOf(path: string): number | undefined {
    return this.#offsets.get(path);
  }

  #take(token: string, offset: number): void {
    const frame = this.#frames.at(-1);
    if (token === ',') this.#advance(frame!);
    else if (token === '}' || token === ']') this.#frames.pop();
    else if (token === ':') frame!.isKeyNext = false;
    else if (frame?.isKeyNext === true) this.#takeKey(frame, token, offset);
    else this.#takeValue(token, offset, frame);
  }

  #advance(frame: Frame): void {
    if (frame.keys === undefined) frame.next = Number(frame.next) + 1;
    else frame.isKeyNext = true;
  }

  #takeKey(frame: Frame, token: string, offset: number): void {
    const key = JSON.parse(token) as string;
    const path = pointer(frame.path, key);
    if (frame.keys!.has(key)) this.#complain(path, 'is there twice, and readers differ in which of them they take. Take one out', offset);
    if (key === '__proto__') this.#complain(path, 'is a key that objects of JavaScript take for something else. Give it another name', offset);
    if (LONE_SURROGATE.test(key)) this.#complain(frame.path, 'has a key with half a character in it (a lone surrogate)', offset);
    frame.keys!.add(key);
    frame.next = key;
    this.#offsets.set(path, offset);
  }

  #takeValue(token: string, offset: number, frame: Frame | undefined): void {
    const path = frame === undefined ? '' : pointer(frame.path, frame.next);
    if (frame?.keys === undefined) this.#offsets.set(path, offset);
    if (this.#offsets.size > MAX_VALUES) this.#giveUp(`has more than ${MAX_VALUES} values in it`);
    if (token === '{' || token === '[') this.#open(token, path);
    else if (token.startsWith('"')) this.#judgeText(token, path, offset);
    else this.#judgeNumber(token, path, offset);
  }

  #open(token: string, path: string): void {
    if (this.#frames.length >= MAX_DEPTH) this.#giveUp(`is nested deeper than ${MAX_DEPTH} levels`);
    const isObject = token === '{';
    this.#frames.push({ path, keys: isObject ? new Set() : undefined, next: 0, isKeyNext: isObject });
  }

  #judgeText(token: string, path: string, offset: number): void {
    if (LONE_SURROGATE.test(JSON.parse(token) as string)) this.#complain(path, 'has half a character in it (a lone surrogate)', offset);
  }

  #judgeNumber(token: string, path: string, offset: number): void {
    const value = JSON.parse(token) as unknown;
    if (typeof value !== 'number' || (Number.isFinite(value) && !Object.is(value, -0))) return;
    this.#complain(path, `is no number that can be kept: ${shown(token)}`, offset);
  }

  #complain(path: string, message: string, offset: number): void {
    this.#problems.push({ path, message });
    this.#offsets.set(path, offset);
  }

  /** Of a document that is far too large nothing else is said. */
  #giveUp(message: string): void {
    this.#isGivenUp = true;
    this.#problems.splice(0, Infinity, { path: '', message });
  }
}

/** From an offset in a text to its line and column; the lines are counted once. */
function placesIn(text: string): (offset: number | undefined) => Place | undefined {
  const starts = [0, ...Array.from(text.matchAll(/\n/g), ({ index }) => index + 1)];
  return (offset) => {
    if (offset === undefined) return undefined;
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  };
}
