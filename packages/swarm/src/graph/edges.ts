import type { GraphMessage, MessageGraph } from './message-graph.js';

/** All messages of one sender to one receiver on one channel that came to the same. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  /** `swarm/review-1/work ×12` */
  readonly label: string;
  readonly fate: 'arrived' | 'unread' | 'refused';
}

/** Who takes part in a graph, and what goes between them; agents that neither say nor hear anything are left out. */
export interface Drawing {
  /** What is to be written at the place of each. */
  readonly nodes: readonly string[];
  readonly edges: readonly Edge[];
}

const NOBODY = '(unknown)';

/** A graph as it is drawn: an edge for many messages, since people look at it. */
export function drawingOf({ messages }: MessageGraph): Drawing {
  const nodes = new Set<string>();
  const edges = new Map<string, { edge: Omit<Edge, 'label'>; what: string; count: number }>();
  for (const message of messages) {
    const edge = { from: message.from ?? `(${message.by})`, to: message.to ?? NOBODY, fate: fateOf(message) };
    const what = [message.channel ?? '', message.error ?? (edge.fate === 'unread' ? 'never read' : '')].filter((part) => part !== '').join(', ');
    const key = JSON.stringify([edge.from, edge.to, edge.fate, what]);
    const found = edges.get(key);
    if (found !== undefined) found.count++;
    else edges.set(key, { edge, what, count: 1 });
    nodes.add(edge.from).add(edge.to);
  }
  return { nodes: [...nodes], edges: [...edges.values()].map(({ edge, what, count }) => ({ ...edge, label: `${what} ×${count}` })) };
}

function fateOf({ state }: GraphMessage): Edge['fate'] {
  return state === 'refused' || state === 'unread' ? state : 'arrived';
}
