/** The difference of two logs, for people. */
import type { AgentDifference, EntryPlace, LogDiff } from '@omnipaw/diff';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Ink } from '../terminal/ink.js';
import { count, jsonLine } from '../terminal/printable.js';

export interface TextOptions {
  readonly logs: readonly [a: string, b: string];
  readonly ink: Ink;
  /** Columns of the terminal, if it is one. */
  readonly width: number | undefined;
}

const VALUE_LENGTH = 60;

export function diffLines(diff: LogDiff, options: TextOptions): string[] {
  const { ink } = options;
  const { agents, first, known } = diff;
  if (first === undefined) return [`${ink('green', '✓')} Both logs say the same of ${count(known.length, 'agent')}.`, ...headerLines(diff, options)];
  const more = agents.slice(1).map(({ agent, same, a, b }) => [
    { text: `  ${nameOf(agent)}` },
    { text: `after ${sameText(same)}` },
    { text: `${placeText(a)} – ${placeText(b)}` },
  ]);
  return [
    `${ink('red', '✗')} The logs differ, first in ${ink('bold', nameOf(first.agent))}, after ${sameText(first.same)}:`,
    ...alignColumns(firstRows(first, options), options.width),
    ...(more.length === 0 ? [] : ['', 'Others that differ, and where first:', ...alignColumns(more, options.width)]),
    ...headerLines(diff, options),
  ];
}

function firstRows({ a, b, differences }: AgentDifference, { logs, ink }: TextOptions): Cell[][] {
  return [
    [{ text: '  A' }, { text: placeText(a) }, { text: logs[0] }],
    [{ text: '  B' }, { text: placeText(b) }, { text: logs[1] }],
    ...differences.map(({ path, expected, actual }) => [
      { text: '' },
      { text: path, paint: (text: string) => ink('dim', text) },
      { text: `${valueText(expected)} – ${valueText(actual)}` },
    ]),
  ];
}

function headerLines({ header }: LogDiff, { ink, width }: TextOptions): string[] {
  if (header.length === 0) return [];
  const rows = header.map(({ path, expected, actual }) => [
    { text: `  ${path}`, paint: (text: string) => ink('dim', text) },
    { text: `${valueText(expected)} – ${valueText(actual)}` },
  ]);
  return ['', 'They were written by other kernels, programs or tools:', ...alignColumns(rows, width)];
}

function nameOf(agent: string | null): string {
  return agent ?? 'what operators did';
}

function sameText(same: number): string {
  return same === 0 ? 'nothing that is the same' : `${count(same, 'entry', 'entries')} that ${same === 1 ? 'is' : 'are'} the same`;
}

function placeText(place: EntryPlace | undefined): string {
  if (place === undefined) return 'nothing more';
  return `entry ${place.busSeq} ${place.kind}${place.tick === undefined ? '' : ` (tick ${place.tick})`}`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : jsonLine(value, VALUE_LENGTH);
}
