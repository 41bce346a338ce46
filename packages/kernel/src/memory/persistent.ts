import type { Json } from '../json/index.js';
import type { Entry, Projection } from '../logging/index.js';

/** What an agent remembers, across ticks and restarts; only its own program writes it. */
export class PersistentStore implements Projection {
  readonly #memories = new Map<string, Map<string, Json>>();

  get(agent: string, key: string): Json | undefined {
    return this.#memories.get(agent)?.get(key);
  }

  /** The keys of an agent, in the order in which they were first written. */
  keys(agent: string): readonly string[] {
    return [...(this.#memories.get(agent)?.keys() ?? [])];
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'MEMORY_SET') this.#memoryOf(entry.agent).set(entry.data.key, entry.data.value);
    else if (entry.kind === 'MEMORY_DELETED') this.#memories.get(entry.agent)?.delete(entry.data.key);
  }

  #memoryOf(agent: string): Map<string, Json> {
    const known = this.#memories.get(agent);
    if (known !== undefined) return known;
    const created = new Map<string, Json>();
    this.#memories.set(agent, created);
    return created;
  }
}
