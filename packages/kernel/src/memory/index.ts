export type { MemoryEntries } from './entries.js';
export { EphemeralStore } from './ephemeral.js';
export { PersistentStore } from './persistent.js';
export { sharedResource, SharedStore, type Versioned } from './shared.js';
