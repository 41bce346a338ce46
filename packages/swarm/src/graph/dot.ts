import { drawingOf, type Edge } from './edges.js';
import type { MessageGraph } from './message-graph.js';

/** The graph in the language of Graphviz; what did not arrive is dashed, and red if it was refused. */
export function toDot(graph: MessageGraph): string {
  const { nodes, edges } = drawingOf(graph);
  const names = new Map(nodes.map((node, index) => [node, `n${String(index)}`]));
  const lines = [
    'digraph messages {',
    '  rankdir=LR;',
    '  node [shape=box];',
    ...nodes.map((node) => `  ${names.get(node)!} [label=${quoted(node)}];`),
    ...edges.map(({ from, to, label, fate }) => `  ${names.get(from)!} -> ${names.get(to)!} [label=${quoted(label)}${STYLES[fate]}];`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const STYLES: Readonly<Record<Edge['fate'], string>> = { arrived: '', unread: ', style=dashed', refused: ', style=dashed, color=red' };

/** Inside quotes, a backslash begins an escape and an ampersand an entity; what no reader would see is written as its number. */
function quoted(text: string): string {
  const shown = text.replaceAll('&', '&amp;').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `&#${String(character.codePointAt(0))};`);
  return `"${shown.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
