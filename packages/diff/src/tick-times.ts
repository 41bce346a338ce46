import type { JsonObject, RawEntry } from '@omnipaw/kernel';

/** The time at which each agent's tick began, or what was approved or delayed for it: what its deadlines go by. */
export class TickTimes {
  readonly #began = new Map<string, number>();

  /** Milliseconds since the epoch; undefined before an agent's first tick. */
  of(agent: string): number | undefined {
    return this.#began.get(agent);
  }

  apply({ agent, kind, time, data }: Pick<RawEntry, 'agent' | 'kind' | 'time' | 'data'>): void {
    if (agent === null) return;
    const transition = data['transition'] as JsonObject | undefined;
    if (transition?.['to'] === 'ACTIVE' || kind === 'APPROVAL_DECIDED' || kind === 'DELAY_ENDED') this.#began.set(agent, time);
  }
}
