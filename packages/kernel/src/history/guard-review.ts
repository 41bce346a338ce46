import { toErrorRecord, type ErrorRecord, type OmniError } from '../errors/index.js';
import type { JsonObject } from '../json/index.js';
import { reviewAll, shield, type Extension, type NamedGuard } from '../kernel/index.js';
import type { Entry, Projection, Proposal } from '../logging/index.js';
import { AgentEnded } from '../syscalls/index.js';

/** What a guard says of something that has happened. */
export interface GuardFinding {
  readonly effect: 'WARN' | 'REFUSE' | 'FAULT';
  /** Its extension. */
  readonly guard: string;
  readonly record?: { readonly kind: string; readonly data: JsonObject };
  readonly error?: ErrorRecord;
}

type Recorded = NonNullable<GuardFinding['record']>;

/** Asks the guards of extensions about a log, entry by entry, with their projections folded over it. */
export class GuardReview {
  readonly #guards: readonly NamedGuard[];
  readonly #projections: readonly Projection[];
  #failure: OmniError | undefined;
  /** The latest entries, among which are what the guards of that time had to say about the next one: each one at most. */
  #latest: readonly Entry[] = [];

  constructor(extensions: readonly Extension[]) {
    const shielded = extensions.map((extension) =>
      shield(extension, (failure) => {
        this.#failure ??= failure as OmniError;
      }),
    );
    this.#guards = shielded.flatMap(({ guards }) => guards);
    this.#projections = shielded.flatMap(({ projections }) => projections);
  }

  /** What is said of an entry about which guards are asked; what they said then as well is left out. */
  review(entry: Entry): readonly GuardFinding[] {
    const found: GuardFinding[] = [];
    for (const named of this.#guards) {
      const finding = this.#ask(named, entry);
      if (finding === undefined) continue;
      const isKnown = finding.record !== undefined && this.#isLatest(finding.record);
      if (finding.record !== undefined && !isKnown) this.#fold({ ...entry, ...finding.record } as unknown as Entry);
      if (finding.effect !== 'WARN' || !isKnown) found.push(finding);
      // As in a kernel, where nobody is asked any more about what has been refused.
      if (finding.effect !== 'WARN') break;
    }
    return found;
  }

  /** Folds an entry; throws `EXTENSION_FAILED` if a projection does. */
  apply(entry: Entry): void {
    this.#fold(entry);
    if (this.#failure !== undefined) throw this.#failure;
    this.#latest = [...this.#latest, entry].slice(-this.#guards.length || Infinity);
  }

  #fold(entry: Entry): void {
    for (const projection of this.#projections) projection.apply(entry);
  }

  #ask(named: NamedGuard, { kind, agent, data }: Entry): GuardFinding | undefined {
    let record: Recorded | undefined;
    try {
      reviewAll([named], { kind, agent, data } as Proposal, (made) => { record = { kind: made.kind, data: made.data }; });
      return record === undefined ? undefined : { effect: 'WARN', guard: named.name, record };
    } catch (thrown) {
      const error = thrown instanceof AgentEnded ? thrown.error : (thrown as OmniError);
      const effect = thrown instanceof AgentEnded ? 'FAULT' : 'REFUSE';
      return { effect, guard: named.name, ...(record === undefined ? {} : { record }), error: toErrorRecord(error) };
    }
  }

  #isLatest({ kind, data }: Recorded): boolean {
    const text = JSON.stringify(data);
    return this.#latest.some((entry) => (entry.kind as string) === kind && JSON.stringify(entry.data) === text);
  }
}
