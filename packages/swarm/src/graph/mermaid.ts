import { drawingOf, type Edge } from './edges.js';
import type { MessageGraph } from './message-graph.js';

/** The graph as a flowchart in Mermaid's language, which Markdown pages show; what did not arrive is dotted. */
export function toMermaid(graph: MessageGraph): string {
  const { nodes, edges } = drawingOf(graph);
  const names = new Map(nodes.map((node, index) => [node, `n${String(index)}`]));
  const lines = [
    'flowchart LR',
    ...nodes.map((node) => `  ${names.get(node)!}[${quoted(node)}]`),
    ...edges.map(({ from, to, label, fate }) => `  ${names.get(from)!} ${ARROWS[fate]}|${quoted(label)}| ${names.get(to)!}`),
  ];
  return `${lines.join('\n')}\n`;
}

const ARROWS: Readonly<Record<Edge['fate'], string>> = { arrived: '-->', unread: '-.->', refused: '-.-x' };

/** Names of channels come from programs: whatever could mean something to Mermaid, or to a page, is written as its number. */
function quoted(text: string): string {
  return `"${text.replace(/[^\p{L}\p{N} ./:,()×_-]/gu, (character) => `#${String(character.codePointAt(0))};`)}"`;
}
