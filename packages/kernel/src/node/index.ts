export { FileHeadStore } from './file-head-store.js';
export { FileLogReader } from './file-log-reader.js';
export { FileLogStore, type FileLogStoreOptions } from './file-log-store.js';
export { generateKeyPair, headSigner, headVerifier, verifierOf, type KeyPair } from './keys.js';
export { nodePorts } from './node-ports.js';
