/** Agents of other kernels: what they are called, how a program writes to them, and how it takes what they write. */
export { assertNodeName, nodeOfTool, remoteAddressOf, toolTo, type RemoteAddress } from './address.js';
export { deliver, deliverAll, outgoingIn, type Outgoing } from './deliver.js';
export { Letters, type SavedLetters } from './letters.js';
export { remoteIn, unwrap, type RemoteBody } from './unwrap.js';
