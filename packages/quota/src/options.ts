/** What is wrong with an option, in words. */
import { matches, OmniError } from '@omnipaw/kernel';

/** Throws a TypeError for a name that there is none of: what is written otherwise would be no limit at all. */
export function assertNames(given: unknown, { what, known }: { readonly what: string; readonly known: readonly string[] }): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new TypeError(`For ${what}, ${shown(given)} was given; it must be an object of: ${known.join(', ')}.`);
  const unknown = Object.keys(given).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`There is no option ${JSON.stringify(unknown)} for ${what}. Options: ${known.join(', ')}.`);
}

/** A value as it was written; JSON has no word for some. */
export function shown(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || value === undefined) return String(value);
  return typeof value === 'function' ? 'a function' : JSON.stringify(value);
}

/** Throws `AGENT_NOT_FOUND` for what is no agent and no type of one. */
export function assertKnown(name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new OmniError('AGENT_NOT_FOUND', `There are limits for ${JSON.stringify(name)}, and no agent and no type of that name. Known are: ${listOf(known)}.`, { details: { name } });
}

/** Throws `TOOL_NOT_REGISTERED` for a pattern that no tool matches. */
export function assertTool(pattern: string, known: readonly string[]): void {
  if (known.some((tool) => matches(pattern, tool))) return;
  throw new OmniError('TOOL_NOT_REGISTERED', `There are limits for tools ${JSON.stringify(pattern)}, and no tool that matches. Known are: ${listOf(known)}.`, { details: { pattern } });
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? 'none' : names.slice(0, 20).join(', ');
}
