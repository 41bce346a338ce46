/** `omnipaw inspect --messages` and `--graph`: who said what to whom. */
import { OmniError } from '@omnipaw/kernel';
import type { GraphMessage, MessageGraph } from '@omnipaw/swarm';
import { EXIT } from '../failure.js';
import type { Session } from '../session.js';
import { alignColumns, type Cell } from '../terminal/columns.js';
import type { Ink } from '../terminal/ink.js';
import { count } from '../terminal/printable.js';
import { entriesUpTo, swarmLibrary } from './swarm-library.js';

/** In what a graph can be drawn. */
export const DRAWINGS = ['mermaid', 'dot'] as const;

export interface MessagesOptions {
  readonly log: string;
  readonly at?: number;
  readonly agent?: string;
  readonly graph?: (typeof DRAWINGS)[number];
  readonly json?: boolean;
}

export async function inspectMessages({ log, at, agent, graph: language, json }: MessagesOptions, { out }: Session): Promise<number> {
  const { messageGraph, toDot, toMermaid } = await swarmLibrary();
  const whole = await messageGraph(entriesUpTo(log, at));
  const graph = agent === undefined ? whole : around(whole, agent);
  if (language !== undefined) await out.write(language === 'dot' ? toDot(graph) : toMermaid(graph));
  else if (json === true) await out.json(graph);
  else for (const line of messageLines(graph, out.ink, out.width)) await out.line(line);
  return EXIT.ok;
}

/** What an agent and those below it have said and heard. */
function around({ agents, messages }: MessageGraph, id: string): MessageGraph {
  const below = new Set([id]);
  // A child comes to be after its parent.
  for (const { id, parent } of agents) if (parent !== null && below.has(parent)) below.add(id);
  const known = agents.filter(({ id }) => below.has(id));
  if (known.length === 0) throw new OmniError('AGENT_NOT_FOUND', `There is no agent "${id}" in the log.`);
  return { agents: known, messages: messages.filter(({ from, to }) => below.has(from ?? '') || below.has(to ?? '')) };
}

const HEADINGS = ['SEQ', 'FROM', 'TO', 'CHANNEL', 'SENT IN', 'READ IN', 'CAUSE', 'WHAT BECAME OF IT'];

function messageLines({ messages }: MessageGraph, ink: Ink, width: number | undefined): string[] {
  if (messages.length === 0) return ['There is no message in the log.'];
  const headings = HEADINGS.map((text): Cell => ({ text, paint: (text) => ink('dim', text) }));
  const lost = messages.filter(({ state }) => state === 'unread' || state === 'refused').length;
  const summary = `${count(messages.length, 'message')}, ${lost === 0 ? 'none of them' : String(lost)} refused or never read`;
  return [...alignColumns([headings, ...messages.map((message) => messageRow(message, ink))], width), '', summary];
}

function messageRow({ seq, from, by, to, channel, sentTick, readTick, cause, state, error }: GraphMessage, ink: Ink): Cell[] {
  const fate = { read: 'read', waiting: 'waits in the mailbox', delivered: 'delivered to another kernel', unread: 'never read: its receiver has ended', refused: `refused: ${error ?? ''}` }[state];
  return [
    { text: String(seq) },
    { text: from ?? `(${by})` },
    { text: to ?? '–' },
    { text: channel ?? '–' },
    { text: tickText(sentTick) },
    { text: tickText(readTick) },
    { text: cause === null ? '–' : String(cause) },
    { text: fate, paint: (text) => ink(state === 'read' || state === 'delivered' ? 'green' : state === 'waiting' ? 'yellow' : 'red', text) },
  ];
}

function tickText(tick: number | null): string {
  return tick === null ? '–' : `tick ${tick}`;
}
