export type { DelegationEntries } from './entries.js';
export { assertCounts, assertOptions, DelegationProtocol, type DelegationOptions, type DelegationProtocolOptions } from './protocol.js';
