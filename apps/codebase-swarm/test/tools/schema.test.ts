import { expect, test } from 'vitest';
import { argumentsOf, isCount, isList, isObject, isText } from '../../src/tools/schema.js';

const schema = argumentsOf<{ path: string; edits: readonly { line: number }[] }>({ path: isText, edits: isList(isObject({ line: isCount }), 2) });

test.each([
  [{ path: 'a', edits: [] }, undefined],
  [{ path: 'a', edits: [{ line: 0 }, { line: 7 }] }, undefined],
  [{ path: 1, edits: [] }, '.path is no text'],
  [{ path: 'a' }, '.edits is no list'],
  [{ path: 'a', edits: [{ line: -1 }] }, '.edits[0].line is no whole number from 0'],
  [{ path: 'a', edits: [{ line: 1.5 }] }, '.edits[0].line is no whole number from 0'],
  [{ path: 'a', edits: [1] }, '.edits[0] is no object'],
  [{ path: 'a', edits: [{ line: 1 }, { line: 1 }, { line: 1 }] }, '.edits has 3 elements, more than 2'],
  [{ path: 'a', edits: [], more: 1 }, 'has a field "more" that nobody knows'],
  [null, 'is no object'],
])('%j is told as %j', (value, problem) => {
  const result = schema['~standard'].validate(value) as { readonly issues?: readonly { readonly message: string }[] };
  expect(result.issues?.[0]?.message).toBe(problem);
});
