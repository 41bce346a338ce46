/** How members talk: words, questions and answers, none of which is lost in silence. */
export { toEnvelope, type Envelope } from './envelope.js';
export { SwarmProtocol } from './protocol.js';
export type { Answers, Broadcast, OwnMemory, ProtocolContext, ProtocolOptions, Received, ReceiveOptions, RequestOptions, SendOptions } from './words.js';
