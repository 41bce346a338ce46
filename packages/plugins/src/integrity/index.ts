export { pluginDigests, unsigned, type PluginDigests } from './digests.js';
export { FOLDER_LIMITS, hashFolder, type FileDigests, type FolderLimits } from './hash-folder.js';
export { HARD_LINK, integrityFailed, PNPM_ADVICE } from './integrity-failed.js';
export { rawKeyOf } from './keys.js';
export { signManifest, verifySignature } from './signature.js';
export { fileDifferences, verifyInputs, verifyIntegrity, type FileDifferences } from './verify-integrity.js';
