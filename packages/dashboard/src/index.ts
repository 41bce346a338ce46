/** The public surface of `@omnipaw/dashboard`, and nothing else. */
export { DASHBOARD_ERROR_CODES, type DashboardErrorCode } from './errors.js';
export { newToken } from './http/tokens.js';
export * from './protocol/index.js';
export { DashboardServer, type ConnectedClient } from './server/dashboard-server.js';
export { environmentOptions } from './server/environment.js';
export type { DashboardOptions } from './server/options.js';
export { DirectorySource } from './source/directory-source.js';
export { KernelSource, type KernelSourceOptions, type ObservedKernel } from './source/kernel-source.js';
export { DashboardThread, type DashboardThreadOptions } from './thread/dashboard-thread.js';
export type { ApprovalDecision, LogSource, SourceSink } from './source/source.js';
