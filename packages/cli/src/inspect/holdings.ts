/** What an agent holds and how it ended, as lines of three parts. */
import type { AgentSnapshot, Grant, Inspection } from '@omnipaw/kernel';
import { jsonLine, oneLine, timeText } from '../terminal/printable.js';

export interface Holding {
  /** Said once for each group of lines. */
  readonly what: string;
  readonly name: string;
  readonly text: string;
}

export function holdingsOf({ memory, scratch, token, outcome }: AgentSnapshot): readonly Holding[] {
  return [
    ...group('memory', Object.entries(memory)),
    ...group('scratch', Object.entries(scratch)),
    ...group('budget', Object.entries(token.budget ?? {})),
    ...(token.notAfter === undefined ? [] : [{ what: 'expires', name: '', text: timeText(token.notAfter) }]),
    ...(outcome === undefined ? [] : [ending(outcome)]),
  ];
}

export function sharedHoldings({ shared }: Inspection): readonly Holding[] {
  return Object.entries(shared).flatMap(([namespace, values]) =>
    group(
      namespace,
      Object.entries(values).map(([key, { value, version }]) => [`${key} v${version}`, value]),
    ),
  );
}

/** `call:host.fs.* (3 times, until 2026-01-01T00:00:00.000Z)` */
export function grantText({ action, resource, limit, notAfter }: Grant): string {
  const bounds = [
    ...(limit === undefined ? [] : [`${limit} times`]),
    ...(notAfter === undefined ? [] : [`until ${timeText(notAfter)}`]),
  ];
  return `${action}:${resource}` + (bounds.length === 0 ? '' : ` (${bounds.join(', ')})`);
}

function group(what: string, values: readonly (readonly [string, unknown])[]): Holding[] {
  return values.map(([name, value], index) => ({ what: index === 0 ? what : '', name, text: jsonLine(value) }));
}

function ending(outcome: NonNullable<AgentSnapshot['outcome']>): Holding {
  if (outcome.ok) return { what: 'result', name: '', text: jsonLine(outcome.value) };
  return { what: 'error', name: oneLine(outcome.error.code), text: oneLine(outcome.error.message) };
}
