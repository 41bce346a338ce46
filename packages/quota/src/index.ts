/** The public surface of `@omnipaw/quota`, and nothing else. */
export { QuotaEnforcer } from './enforcer.js';
export type { QuotaEntries } from './entries.js';
export { ResourceLedger } from './ledger.js';
export { quota, type QuotaExtension, type QuotaOptions } from './quota.js';
export type { RateLimit } from './rates.js';
export type { AgentUsage, LimitUse, UsageCounts } from './report.js';
export type { Resource, ResourceQuota } from './resources.js';
