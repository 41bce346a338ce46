/** What a schema says of a value that does not fit, for people and models: what must be there, and never the value itself, which may be a secret. */
import type * as v from 'valibot';

/** What a value must be, by the schema that asks for it, or is, by its type. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  strict_object: 'an object',
  record: 'an object',
  function: 'a function',
};

/** Says it of one value; schemas that have words of their own are not asked for any here. */
export function words({ type, requirement, expected, input }: v.BaseIssue<unknown>): string {
  if (KINDS[type] !== undefined) return `must be ${KINDS[type]}, not ${kindOf(input)}`;
  switch (type) {
    case 'non_empty':
      return 'must not be empty';
    case 'max_length':
      return `must have ${String(requirement)} ${unitOf(input)} at the most, and has ${(input as ArrayLike<unknown>).length}`;
    case 'picklist':
      return `must be one of ${(expected ?? '').replace(/^\(|\)$/g, '').replaceAll(' | ', ', ')}`;
    default:
      return `must be ${expected ?? 'something else'}`;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return KINDS[Array.isArray(value) ? 'array' : typeof value] ?? `a ${typeof value}`;
}

function unitOf(value: unknown): string {
  return typeof value === 'string' ? 'characters' : 'entries';
}
