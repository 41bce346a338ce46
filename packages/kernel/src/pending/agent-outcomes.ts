import type { Entry, Projection, Saved } from '../logging/index.js';
import type { Outcome } from './pending.js';

type SavedOutcomes = readonly (readonly [agent: string, outcome: Outcome])[];

/** How agents ended: what `join` and `result()` answer with. */
export class AgentOutcomes implements Projection, Saved<SavedOutcomes> {
  readonly #outcomes = new Map<string, Outcome>();

  /** Undefined while the agent runs. */
  of(agent: string): Outcome | undefined {
    return this.#outcomes.get(agent);
  }

  save(): SavedOutcomes {
    return [...this.#outcomes];
  }

  load(outcomes: SavedOutcomes): void {
    for (const [agent, outcome] of outcomes) this.#outcomes.set(agent, outcome);
  }

  apply(entry: Entry): void {
    if (entry.agent === null) return;
    switch (entry.kind) {
      case 'AGENT_COMPLETED':
        this.#outcomes.set(entry.agent, Object.freeze({ ok: true, value: entry.data.result }));
        break;
      case 'AGENT_FAULTED':
        this.#outcomes.set(entry.agent, Object.freeze({ ok: false, error: entry.data.error }));
        break;
      case 'AGENT_TERMINATED':
        // What was told once stays: the end that follows a failure is not another one.
        if (entry.data.error !== undefined && !this.#outcomes.has(entry.agent)) this.#outcomes.set(entry.agent, Object.freeze({ ok: false, error: entry.data.error }));
        break;
      default:
    }
  }
}
