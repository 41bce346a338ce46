export { networkPrefix, programName } from './derived-names.js';
export { grantedPermissions } from './grants.js';
export { anyHost, hostCovers, hostNames } from './hosts.js';
export { readManifestFile } from './manifest-file.js';
export type { ManifestProblem } from './manifest-invalid.js';
export { MANIFEST_SCHEMA, MANIFEST_SCHEMA_ID } from './manifest-schema.js';
export { MANIFEST_FILE, type PluginAgent, type PluginManifest, type PluginSignature, type PluginTool } from './manifest.js';
export { assertGranted, missingPermissions, pathCovers, type MissingPermission } from './missing-permissions.js';
export { modulesOf } from './modules.js';
export { networkSets, setFor, type NetworkSet } from './networks.js';
export {
  nameOf,
  permissionText,
  specOf,
  type FilesystemPermission,
  type HttpMethod,
  type NetworkPermission,
  type Permission,
  type PermissionSpec,
  type SharedPermission,
  type ToolPermission,
} from './permission.js';
export { foldedName, pathProblem, placeInFolder } from './portable-path.js';
export { PluginValidator, type ManifestVerdict, type ValidatorOptions } from './validator.js';
