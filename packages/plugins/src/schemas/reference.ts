/** References within a schema (`#/$defs/name`), pure. */
import { pointer, stepsOf } from './problem.js';

/** The path that a reference leads to, in the form that {@link pointer} gives it; undefined for one that does not stay within the schema. */
export function referredTo(reference: unknown): string | undefined {
  return typeof reference === 'string' && /^#(?:\/.*)?$/s.test(reference) ? decoded(reference.slice(1)) : undefined;
}

/** What is at a path; undefined if there is nothing. */
export function at(root: unknown, path: string): unknown {
  return stepsOf(path).reduce<unknown>((value, step) => (isContainer(value) && Object.hasOwn(value, step) ? (value as Readonly<Record<string, unknown>>)[step] : undefined), root);
}

export function pathOf(steps: readonly string[]): string {
  return steps.reduce<string>((path, step) => pointer(path, step), '');
}

/** A fragment may be written with `%`. */
function decoded(fragment: string): string | undefined {
  try {
    return pathOf(stepsOf(decodeURIComponent(fragment)));
  } catch {
    return undefined;
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
