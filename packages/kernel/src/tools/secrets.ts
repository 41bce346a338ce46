/**
 * Secrets by reference: what is hashed can't be edited later, so a secret never gets into the log.
 *
 * A program passes `secret('NAME')`; the gate puts the value in after the intent is recorded, and takes it out of
 * results and errors before they are.
 */
import { OmniError } from '../errors/index.js';
import type { Json, JsonObject } from '../json/index.js';

/** Gives the value of a secret by name; undefined when there is none. */
export type SecretProvider = (name: string) => string | undefined | Promise<string | undefined>;

/** Values of secrets by name. */
export type Secrets = ReadonlyMap<string, string>;
export const NO_SECRETS: Secrets = new Map();

const REFERENCE_KEY = '$secret';

/** A reference to a secret, to be passed where a tool takes a string. */
export function secret(name: string): string {
  // Typed as the string that the tool will get: a program has no use for the reference itself.
  return Object.freeze({ [REFERENCE_KEY]: name }) as unknown as string;
}

/** Whether a value refers to any secret. */
export function hasSecrets(value: Json): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(hasSecrets);
  // Asked about every call, and so without making a list of the values first.
  const object = value as JsonObject;
  for (const key in object) {
    if (key === REFERENCE_KEY ? referenceName(object) !== undefined : hasSecrets(object[key] as Json)) return true;
  }
  return false;
}

/** Whether a path ends at a reference to a secret. */
export function leadsToSecret(value: Json, path: readonly PropertyKey[]): boolean {
  let place: unknown = value;
  for (const key of path) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, key)) return false;
    place = (place as Record<PropertyKey, unknown>)[key];
  }
  return typeof place === 'object' && place !== null && referenceName(place) !== undefined;
}

/** The names of all secrets that a value refers to. */
export function secretNames(value: Json): ReadonlySet<string> {
  const names = new Set<string>();
  withSecrets(value, (name) => {
    names.add(name);
    return name;
  });
  return names;
}

/** The value with every reference replaced. */
export function withSecrets(value: Json, valueOf: (name: string) => string): Json {
  if (typeof value !== 'object' || value === null) return value;
  const name = referenceName(value);
  if (name !== undefined) return valueOf(name);
  if (Array.isArray(value)) return (value as readonly Json[]).map((child) => withSecrets(child, valueOf));
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withSecrets(child, valueOf)]));
}

/** The value with every occurrence of a secret blotted out, in keys as well. */
export function withoutSecrets(value: Json, secrets: Secrets): Json {
  if (secrets.size === 0) return value;
  if (typeof value === 'string') return blot(value, secrets);
  if (typeof value === 'number') return blot(String(value), secrets) === String(value) ? value : blot(String(value), secrets);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map((child) => withoutSecrets(child, secrets));
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [blot(key, secrets), withoutSecrets(child, secrets)]),
  );
}

export async function fetchSecrets(names: ReadonlySet<string>, provider: SecretProvider | undefined): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const name of names) {
    const value = await provider?.(name);
    if (value === undefined) {
      throw new OmniError('SECRET_NOT_FOUND', `There is no secret "${name}". Give the kernel a secrets provider that has it.`, {
        details: { secret: name },
      });
    }
    values.set(name, value);
  }
  return values;
}

function referenceName(value: object): string | undefined {
  if (!Object.hasOwn(value, REFERENCE_KEY)) return undefined;
  const name = (value as Record<string, unknown>)[REFERENCE_KEY];
  return typeof name === 'string' && Object.keys(value).length === 1 ? name : undefined;
}

/** Takes out each secret in the forms in which it tends to turn up: as it is, inside JSON, and inside a URL. */
function blot(text: string, secrets: Secrets): string {
  let result = text;
  // The longest first: one secret may be the beginning of another.
  for (const [name, value] of [...secrets].sort(([, one], [, other]) => other.length - one.length)) {
    if (value === '') continue;
    for (const form of formsOf(value)) {
      result = result.replaceAll(form, () => `[secret ${name}]`);
    }
  }
  return result;
}

/** As it is, inside a JSON string, in a URL, and in a URL's query, with hexadecimal digits of either case. */
function formsOf(value: string): ReadonlySet<string> {
  const inUrl = encodeURIComponent(value);
  const inQuery = inUrl.replaceAll('%20', '+').replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const lowered = [inUrl, inQuery].map((form) => form.replace(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase()));
  return new Set([value, JSON.stringify(value).slice(1, -1), inUrl, inQuery, ...lowered]);
}
