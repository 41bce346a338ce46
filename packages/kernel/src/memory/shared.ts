import { OmniError } from '../errors/index.js';
import type { Json } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';

/** A shared value with the version that a writer must name to replace it. */
export interface Versioned<Value = Json> {
  readonly value: Value | undefined;
  /** Counts the writes to this key; 0 while there was none. */
  readonly version: number;
}

type SavedShared = readonly (readonly [namespace: string, values: readonly (readonly [key: string, value: Versioned])[]])[];

const ABSENT: Versioned = Object.freeze({ value: undefined, version: 0 });

/** The resource that a grant must match: `shared:team/plan`. */
export function sharedResource(namespace: string, key: string): string {
  return `shared:${namespace}/${key}`;
}

/** Memory between agents, in namespaces, with optimistic concurrency: a stale write is refused (INV-19). */
export class SharedStore implements Projection, Saved<SavedShared> {
  readonly #namespaces = new Map<string, Map<string, Versioned>>();

  get(namespace: string, key: string): Versioned {
    return this.#namespaces.get(namespace)?.get(key) ?? ABSENT;
  }

  namespaces(): readonly string[] {
    return [...this.#namespaces.keys()];
  }

  keys(namespace: string): readonly string[] {
    return [...(this.#namespaces.get(namespace)?.keys() ?? [])];
  }

  /** The version that a write would make; throws `WRITE_CONFLICT` unless the writer has seen the latest. */
  decideVersion(namespace: string, key: string, expectedVersion: number): number {
    const { version } = this.get(namespace, key);
    if (version === expectedVersion) return version + 1;
    throw new OmniError(
      'WRITE_CONFLICT',
      `${sharedResource(namespace, key)} is at version ${String(version)}, the write expected ${String(expectedVersion)}. Read it again and decide anew.`,
      { details: { namespace, key, expectedVersion, version } },
    );
  }

  save(): SavedShared {
    return [...this.#namespaces].map(([namespace, values]) => [namespace, [...values]]);
  }

  load(namespaces: SavedShared): void {
    for (const [namespace, values] of namespaces) this.#namespaces.set(namespace, new Map(values));
  }

  apply(entry: Entry): void {
    if (entry.kind !== 'SHARED_WRITTEN') return;
    const { namespace, key, value, version } = entry.data;
    let values = this.#namespaces.get(namespace);
    if (values === undefined) this.#namespaces.set(namespace, (values = new Map<string, Versioned>()));
    values.set(key, Object.freeze({ value, version }));
  }
}
