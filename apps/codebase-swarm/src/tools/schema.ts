/** The schemas of this app's tools: a few checks that make a Standard Schema. Any other library that makes one would do. */
import type { StandardSchema } from '@omnipaw/kernel';

/** Says what is wrong with a value, or nothing. */
export type Check = (value: unknown) => string | undefined;

export const isText: Check = (value) => (typeof value === 'string' ? undefined : 'is no text');

export const isCount: Check = (value) => (Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'is no whole number from 0');

export function isList(check: Check, maxLength: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'is no list';
    if (value.length > maxLength) return `has ${value.length} elements, more than ${maxLength}`;
    return firstProblem(value.map((element, index) => [`[${index}]`, check(element)]));
  };
}

/** An object with exactly these fields. */
export function isObject(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no object';
    const unknown = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
    if (unknown !== undefined) return `has a field ${JSON.stringify(unknown)} that nobody knows`;
    return firstProblem(Object.entries(fields).map(([key, check]) => [`.${key}`, check((value as Record<string, unknown>)[key])]));
  };
}

/** The schema of arguments with these fields. */
export function argumentsOf<Value extends object>(fields: Readonly<Record<keyof Value & string, Check>>): StandardSchema<Value> {
  const check = isObject(fields);
  return {
    '~standard': {
      version: 1,
      vendor: 'codebase-swarm',
      validate: (value) => {
        const message = check(value);
        return message === undefined ? { value: value as Value } : { issues: [{ message }] };
      },
    },
  };
}

function firstProblem(checked: readonly (readonly [place: string, problem: string | undefined])[]): string | undefined {
  const found = checked.find(([, problem]) => problem !== undefined);
  return found === undefined ? undefined : `${found[0]} ${found[1]!}`.replace(/^(\S+) ([.[])/, '$1$2');
}
