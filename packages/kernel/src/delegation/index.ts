import type {} from './entries.js';

export { DelegationProtocol, type DelegationOptions, type DelegationProtocolOptions } from './protocol.js';
