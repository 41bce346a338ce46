/** How members talk: words, questions and answers, none of which is lost in silence. */
export { Deadline } from './deadline.js';
export { toEnvelope, type Envelope } from './envelope.js';
export { sendPatiently } from './patience.js';
export { SwarmProtocol } from './protocol.js';
export type { Answers, Broadcast, OwnMemory, ProtocolContext, ProtocolOptions, Received, ReceiveOptions, RequestOptions, SendOptions } from './words.js';
