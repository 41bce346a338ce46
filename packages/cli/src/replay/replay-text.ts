/** What came of a replay, for people. */
import type { Changed, DivergentSide, ReplayReport } from '@omnipaw/kernel';
import type { ChangedPlugin } from '../plugins/origins.js';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Colour, Ink } from '../terminal/ink.js';
import { count, jsonLine } from '../terminal/printable.js';
import { verdictRows } from '../verify/verdict-text.js';

export interface TextOptions {
  readonly ink: Ink;
  /** Columns of the terminal, if it is one. */
  readonly width: number | undefined;
}

const VALUE_LENGTH = 100;

type Explained = readonly [sign: string, colour: Colour, text: string];

/** What is said of plugins as wholes, rather than of each of their tools. */
export interface PluginChanges {
  /** The names of all that belong to plugins; the program of an agent is one of them. */
  readonly tools: ReadonlySet<string>;
  readonly changed: readonly ChangedPlugin[];
}

export function replayLines(report: ReplayReport, plugins: PluginChanges, options: TextOptions): string[] {
  const { ink } = options;
  const [sign, colour, text] = explain(report);
  const row: Cell[] = [
    { text: sign, paint: (text) => ink(colour, text) },
    { text: 'replay' },
    { text: report.replay, paint: (text) => ink(colour, text) },
    { text },
  ];
  const head: Cell[] = [{ text: '' }, { text: 'head' }, { text: report.head }];
  return [...alignColumns([...verdictRows(report, ink), row, head], undefined), ...divergenceLines(report, options), ...changedLines(report, plugins, options)];
}

function explain({ replay, ticks, entries, divergence }: ReplayReport): Explained {
  const done = `${count(ticks, 'tick')}, ${count(entries, 'entry', 'entries')}`;
  if (replay === 'REPRODUCED') return ['✓', 'green', `${done} made again, each as it is in the log`];
  if (replay === 'INCOMPLETE') return ['–', 'yellow', `${done} made again; the rest is damaged`];
  return ['✗', 'red', `at entry ${divergence?.busSeq ?? entries}, after ${count(ticks, 'tick')}`];
}

function divergenceLines({ divergence }: ReplayReport, { ink, width }: TextOptions): string[] {
  if (divergence === undefined) return [];
  const { busSeq, agent, tick, expected, actual, differences, program } = divergence;
  const place = [`entry ${busSeq}`, ...(agent === null ? [] : [`agent ${agent}`]), ...(tick === null ? [] : [`tick ${tick}`])].join(', ');
  const [before, now] = [sideText(expected), actual === null ? 'nothing' : sideText(actual)];
  const rows: Cell[][] = [
    [{ text: '  the log has' }, { text: before }],
    // What is otherwise may be behind the entry, the tool's schema for instance.
    ...(now === before && differences.length === 0 ? [] : [[{ text: '  now it is' }, { text: now }]]),
    ...differences.map(({ path, expected, actual }) => [
      { text: `  ${path}`, paint: (text: string) => ink('dim', text) },
      { text: `${valueText(expected)} – ${valueText(actual)}` },
    ]),
    ...(program === undefined || program.recorded.digest === program.present.digest ? [] : [[{ text: `  program ${program.type}` }, { text: `${identityText(program.recorded)} – ${identityText(program.present)}` }]]),
  ];
  return ['', ink('bold', `The first divergence: ${place}`), ...alignColumns(rows, width)];
}

function changedLines({ changed }: ReplayReport, plugins: PluginChanges, { ink, width }: TextOptions): string[] {
  const others = changed.filter(({ what, name }) => what === 'schema' || !plugins.tools.has(what === 'program' ? `${name}.program` : name));
  const rows = [
    ...others.map(({ what, name, recorded, present }) => [{ text: `  ${what} ${name}` }, { text: `${identityText(recorded)} – ${identityText(present)}` }]),
    ...plugins.changed.map(({ name, version, text }) => [{ text: `  ${name} ${version}` }, { text }]),
  ];
  if (rows.length === 0) return [];
  return ['', ink('bold', 'Not what it was when the log was written'), ...alignColumns(rows, width)];
}

function sideText({ kind, instruction, data }: DivergentSide): string {
  return `${kind} ${jsonLine(instruction ?? data, VALUE_LENGTH)}`;
}

function valueText(value: unknown): string {
  return value === undefined ? 'nothing' : jsonLine(value, VALUE_LENGTH);
}

function identityText(identified: Changed['recorded']): string {
  if (identified === null) return 'not there';
  const { version, digest } = identified;
  return digest === undefined ? `version ${version}` : `version ${version}, ${digest.slice(0, 12)}…`;
}
