/**
 * A map-reduce as a plan: pieces of work, then merges of neighbours, level by level, up to one result.
 *
 * A merge is given out as soon as all that it takes are there, so merges and work go on side by side. What was left out is
 * missing in its merge; the last merge comes in any case, whatever there is to merge.
 */
import type { Json } from '@omnipaw/kernel';
import { afterFailure, type FailedAttempt, type Plan, type Task, type WorkOptions } from '../crew/index.js';

export interface MapReduceOptions extends WorkOptions {
  /** How many results one merge takes; 16 unless given. */
  readonly fanIn?: number;
}

/** Results on their way to be merged: of one group of neighbours. */
interface Group {
  /** By place, in the order in which they were split. */
  readonly results: (Json | undefined)[];
  missing: number;
}

/** Where a task is in the tree: level 0 is the work. */
interface Place {
  readonly level: number;
  readonly index: number;
}

const DEFAULT_FAN_IN = 16;

export class MapReducePlan implements Plan {
  readonly #inputs: readonly Json[];
  readonly #options: MapReduceOptions;
  readonly #fanIn: number;
  /** How many there are on each level: the pieces of work, and the merges above them. */
  readonly #widths: readonly number[];
  /** By level and index of the merge that takes them. */
  readonly #groups = new Map<string, Group>();
  readonly #places = new Map<string, Place>();
  readonly #merges: Task[] = [];
  #nextInput = 0;
  #nextMerge = 0;
  #result: { readonly value: Json } | undefined;

  constructor(inputs: readonly Json[], options: MapReduceOptions = {}) {
    this.#inputs = inputs;
    this.#options = options;
    this.#fanIn = options.fanIn ?? DEFAULT_FAN_IN;
    this.#widths = widthsOf(inputs.length, this.#fanIn);
    if (inputs.length === 0) this.#merge({ level: 1, index: 0 }, []);
  }

  /** Merges included. */
  get taskCount(): number {
    return this.#widths.reduce((sum, width) => sum + width, 0) - this.#passed();
  }

  next(): Task | undefined {
    // Merges first: they free what waits for them.
    const merge = this.#merges[this.#nextMerge];
    if (merge !== undefined) {
      this.#nextMerge++;
      return merge;
    }
    const index = this.#nextInput;
    if (index >= this.#inputs.length) return undefined;
    this.#nextInput++;
    return this.#task({ level: 0, index }, { act: 'work', input: this.#inputs[index]! });
  }

  done(task: Task, result: Json): void {
    this.#arrived(this.#take(task), result);
  }

  failed(task: Task, failure: FailedAttempt): 'again' | 'skip' | 'fail' {
    const place = this.#places.get(task.id)!;
    const what = afterFailure(this.#options, failure);
    // Without the last merge there is no result.
    if (what === 'skip' && this.#isTop(place.level)) return 'fail';
    if (what === 'skip') this.#arrived(this.#take(task), undefined);
    return what;
  }

  get isOver(): boolean {
    return this.#result !== undefined;
  }

  result(): Json {
    return this.#result?.value ?? null;
  }

  #take(task: Task): Place {
    const place = this.#places.get(task.id)!;
    this.#places.delete(task.id);
    return place;
  }

  #arrived({ level, index }: Place, result: Json | undefined): void {
    if (this.#isTop(level)) {
      this.#result = { value: result ?? null };
      return;
    }
    const above = { level: level + 1, index: Math.floor(index / this.#fanIn) };
    const key = `${String(above.level)}.${String(above.index)}`;
    const group = this.#groups.get(key) ?? this.#open(key, above);
    group.results[index % this.#fanIn] = result;
    group.missing--;
    if (group.missing > 0) return;
    this.#groups.delete(key);
    this.#complete(above, group.results);
  }

  #open(key: string, { level, index }: Place): Group {
    const size = Math.min(this.#fanIn, this.#widths[level - 1]! - index * this.#fanIn);
    const group: Group = { results: new Array<Json | undefined>(size), missing: size };
    this.#groups.set(key, group);
    return group;
  }

  #complete(place: Place, results: readonly (Json | undefined)[]): void {
    const found = results.filter((result) => result !== undefined);
    if (this.#isTop(place.level)) this.#merge(place, found);
    // Where there is nothing to merge, nothing is done.
    else if (found.length < 2) this.#arrived(place, found[0]);
    else this.#merge(place, found);
  }

  #merge(place: Place, results: Json[]): void {
    this.#merges.push(this.#task(place, { act: 'merge', input: results }));
  }

  #task(place: Place, { act, input }: Pick<Task, 'act' | 'input'>): Task {
    const id = place.level === 0 ? `work-${String(place.index + 1)}` : `merge-${String(place.level)}-${String(place.index + 1)}`;
    this.#places.set(id, place);
    return { id, act, input };
  }

  #isTop(level: number): boolean {
    return level === this.#widths.length - 1;
  }

  /** Groups of one, which need no merge. */
  #passed(): number {
    return this.#widths.slice(0, -2).filter((width) => width % this.#fanIn === 1).length;
  }
}

function widthsOf(count: number, fanIn: number): readonly number[] {
  const widths = [count];
  do widths.push(Math.max(1, Math.ceil(widths.at(-1)! / fanIn)));
  while (widths.at(-1)! > 1);
  return widths;
}
