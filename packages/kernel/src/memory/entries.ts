import type { PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';

/** What this module writes into the log. */
export interface MemoryEntries {
  MEMORY_SET: { readonly tick: number; readonly key: string; readonly value: Json };
  MEMORY_DELETED: { readonly tick: number; readonly key: string };
  /** The scratch of a tick that ends PENDING_*, so that the next tick finds it (INV-05). */
  SCRATCH_CHECKPOINTED: { readonly tick: number; readonly values: Readonly<Record<string, Json>> };
  /** A shared value was read, at this version (0: there was none, and so no value; nor has format 1 one). */
  SHARED_READ: {
    readonly tick: number;
    readonly namespace: string;
    readonly key: string;
    readonly value?: Json;
    readonly version: number;
    readonly permission: PermissionRecord;
  };
  /** `version` is the one that this write made. */
  SHARED_WRITTEN: {
    readonly tick: number;
    readonly namespace: string;
    readonly key: string;
    readonly value: Json;
    readonly version: number;
    readonly permission: PermissionRecord;
  };
}

declare module '../logging/entry.js' {
  interface EntryCatalogue extends MemoryEntries {}
}
