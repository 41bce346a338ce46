/** Who has used what, and of how much: a line for each part of the swarm, with what the agents below it have used. */
import type { AgentUsage, Resource, UsageCounts } from '@omnipaw/quota';
import { size } from './size.js';
import type { Style } from './style.js';

interface Column {
  readonly title: string;
  readonly resource: Resource;
  readonly name: keyof UsageCounts;
  readonly text: (amount: number) => string;
}

const whole = (amount: number): string => amount.toLocaleString('en');
const duration = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`);

const COLUMNS: readonly Column[] = [
  { title: 'ticks', resource: 'maxTicks', name: 'ticks', text: whole },
  { title: 'tool calls', resource: 'maxToolCalls', name: 'toolCalls', text: whole },
  { title: 'processor', resource: 'maxCpuMs', name: 'cpuMs', text: duration },
  { title: 'memory', resource: 'maxMemoryBytes', name: 'memoryBytes', text: size },
  { title: 'log', resource: 'maxLogBytes', name: 'logBytes', text: size },
];

interface Cell {
  readonly text: string;
  /** Beyond its soft limit. */
  readonly isHigh: boolean;
}

export function ledgerLines(ledger: readonly AgentUsage[], style: Style): string[] {
  const titles = ['used', ...COLUMNS.map(({ title }) => title)].map((text) => ({ text, isHigh: false }));
  const [root] = ledger;
  const rows = [titles, ...ledger.filter((usage) => usage === root || usage.parent === root?.agent).map(rowOf)];
  const widths = titles.map((_, column) => Math.max(...rows.map((row) => row[column]!.text.length)));
  const [head = '', ...lines] = rows.map((row) => row.map((cell, column) => cellText(cell, widths[column]!, style)).join('  ').trimEnd());
  return [style.bold(head), ...lines];
}

function rowOf(usage: AgentUsage): Cell[] {
  const name = `${usage.parent === null ? '' : '  '}${usage.agent}`;
  return [{ text: name, isHigh: false }, ...COLUMNS.map((column) => cellOf(usage, column))];
}

/** Without a limit of its own, what it has used all the same: it counts in the limit of who is above it. */
function cellOf({ limits, total }: AgentUsage, { resource, name, text }: Column): Cell {
  const used = total[name];
  const limit = limits.find((one) => one.resource === resource);
  if (limit === undefined) return { text: text(used), isHigh: false };
  const isHigh = used > (limit.soft ?? Infinity);
  return { text: `${text(used)} of ${text(limit.hard)}${isHigh ? '!' : ''}`, isHigh };
}

function cellText({ text, isHigh }: Cell, width: number, style: Style): string {
  return `${isHigh ? style.bad(text) : text}${' '.repeat(width - text.length)}`;
}
