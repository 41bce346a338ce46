import type { Json } from '../json/index.js';

/** What a running tool may ask for on behalf of its agent: instructions, as programs yield them. */
export type AskedInstruction =
  | { readonly op: 'CALL_TOOL'; readonly tool: string; readonly args?: unknown }
  /** Answers the value, or null. */
  | { readonly op: 'READ'; readonly store: 'persistent'; readonly key: string }
  /** Answers `{ value?, version }`. */
  | { readonly op: 'READ'; readonly store: 'shared'; readonly namespace: string; readonly key: string }
  /** Without a value, the key is deleted. */
  | { readonly op: 'WRITE'; readonly store: 'persistent'; readonly key: string; readonly value?: Json }
  /** Answers the new version; throws `WRITE_CONFLICT` if somebody else wrote meanwhile. */
  | { readonly op: 'WRITE'; readonly store: 'shared'; readonly namespace: string; readonly key: string; readonly value: Json; readonly expectedVersion: number };

/** The attempt that asks. */
export interface Asking {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  /** How often it has asked before. */
  readonly index: number;
  /** Whether anybody still waits for what the attempt does. */
  readonly isWanted: () => boolean;
}
