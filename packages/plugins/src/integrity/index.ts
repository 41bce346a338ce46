export { pluginDigests, unsigned, type PluginDigests } from './digests.js';
export { FOLDER_LIMITS, hashFolder, type FileDigests, type FolderLimits } from './hash-folder.js';
export { integrityFailed } from './integrity-failed.js';
export { rawKeyOf } from './keys.js';
export { signManifest, verifySignature } from './signature.js';
export { fileDifferences, verifyInputs, verifyIntegrity, withPackages, type FileDifferences } from './verify-integrity.js';
