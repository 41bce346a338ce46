export type { IdentityEntries } from './entries.js';
export {
  agentNotFound,
  assertPlainName,
  GRANT_ACTIONS,
  hardLimits,
  type AgentIdentity,
  type CapabilityToken,
  type Grant,
  type GrantAction,
  type Quota,
  type QuotaLimit,
} from './identity.js';
export type { PermissionRecord } from './permission-record.js';
export { AgentRegistry, type AgentType } from './registry.js';
