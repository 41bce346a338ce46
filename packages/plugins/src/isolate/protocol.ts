/**
 * What host and worker say to each other: plain data, checked by whoever receives it.
 *
 * 1. A slot is one call on one worker. Its number is never used again.
 * 2. The host begins with `start`; then it says `settle` for calls that the slot has made, each once. The worker takes messages in order.
 * 3. The worker numbers the calls of a slot 0, 1, 2 …; it says `done` or `failed` once, and nothing of the slot after that.
 * 4. After `start` and after each `settle` it says `rest`, unless the slot is over: until it is told more, the slot does nothing.
 * 5. After `dispose` it says `gone`, and nothing more of the slot; what was on its way may arrive before that.
 */
import type { IsolateLimits } from './job.js';

export interface StartMessage {
  readonly kind: 'start';
  readonly slot: number;
  readonly codeDigest: string;
  /** Undefined for code that the worker was given before and was not told to forget. */
  readonly code: string | undefined;
  readonly fileName: string;
  /** JSON. */
  readonly args: string;
  readonly now: number;
  readonly seed: readonly number[];
  readonly limits: IsolateLimits;
}

export interface SettleMessage {
  readonly kind: 'settle';
  readonly slot: number;
  readonly call: number;
  readonly isOk: boolean;
  /** JSON: the result, or `{ code, message }`. */
  readonly text: string;
}

export type HostMessage = StartMessage | SettleMessage | { readonly kind: 'dispose'; readonly slot: number } | { readonly kind: 'forget'; readonly codeDigest: string };

/** Why a call has come to no result. */
export type Failure =
  | { readonly reason: 'threw'; readonly name: string; readonly message: string; readonly stack: string; readonly code: string }
  /** The code is no script, so nothing of it has run. */
  | { readonly reason: 'script'; readonly message: string }
  | { readonly reason: 'limit'; readonly limit: keyof IsolateLimits; readonly used: number }
  | { readonly reason: 'result'; readonly message: string }
  /** It waits, and nothing is on its way that it could wait for. */
  | { readonly reason: 'stalled' }
  /** The engine has failed, or the worker has lost track. */
  | { readonly reason: 'crashed'; readonly message: string };

export type WorkerMessage =
  | { readonly kind: 'call'; readonly slot: number; readonly call: number; readonly name: string; readonly args: string }
  | { readonly kind: 'log'; readonly slot: number; readonly text: string }
  /** `settled` is how many calls it was told of so far; `ranMs`, how long the slot was in the engine. */
  | { readonly kind: 'rest'; readonly slot: number; readonly settled: number; readonly ranMs: number }
  | { readonly kind: 'gone'; readonly slot: number }
  | { readonly kind: 'done'; readonly slot: number; readonly result: string }
  | { readonly kind: 'failed'; readonly slot: number; readonly failure: Failure };

type Shape = Readonly<Record<string, (value: unknown) => boolean>>;
/** The fields of a shape, put out in a row once: a message has a few, and each call has several messages. */
type Fields = readonly (readonly [name: string, isRight: (value: unknown) => boolean])[];

const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): boolean => Number.isFinite(value);

const LIMITS: Shape = {
  ...{ fuel: isCount, cpuMs: isCount, memoryBytes: isCount, stackBytes: isCount, resultBytes: isCount, resultDepth: isCount },
  ...{ maxCalls: isCount, maxPendingCalls: isCount, callBytes: isCount },
};
const LIMIT_FIELDS = Object.entries(LIMITS);
export const LIMIT_NAMES = Object.keys(LIMITS) as readonly (keyof IsolateLimits)[];

const FAILURES = fieldsBy('reason', {
  threw: { name: isText, message: isText, stack: isText, code: isText },
  script: { message: isText },
  limit: { limit: (value) => LIMIT_NAMES.includes(value as keyof IsolateLimits), used: isNumber },
  result: { message: isText },
  stalled: {},
  crashed: { message: isText },
});

const TO_HOST = fieldsBy('kind', {
  call: { slot: isCount, call: isCount, name: isText, args: isText },
  log: { slot: isCount, text: isText },
  rest: { slot: isCount, settled: isCount, ranMs: isCount },
  gone: { slot: isCount },
  done: { slot: isCount, result: isText },
  failed: { slot: isCount, failure: (value) => hasShape(value, FAILURES, 'reason') },
});

const TO_WORKER = fieldsBy('kind', {
  start: {
    ...{ slot: isCount, codeDigest: isText, code: (value) => value === undefined || isText(value), fileName: isText, args: isText, now: isNumber },
    seed: (value) => Array.isArray(value) && value.length === 4 && value.every(isCount),
    limits: (value) => hasFields(value, LIMIT_FIELDS),
  },
  settle: { slot: isCount, call: isCount, isOk: (value) => typeof value === 'boolean', text: isText },
  dispose: { slot: isCount },
  forget: { codeDigest: isText },
});

/** Whether this is something that a worker says. */
export function isWorkerMessage(value: unknown): value is WorkerMessage {
  return hasShape(value, TO_HOST, 'kind');
}

/** Whether this is something that a host says. */
export function isHostMessage(value: unknown): value is HostMessage {
  return hasShape(value, TO_WORKER, 'kind');
}

/** By the value of a tag: the fields that there are then, the tag among them. */
function fieldsBy(tag: string, shapes: Readonly<Record<string, Shape>>): ReadonlyMap<unknown, Fields> {
  return new Map(Object.entries(shapes).map(([name, shape]) => [name, Object.entries({ [tag]: isText, ...shape })]));
}

function hasShape(value: unknown, shapes: ReadonlyMap<unknown, Fields>, tag: string): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const fields = shapes.get((value as Record<string, unknown>)[tag]);
  return fields !== undefined && hasFields(value, fields);
}

/** All of these fields, and no other. */
function hasFields(value: unknown, fields: Fields): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const found = value as Record<string, unknown>;
  let count = 0;
  for (const [name, isRight] of fields) {
    if (!isRight(found[name])) return false;
    if (Object.hasOwn(found, name)) count++;
  }
  return Object.keys(found).length === count;
}
