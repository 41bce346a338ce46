export type { DelegationEntries } from './entries.js';
export { assertCounts, DelegationProtocol, type DelegationOptions, type DelegationProtocolOptions } from './protocol.js';
