import type { OmniError } from '../errors/index.js';
import type { ToolCallInfo } from '../tools/index.js';

/** What an observer is told of an agent's life as a whole. */
export interface AgentLoopInfo {
  readonly agent: string;
  readonly type: string;
  readonly parent: string | null;
}

/** What an observer is told of a tick; `outcome` is there once `next` has returned. */
export interface TickInfo {
  readonly agent: string;
  readonly tick: number;
  readonly outcome: string | undefined;
}

/**
 * Watches, and can't change anything: `next` returns nothing, is called for you if you don't, and what you throw is
 * reported and harms nobody.
 */
export interface Observer {
  aroundAgentLoop?(info: AgentLoopInfo, next: () => Promise<void>): Promise<void>;
  aroundTick?(info: TickInfo, next: () => void): void;
  aroundToolCall?(info: ToolCallInfo, next: () => Promise<void>): Promise<void>;
}

/** All observers as one, outermost first. */
export class Observers {
  readonly #observers: readonly Observer[];
  readonly #report: (thrown: unknown, where: string) => void;

  constructor(observers: readonly Observer[], report: (thrown: unknown, where: string) => OmniError) {
    this.#observers = observers;
    this.#report = report;
  }

  /** Whether anybody watches this; nobody listening costs nothing. */
  watches(seam: keyof Observer): boolean {
    return this.#observers.some((observer) => observer[seam] !== undefined);
  }

  agentLoop(info: AgentLoopInfo, run: () => Promise<void>): Promise<void> {
    return this.#wrapAsync(run, (observer, next) => observer.aroundAgentLoop?.(info, next) ?? next());
  }

  toolCall(info: ToolCallInfo, run: () => Promise<void>): Promise<void> {
    return this.#wrapAsync(run, (observer, next) => observer.aroundToolCall?.(info, next) ?? next());
  }

  tick<Output extends { readonly outcome: string }>(of: Omit<TickInfo, 'outcome'>, run: () => Output): Output {
    let output: Output | undefined;
    const info: TickInfo = Object.freeze({
      ...of,
      get outcome() {
        return output?.outcome;
      },
    });
    const once = onlyOnce(() => {
      output = run();
    });
    const wrapped = this.#observers.reduceRight<() => void>((next, observer) => () => {
      try {
        if (observer.aroundTick === undefined) next();
        else {
          const around: (info: TickInfo, next: () => void) => unknown = observer.aroundTick.bind(observer);
          const answer = around(info, next);
          if (answer instanceof Promise) answer.catch((thrown: unknown) => { this.#report(thrown, 'aroundTick'); });
        }
      } catch (thrown) {
        this.#report(thrown, 'aroundTick');
      }
    }, once);
    wrapped();
    once();
    return output as unknown as Output;
  }

  async #wrapAsync(
    run: () => Promise<void>,
    around: (observer: Observer, next: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const once = onlyOnce(run);
    const wrapped = this.#observers.reduceRight<() => Promise<void>>((next, observer) => async () => {
      try {
        await around(observer, next);
      } catch (thrown) {
        this.#report(thrown, 'an asynchronous seam');
      }
    }, once);
    const watched = wrapped();
    // The run itself never waits for an observer that is slow to call it, nor for one that never does.
    await once();
    await watched;
  }
}

/** Runs once, even when it is called again from within itself: that call answers nothing. */
function onlyOnce<Result>(run: () => Result): () => Result {
  let isCalled = false;
  let result: Result | undefined;
  return () => {
    if (!isCalled) {
      isCalled = true;
      result = run();
    }
    return result as Result;
  };
}
