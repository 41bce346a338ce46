/** Swarms across kernels: nodes, and how they reach one another. */
export { swarmNode, type NodeKernel, type SwarmNode, type SwarmNodeOptions } from './swarm-node.js';
export type { DeliverLetter, Letter, LetterOffice, SwarmTransport, TransportLink } from './transport.js';
export { wireTransport, type OpenWire, type Wire, type WireListener, type WireTransportOptions } from './wire-transport.js';
