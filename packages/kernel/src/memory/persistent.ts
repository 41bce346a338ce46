import type { Json } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';

/** By agent, the values by key. */
type SavedMaps = readonly (readonly [agent: string, values: readonly (readonly [key: string, value: Json])[]])[];

interface SavedMemories {
  readonly memories: SavedMaps;
  readonly atBirth: SavedMaps;
}

function savedMaps(maps: ReadonlyMap<string, ReadonlyMap<string, Json>>): SavedMaps {
  return [...maps].map(([agent, values]) => [agent, [...values]]);
}

const NOTHING: ReadonlyMap<string, Json> = new Map();

/** What an agent remembers, across ticks and restarts; only its own program writes it. */
export class PersistentStore implements Projection, Saved<SavedMemories> {
  readonly #memories = new Map<string, Map<string, Json>>();
  /** What agents remembered when they began anew: their programs are run again from there. */
  readonly #atBirth = new Map<string, ReadonlyMap<string, Json>>();

  get(agent: string, key: string): Json | undefined {
    return this.#memories.get(agent)?.get(key);
  }

  /** The keys of an agent, in the order in which they were first written. */
  keys(agent: string): readonly string[] {
    return [...(this.#memories.get(agent)?.keys() ?? [])];
  }

  /** What an agent remembered when the life of its program began that it is in. */
  atBirth(agent: string): ReadonlyMap<string, Json> {
    return this.#atBirth.get(agent) ?? NOTHING;
  }

  save(): SavedMemories {
    return { memories: savedMaps(this.#memories), atBirth: savedMaps(this.#atBirth) };
  }

  load({ memories, atBirth }: SavedMemories): void {
    for (const [agent, values] of memories) this.#memories.set(agent, new Map(values));
    for (const [agent, values] of atBirth) this.#atBirth.set(agent, new Map(values));
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    if (entry.kind === 'MEMORY_SET') this.#memoryOf(entry.agent).set(entry.data.key, entry.data.value);
    else if (entry.kind === 'MEMORY_DELETED') this.#memories.get(entry.agent)?.delete(entry.data.key);
    else if (entry.kind === 'AGENT_CONTINUED') this.#atBirth.set(entry.agent, new Map(this.#memories.get(entry.agent)));
    else if (entry.kind === 'AGENT_TERMINATED') this.#atBirth.delete(entry.agent);
  }

  #memoryOf(agent: string): Map<string, Json> {
    const known = this.#memories.get(agent);
    if (known !== undefined) return known;
    const created = new Map<string, Json>();
    this.#memories.set(agent, created);
    return created;
  }
}
