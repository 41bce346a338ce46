/** The public surface of `@omnipaw/plugins`, and nothing else. */
export { Bundler, type Bundle, type BundleProblem, type BundlerOptions, type BundleRequest } from './bundle/index.js';
export { PLUGIN_ERROR_CODES, type PluginErrorCode } from './errors.js';
export {
  FOLDER_LIMITS,
  hashFolder,
  pluginDigests,
  rawKeyOf,
  signManifest,
  verifyInputs,
  verifyIntegrity,
  verifySignature,
  type FileDigests,
  type FolderLimits,
  type PluginDigests,
} from './integrity/index.js';
export { createIsolatePool, DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool, type IsolatePoolOptions } from './isolate/index.js';
export {
  assertGranted,
  grantedPermissions,
  MANIFEST_FILE,
  MANIFEST_SCHEMA,
  MANIFEST_SCHEMA_ID,
  missingPermissions,
  permissionText,
  PluginValidator,
  specOf,
  type FilesystemPermission,
  type HttpMethod,
  type ManifestProblem,
  type ManifestVerdict,
  type MissingPermission,
  type NetworkPermission,
  type Permission,
  type PermissionSpec,
  type PluginAgent,
  type PluginManifest,
  type PluginSignature,
  type PluginTool,
  type SharedPermission,
  type ToolPermission,
  type ValidatorOptions,
} from './manifest/index.js';
export { schemaProblems, standardSchema, type Problem } from './schemas/index.js';
export { codeProblems, packPlugin, type PackedPlugin, type PackRequest } from './pack/index.js';
export { PluginLoader, type LoadedAgent, type LoadedPlugin, type LoaderOptions, type PluginHost, type Plugins, type RejectedPlugin } from './loader/index.js';
export { definePluginTool, type FetchedAnswer, type PluginContext, type PluginHandler } from './kit/index.js';
