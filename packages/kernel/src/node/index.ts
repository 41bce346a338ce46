export { makeDirectory, syncDirectory } from './directory.js';
export { FileLogReader } from './file-log-reader.js';
export { FileLogStore, type FileLogStoreOptions } from './file-log-store.js';
export { nodePorts } from './node-ports.js';
