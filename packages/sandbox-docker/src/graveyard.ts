/** Sees to it that every container is removed, also when the engine does not answer at that time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { ask, isConflict, isGone, isUnanswered } from './engine-call.js';

/** With what is waited for a kill it is less than a tool waits for its call beyond the command's time. */
const PATIENCE_MS = 5_000;
/** At the end nobody waits for a result. */
const LAST_PATIENCE_MS = 20_000;
const AGAIN_MS = 500;
/** How often it is looked for what may still be in the making. */
const LOOKS = 4;
/** How many are removed at once where there may be any number. */
const AT_ONCE = 4;

export class Graveyard {
  /** What could not be removed yet. */
  readonly #left = new Map<string, Docker.Container>();
  readonly #removing = new Set<Promise<void>>();
  #isRetrying = false;

  /** Kills what still runs, and removes all of it. Does not reject: what is left is tried again by `retry`. */
  remove(container: Docker.Container): Promise<void> {
    return this.#track(this.#bury(container));
  }

  /** The same for many, a few at a time. */
  removeAll(containers: readonly Docker.Container[], patienceMs?: number): Promise<void> {
    const rest = [...containers];
    const worker = async (): Promise<void> => {
      for (let next = rest.shift(); next !== undefined; next = rest.shift()) await this.#bury(next, patienceMs);
    };
    return this.#track(Promise.all(Array.from({ length: AT_ONCE }, worker)));
  }

  /** What comes of a question for a container that nobody wants any more. Where no answer comes, it may have been heard: then one with that name is removed. */
  removeUnwanted(made: Promise<Docker.Container>, named: Docker.Container): void {
    const removing = made.then((container) => this.#bury(container), (thrown: unknown) => (isUnanswered(thrown) ? this.#buryDoubtful(named) : undefined));
    void this.#track(removing);
  }

  /** Tries again what is left. */
  async retry(): Promise<void> {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    await this.removeAll([...this.#left.values()]);
    this.#isRetrying = false;
  }

  /** Tries all that is left once more; resolves with the ids, or the names, of what is left then. */
  async close(): Promise<readonly string[]> {
    await this.settled();
    await this.removeAll([...this.#left.values()], LAST_PATIENCE_MS);
    return [...this.#left.keys()];
  }

  /** Resolves when all that was begun has ended. */
  async settled(): Promise<void> {
    while (this.#removing.size > 0) await Promise.all(this.#removing);
  }

  /** False when the engine says that there is no such container. */
  async #bury(container: Docker.Container, patienceMs = PATIENCE_MS): Promise<boolean> {
    try {
      await ask('being told to remove a container', (abortSignal) => removeIt(container, abortSignal), { patienceMs });
      this.#left.delete(container.id);
      return true;
    } catch (thrown) {
      if (isGone(thrown)) this.#left.delete(container.id);
      else this.#left.set(container.id, container);
      return !isGone(thrown);
    }
  }

  /** It may be there, or only be there in a moment. */
  async #buryDoubtful(container: Docker.Container): Promise<void> {
    for (let look = 1; !(await this.#bury(container)) && look < LOOKS; look++) await sleep(AGAIN_MS);
  }

  #track(work: Promise<unknown>): Promise<void> {
    const tracked: Promise<void> = work.then(() => { this.#removing.delete(tracked); });
    this.#removing.add(tracked);
    return tracked;
  }
}

/** One that somebody is removing already is there until it is not: that may fail. */
async function removeIt(container: Docker.Container, abortSignal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await container.remove({ force: true, v: true, abortSignal });
      return;
    } catch (thrown) {
      if (!isConflict(thrown)) throw thrown;
    }
    await sleep(AGAIN_MS, undefined, { signal: abortSignal });
  }
}
