import { toErrorRecord, type ErrorRecord, type OmniError } from '../errors/index.js';
import type { JsonObject } from '../json/index.js';
import { reviewAll, reviewTicks, shield, type Asked, type Extension, type NamedGuard } from '../kernel/index.js';
import type { Entry, Projection } from '../logging/index.js';
import { AgentEnded, DelayNeeded, type TickAsked } from '../syscalls/index.js';
import { proposalOf } from './actions.js';

/** What a guard says of something that has happened. */
export interface GuardFinding {
  readonly effect: 'WARN' | 'DELAY' | 'REFUSE' | 'FAULT';
  /** Its extension. */
  readonly guard: string;
  readonly record?: { readonly kind: string; readonly data: JsonObject };
  readonly error?: ErrorRecord;
}

const RECORDS_AT_ONCE = 8;

type Recorded = NonNullable<GuardFinding['record']>;

/** Asks the guards of extensions about a log, entry by entry, with their projections folded over it. */
export class GuardReview {
  readonly #guards: readonly NamedGuard[];
  readonly #projections: readonly Projection[];
  #failure: OmniError | undefined;
  /** The latest entries, among which is what the guards of that time had to say about the next one: each a few things at most. */
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
  review(at: Entry, by: Asked['by']): readonly GuardFinding[] {
    const found = this.#ask(at, (named, record) => { reviewAll([named], { proposal: proposalOf(at), by }, record); });
    return at.kind === 'DELAY_STARTED' ? found.filter(({ effect }) => effect !== 'DELAY') : found;
  }

  /** What is said of a tick, of which `at` is the first entry. */
  reviewTick(asked: TickAsked, at: Entry): readonly GuardFinding[] {
    return this.#ask(at, (named, record) => { reviewTicks([named], asked, record); });
  }

  #ask(at: Entry, ask: (named: NamedGuard, record: (made: Recorded & { readonly agent: string | null }) => void) => void): readonly GuardFinding[] {
    const found: GuardFinding[] = [];
    for (const named of this.#guards) {
      const { records, end } = answerOf((keep) => {
        ask(named, ({ kind, agent, data }) => {
          const record = { kind, data };
          if (!this.#isLatest(record)) this.#fold({ ...at, kind, agent, data } as unknown as Entry);
          keep(record);
        });
      });
      const isNew = (record: Recorded): boolean => !this.#isLatest(record);
      // The last record of a refusal is what it says of that.
      const own = end?.error === undefined ? undefined : records.at(-1);
      for (const record of records.filter((one) => one !== own && isNew(one))) found.push({ effect: 'WARN', guard: named.name, record });
      if (end !== undefined) found.push({ guard: named.name, ...(own === undefined ? {} : { record: own }), ...end });
      // As in a kernel, where nobody is asked any more about what has been refused.
      if (end !== undefined) break;
    }
    return found;
  }

  /** Folds an entry; throws `EXTENSION_FAILED` if a projection does. */
  apply(entry: Entry): void {
    this.#fold(entry);
    if (this.#failure !== undefined) throw this.#failure;
    this.#latest = [...this.#latest, entry].slice(-this.#guards.length * RECORDS_AT_ONCE || Infinity);
  }

  #fold(entry: Entry): void {
    for (const projection of this.#projections) projection.apply(entry);
  }

  #isLatest({ kind, data }: Recorded): boolean {
    const text = JSON.stringify(data);
    return this.#latest.some((entry) => (entry.kind as string) === kind && JSON.stringify(entry.data) === text);
  }
}

interface GuardAnswer {
  readonly records: readonly Recorded[];
  readonly end?: Pick<GuardFinding, 'effect' | 'error'>;
}

function answerOf(ask: (keep: (record: Recorded) => void) => void): GuardAnswer {
  const records: Recorded[] = [];
  try {
    ask((record) => records.push(record));
    return { records };
  } catch (thrown) {
    if (thrown instanceof DelayNeeded) return { records, end: { effect: 'DELAY' } };
    if (thrown instanceof AgentEnded) return { records, end: { effect: 'FAULT', error: toErrorRecord(thrown.error) } };
    return { records, end: { effect: 'REFUSE', error: toErrorRecord(thrown as OmniError) } };
  }
}
