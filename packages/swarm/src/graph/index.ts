/** Who said what to whom, read from a log. */
export { toDot } from './dot.js';
export { toMermaid } from './mermaid.js';
export { messageGraph, type GraphAgent, type GraphMessage, type MessageGraph } from './message-graph.js';
