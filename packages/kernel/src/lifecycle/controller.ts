import { OmniError } from '../errors/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import { transitionFrom, type LifecycleState, type LifecycleTrigger, type Transition } from './transitions.js';

/**
 * Owns the lifecycle state of every agent (INV-02): one fold over the transitions that entries carry, and one decision.
 */
export class LifecycleController implements Projection, Saved<readonly (readonly [agent: string, state: LifecycleState])[]> {
  readonly #states = new Map<string, LifecycleState>();

  /** The state of an agent; DEFINED for one that was never spawned. */
  stateOf(agent: string): LifecycleState {
    return this.#states.get(agent) ?? 'DEFINED';
  }

  /** The transition that a trigger would make now; throws `INVALID_TRANSITION` where the table has none. */
  decide(agent: string, trigger: LifecycleTrigger): Transition {
    const from = this.stateOf(agent);
    const transition = transitionFrom(from, trigger);
    if (transition === undefined) {
      throw new OmniError(
        'INVALID_TRANSITION',
        `Agent "${agent}" is ${from}, and "${trigger}" leads nowhere from there. Look at its state before you move it.`,
        { details: { agent, from, trigger } },
      );
    }
    return transition;
  }

  save(): readonly (readonly [string, LifecycleState])[] {
    return [...this.#states];
  }

  load(states: readonly (readonly [string, LifecycleState])[]): void {
    for (const [agent, state] of states) this.#states.set(agent, state);
  }

  apply(entry: Entry): void {
    // Every kind may carry a transition, and this projection alone reads it.
    const { transition } = entry.data as { readonly transition?: Transition };
    if (transition !== undefined && entry.agent !== null) this.#states.set(entry.agent, transition.to);
  }
}
