/** What may stand in the entry of an input: whoever wrote a whole log anew can have written anything. */
import { toJson, type Json } from '../json/index.js';

type Check = (value: unknown) => boolean;

/** Fields with what each has to be, in the order in which kernels write them. */
export type Shape = Readonly<Record<string, Check>>;

/**
 * A copy of what is recorded, with the fields of the shape in the order of the shape, and none beside them: so whatever else is
 * recorded, or in another order, differs from it. Throws for a field that no kernel writes like that.
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the shape says what it is, and the caller its type
export function fieldsOf<Fields>(recorded: unknown, shape: Shape): Fields {
  const fields: [string, Json][] = [];
  for (const [name, check] of Object.entries(shape)) {
    const value = isObject(recorded) ? recorded[name] : undefined;
    if (!check(value)) throw new TypeError(`No kernel writes such a "${name}".`);
    if (value !== undefined) fields.push([name, toJson(value)]);
  }
  return Object.fromEntries(fields) as Fields;
}

export const isGiven: Check = (value) => value !== undefined;
export const isText: Check = (value) => typeof value === 'string';
export const isDigest: Check = (value) => isText(value) && /^[0-9a-f]{64}$/.test(value as string);
export const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function maybe(check: Check): Check {
  return (value) => value === undefined || check(value);
}

export function recordOf(check: Check): Check {
  return (value) => isObject(value) && Object.values(value).every(check);
}

/** An object with these fields and no others. */
export function shaped(shape: Shape): Check {
  return (value) => isObject(value)
    && Object.keys(value).every((name) => Object.hasOwn(shape, name))
    && Object.entries(shape).every(([name, check]) => check(value[name]));
}

/** A program or a tool, by version and digest, and of a tool the schemas and the origin, if it has some. */
export const isIdentified = shaped({ version: isText, digest: isText, schema: maybe(isText), origin: maybe(isText) });
