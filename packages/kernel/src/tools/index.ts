export type { ToolEntries } from './entries.js';
export { defineTool, type RetryPolicy, type Tool, type ToolContext, type ToolOptions } from './define-tool.js';
export { ToolGate, type ToolCallRequest, type ToolGateOptions } from './gate.js';
export { ToolRegistry } from './registry.js';
export type { ToolCallInfo } from './run.js';
export { secret, type SecretProvider } from './secrets.js';
export type { Usage } from './usage.js';
export {
  jsonSchemaOf,
  unchecked,
  type SchemaInput,
  type SchemaIssue,
  type SchemaOutput,
  type SchemaResult,
  type StandardSchema,
} from './standard-schema.js';
