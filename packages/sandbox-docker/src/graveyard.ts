/** Sees to it that every container is removed, also when the engine does not answer at that time. */
import type { OmniError } from '@omnipaw/kernel';
import type Docker from 'dockerode';
import { isGone, within } from './engine-call.js';
import { sandboxError } from './errors.js';

const PATIENCE_MS = 10_000;

export class Graveyard {
  /** What could not be removed yet. */
  readonly #left = new Map<string, Docker.Container>();
  readonly #removing = new Set<Promise<void>>();

  /** Kills what still runs, and removes all of it. Does not reject: what is left is tried again by `retry`. */
  remove(container: Docker.Container): Promise<void> {
    const late = (): OmniError => sandboxError('SANDBOX_LOST', `The container ${container.id} could not be removed.`);
    const removing = within(PATIENCE_MS, container.remove({ force: true, v: true }), late).then(
      () => { this.#left.delete(container.id); },
      (thrown: unknown) => {
        if (isGone(thrown)) this.#left.delete(container.id);
        else this.#left.set(container.id, container);
      },
    );
    this.#removing.add(removing);
    return removing.finally(() => this.#removing.delete(removing));
  }

  async retry(): Promise<void> {
    await Promise.all([...this.#left.values()].map((container) => this.remove(container)));
  }

  /** Resolves with the ids of containers that are left, when all that was begun has ended. */
  async settled(): Promise<readonly string[]> {
    while (this.#removing.size > 0) await Promise.all(this.#removing);
    return [...this.#left.keys()];
  }
}
