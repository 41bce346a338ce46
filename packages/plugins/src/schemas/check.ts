/** What the keywords of a schema are made into: functions that judge a value, and say what does not fit. */
import { spend, STEPS } from './budget.js';
import type { Seen } from './seen.js';

export type Schema = Readonly<Record<string, unknown>>;

/** What does not fit. The steps lead to where, the last one first, so that each level adds its own. */
export interface Complaint {
  readonly keyword: string;
  readonly data: unknown;
  readonly parentSchema: Schema;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string | undefined;
  /** The key that does not fit, of the object that the steps lead to. */
  propertyName?: string;
  readonly steps: (string | number)[];
}

/** Undefined for what fits. What was looked at is written down in `seen`, if somebody wants to know. */
export type Check = (value: unknown, seen: Seen | undefined) => Complaint | undefined;

/** What a keyword is made by: its schema, and how to make the schemas in it. */
export interface Making {
  readonly schema: Schema;
  readonly compile: (schema: unknown) => Check;
  readonly follow: (reference: string) => Check;
}

/** Undefined for a keyword that means nothing where it stands. */
export type Make = (value: never, making: Making) => Check | undefined;

export function complain(keyword: string, data: unknown, { schema, params = {}, message }: { readonly schema: Schema; readonly params?: Complaint['params']; readonly message?: string }): Complaint {
  spend(STEPS.complaint);
  return { keyword, data, parentSchema: schema, params, message, steps: [] };
}

/** The same, said of something further down. */
export function below(step: string | number, complaint: Complaint | undefined): Complaint | undefined {
  complaint?.steps.push(step);
  return complaint;
}

export function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What an object has of its own. */
export function keysOf(object: Schema): readonly string[] {
  const keys = Object.keys(object);
  spend(STEPS.key * keys.length);
  return keys;
}
