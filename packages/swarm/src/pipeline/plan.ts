/**
 * A pipeline as a plan: items go through stages, several at once, each stage with a queue that is bounded.
 *
 * 1. What waits for a stage, and what is on its way into its queue, is never more than the stage holds: a stage that is full
 *    holds the one before it.
 * 2. Results stand in the order of the items, whoever came first.
 */
import type { Json } from '@omnipaw/kernel';
import { afterFailure, type FailedAttempt, type Plan, type Task, type WorkOptions } from '../crew/index.js';

export interface StagePlan {
  readonly role: string;
  /** How many items may wait for it, or be on their way to its queue. */
  readonly capacity: number;
}

interface Item {
  readonly index: number;
  readonly value: Json;
}

interface Stage extends StagePlan {
  readonly waiting: Item[];
  /** How many of those have been taken. */
  taken: number;
  /** Items that members are at work on in this stage. */
  busyCount: number;
}

interface Place {
  readonly stage: number;
  readonly index: number;
}

export class PipelinePlan implements Plan {
  readonly #items: readonly Json[];
  readonly #stages: readonly Stage[];
  readonly #options: WorkOptions;
  readonly #places = new Map<string, Place>();
  readonly #results: (Json | undefined)[];
  #nextItem = 0;
  #endedCount = 0;

  constructor(items: readonly Json[], stages: readonly StagePlan[], options: WorkOptions = {}) {
    this.#items = items;
    this.#stages = stages.map(({ role, capacity }) => ({ role, capacity, waiting: [], taken: 0, busyCount: 0 }));
    this.#options = options;
    this.#results = new Array<Json | undefined>(items.length);
  }

  /** If nothing is left out. */
  get taskCount(): number {
    return this.#items.length * this.#stages.length;
  }

  get isOver(): boolean {
    return this.#endedCount === this.#items.length;
  }

  /** The last stages first: what is nearly done makes room. */
  next(role: string): Task | undefined {
    for (let index = this.#stages.length - 1; index >= 0; index--) {
      const stage = this.#stages[index]!;
      if (stage.role !== role || !this.#hasRoomAfter(index)) continue;
      const item = this.#take(index);
      if (item === undefined) continue;
      stage.busyCount++;
      const id = `stage-${String(index + 1)}-${String(item.index + 1)}`;
      this.#places.set(id, { stage: index, index: item.index });
      return { id, act: String(index), input: item.value, role };
    }
    return undefined;
  }

  done(task: Task, result: Json): void {
    const { stage, index } = this.#leave(task);
    const next = this.#stages[stage + 1];
    if (next !== undefined) next.waiting.push({ index, value: result });
    else this.#ended(index, result);
  }

  failed(task: Task, failure: FailedAttempt): 'again' | 'skip' | 'fail' {
    const what = afterFailure(this.#options, failure);
    if (what === 'skip') this.#ended(this.#leave(task).index, undefined);
    return what;
  }

  /** Without what was left out. */
  result(): Json {
    return this.#results.filter((result) => result !== undefined);
  }

  /** How many items wait for each stage or are on their way to its queue: the first stage takes them from the goal. */
  get load(): readonly number[] {
    return this.#stages.map((_, index) => (index === 0 ? 0 : this.#loadOf(index)));
  }

  #hasRoomAfter(index: number): boolean {
    const next = this.#stages[index + 1];
    return next === undefined || this.#loadOf(index + 1) < next.capacity;
  }

  #loadOf(index: number): number {
    const { waiting, taken } = this.#stages[index]!;
    return waiting.length - taken + this.#stages[index - 1]!.busyCount;
  }

  #take(index: number): Item | undefined {
    if (index === 0) {
      if (this.#nextItem >= this.#items.length) return undefined;
      const item = this.#nextItem++;
      return { index: item, value: this.#items[item]! };
    }
    const stage = this.#stages[index]!;
    const item = stage.waiting[stage.taken];
    if (item === undefined) return undefined;
    stage.taken++;
    // Now and then, so that taking one costs the same whatever has gone through.
    if (stage.taken > stage.capacity) {
      stage.waiting.splice(0, stage.taken);
      stage.taken = 0;
    }
    return item;
  }

  #leave(task: Task): Place {
    const place = this.#places.get(task.id)!;
    this.#places.delete(task.id);
    this.#stages[place.stage]!.busyCount--;
    return place;
  }

  #ended(index: number, result: Json | undefined): void {
    this.#results[index] = result;
    this.#endedCount++;
  }
}
