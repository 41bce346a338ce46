/** The public surface of `@omnipaw/swarm`, and nothing else. */
export { SWARM_ERROR_CODES, type SwarmErrorCode } from './errors.js';
export { channelOf, membership, namespaceOf, type Member } from './names.js';
