/** Nodes in the threads of one process. An entry of its own, since nothing else of the package needs Node. */
export { ThreadBroker, threadTransport, type ThreadTransportOptions } from './transport/threads.js';
