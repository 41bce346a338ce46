/** What somebody gives who makes a tool: checked as a whole and at once, since a limit that is not read is none. */
import * as v from 'valibot';
import { fields } from './fields.js';
import { within } from './values.js';
import { words } from './words.js';

/** What timers can wait for is less than 25 days; there is room for what tools add. */
const MAX_TIMEOUT_MS = 24 * 24 * 60 * 60 * 1_000;

export const text = v.pipe(v.string(), v.nonEmpty());
export const timeoutMs = within(1, MAX_TIMEOUT_MS);
export const callback = v.function();

/** Options by their names, none of which has to be given unless it is in `needed`. */
export function optionsOf<Name extends string>(more: Readonly<Record<Name, v.GenericSchema>>, needed: Readonly<Record<string, v.GenericSchema>> = {}): v.GenericSchema {
  const optional = Object.entries<v.GenericSchema>(more).map(([name, schema]) => [name, v.optional(schema)] as const);
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  return v.pipe(v.custom<object>(isObject, 'must be an object with options'), fields({ ...needed, ...Object.fromEntries(optional) }));
}

/** Throws a `TypeError` that names the option, says what it must be, and what was found. */
export function checkOptions(caller: string, schema: v.GenericSchema, options: unknown): void {
  const { issues } = v.safeParse(schema, options, { message: words, abortEarly: true, abortPipeEarly: true });
  if (issues === undefined) return;
  const [issue] = issues;
  const keys = (issue.path ?? []).map(({ key }) => key);
  const place = keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('').replace(/^\./, '');
  const belongs = issue.expected === 'never' ? elsewhere(schema, place) : '';
  throw new TypeError(`${caller}: ${place === '' ? 'its options' : `its option ${place}`} ${issue.message}${belongs}${found(issue, keys)}.`);
}

/** Values of variables may be secrets. */
function found({ input, expected }: v.BaseIssue<unknown>, keys: readonly unknown[]): string {
  const isShown = ['string', 'number', 'boolean'].includes(typeof input) && expected !== 'never' && !keys.includes('env') && !keys.includes('environment');
  return isShown ? `; found: ${typeof input === 'string' ? JSON.stringify(input.slice(0, 200)) : String(input)}` : '';
}

/** Where an option of this name does belong, if there is such a place. */
function elsewhere(schema: v.GenericSchema, place: string): string {
  const name = lastOf(place);
  const home = placesOf(schema).find((other) => other !== place && lastOf(other) === name);
  return home === undefined ? '' : `; there is ${home}`;
}

function lastOf(place: string): string {
  return place.slice(place.lastIndexOf('.') + 1);
}

/** What the schemas that options are made of have inside. */
interface Inside {
  readonly entries?: Readonly<Record<string, Inside>>;
  readonly wrapped?: Inside;
  readonly item?: Inside;
  readonly pipe?: readonly Inside[];
}

/** All options by their places: `bash.timeoutMs`, `net.allow[].host`. */
export function placesOf(schema: object, prefix = ''): readonly string[] {
  const { entries = {}, wrapped, item, pipe = [] } = schema as Inside;
  const named = Object.entries(entries).flatMap(([name, inner]) => [`${prefix}${name}`, ...placesOf(inner, `${prefix}${name}.`)]);
  const further = [wrapped, ...pipe].flatMap((inner) => (inner === undefined || inner.entries === entries ? [] : placesOf(inner, prefix)));
  return [...named, ...further, ...(item === undefined ? [] : placesOf(item, prefix.replace(/\.$/, '[].')))];
}
