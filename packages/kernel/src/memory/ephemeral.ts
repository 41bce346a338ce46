import type { Json } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';

type SavedScratch = readonly (readonly [agent: string, values: Readonly<Record<string, Json>>])[];

/**
 * Scratch of one tick (INV-05).
 *
 * Writes live only here until the tick ends; a PENDING_* exit checkpoints them in the log, any other exit drops them.
 */
export class EphemeralStore implements Projection, Saved<SavedScratch> {
  readonly #checkpoints = new Map<string, Readonly<Record<string, Json>>>();
  readonly #open = new Map<string, Map<string, Json>>();

  get(agent: string, key: string): Json | undefined {
    const open = this.#open.get(agent);
    if (open !== undefined) return open.get(key);
    const checkpoint = this.#checkpoints.get(agent);
    return checkpoint !== undefined && Object.hasOwn(checkpoint, key) ? checkpoint[key] : undefined;
  }

  /** A step inside the running tick; not an effect, since nothing of it outlives the tick by itself. */
  set(agent: string, key: string, value: Json): void {
    let open = this.#open.get(agent);
    if (open === undefined) {
      open = new Map(Object.entries(this.#checkpoints.get(agent) ?? {}));
      this.#open.set(agent, open);
    }
    open.set(key, value);
  }

  /** What a PENDING_* exit has to checkpoint; undefined when the tick wrote nothing. */
  unsaved(agent: string): Readonly<Record<string, Json>> | undefined {
    const open = this.#open.get(agent);
    return open === undefined ? undefined : Object.fromEntries(open);
  }

  /** The scratch as the log has it. */
  checkpointOf(agent: string): Readonly<Record<string, Json>> {
    return this.#checkpoints.get(agent) ?? {};
  }

  save(): SavedScratch {
    return [...this.#checkpoints];
  }

  load(checkpoints: SavedScratch): void {
    for (const [agent, values] of checkpoints) this.#checkpoints.set(agent, values);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    switch (entry.kind) {
      case 'SCRATCH_CHECKPOINTED':
        this.#checkpoints.set(entry.agent, entry.data.values);
        this.#open.delete(entry.agent);
        break;
      case 'AGENT_COMPLETED':
      case 'AGENT_CONTINUED':
      case 'AGENT_FAULTED':
      case 'AGENT_TERMINATED':
        this.#checkpoints.delete(entry.agent);
        this.#open.delete(entry.agent);
        break;
      default:
    }
  }
}
