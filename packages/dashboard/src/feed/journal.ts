/**
 * What the server knows of its log: the state, the newest entries as they are sent, and where the others are.
 *
 * Everything here is synchronous, and changes only by what the source tells. What was told and not framed yet waits for `flush`,
 * so that a frame has many entries.
 */
import type { StoredLine } from '../log/entry.js';
import type { LogWindow } from '../log/log-window.js';
import type { DashboardState, HeadPayload, ProblemPayload } from '../protocol/index.js';
import { applyEntry, createState, saveState } from '../state/index.js';
import { Checkpoints } from './checkpoints.js';
import { framesOf } from './frames.js';
import { Ring } from './ring.js';

const MAX_PROBLEMS = 10;
/** A snapshot that is no older serves again: many clients may come at once. */
const SNAPSHOT_AGE_MS = 1_000;

export interface Snapshot {
  readonly busSeq: number;
  /** The state as JSON. */
  readonly text: string;
}

export class Journal {
  readonly window: LogWindow;
  readonly ring = new Ring();
  readonly checkpoints = new Checkpoints();
  readonly problems: ProblemPayload[] = [];
  #status: HeadPayload['log'] = 'loading';
  readonly #loadWaiters: (() => void)[] = [];
  #state: DashboardState = createState();
  #waiting: StoredLine[] = [];
  #snapshot: (Snapshot & { readonly madeAt: number }) | undefined;
  readonly #report: (thrown: unknown) => void;

  /** `report` is told of a fold that threw, which none should. */
  constructor(window: LogWindow, report: (thrown: unknown) => void) {
    this.window = window;
    this.#report = report;
  }

  /** All that was told is in it, framed or not. */
  get state(): DashboardState {
    return this.#state;
  }

  get head(): HeadPayload {
    const { busSeq, hash } = this.#state;
    return { busSeq, hash, log: this.#status, now: Date.now() };
  }

  get status(): HeadPayload['log'] {
    return this.#status;
  }

  set status(status: HeadPayload['log']) {
    this.#status = status;
    if (status === 'loading') return;
    for (const resolve of this.#loadWaiters.splice(0)) resolve();
  }

  /** Resolves once all that was there has been told, so that it can be said what is not. */
  async loaded(): Promise<void> {
    if (this.#status === 'loading') await new Promise<void>((resolve) => { this.#loadWaiters.push(resolve); });
  }

  take(stored: readonly StoredLine[]): void {
    for (const one of stored) {
      this.#waiting.push(one);
      try {
        applyEntry(this.#state, one.entry);
      } catch (thrown) {
        this.#report(thrown);
      }
    }
    this.checkpoints.consider(this.#state);
    this.window.lastSeq = this.#state.busSeq;
  }

  /** Makes frames of what waits; answers whether there was anything. */
  flush(): boolean {
    if (this.#waiting.length === 0) return false;
    for (const frame of framesOf(this.#waiting)) this.ring.push(frame);
    this.#waiting = [];
    return true;
  }

  /** The state of now, or of a moment ago: what came since is in the ring. */
  snapshot(): Snapshot {
    this.flush();
    const { busSeq } = this.#state;
    const known = this.#snapshot;
    const isFresh = known !== undefined && (known.busSeq === busSeq || (Date.now() - known.madeAt < SNAPSHOT_AGE_MS && this.ring.from(known.busSeq + 1) !== undefined));
    if (isFresh) return known;
    this.#snapshot = { busSeq, text: JSON.stringify(saveState(this.#state)), madeAt: Date.now() };
    return this.#snapshot;
  }

  addProblem(problem: ProblemPayload): void {
    this.problems.push(problem);
    if (this.problems.length > MAX_PROBLEMS) this.problems.shift();
  }

  /** Forgets everything, for a log that is another one now. */
  restart(): void {
    this.#state = createState();
    this.#waiting = [];
    this.#snapshot = undefined;
    this.ring.clear();
    this.checkpoints.clear();
    this.window.places.clear();
    this.window.lastSeq = -1;
  }
}
