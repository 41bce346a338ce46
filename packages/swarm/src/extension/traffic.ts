import { fieldsOf } from '../fields.js';
import { PACKAGE_TOPICS } from '../names.js';
import { toEnvelope } from '../protocol/index.js';

/** What went over one channel. */
export interface ChannelTraffic {
  readonly sent: number;
  readonly received: number;
  /** What was sent, by what it says that it is; `other` is what says nothing that a protocol could read. */
  readonly kinds: Readonly<Record<string, number>>;
}

interface Counts {
  sent: number;
  received: number;
  readonly kinds: Map<string, number>;
}

export type SavedTraffic = readonly (readonly [topic: string, sent: number, received: number, kinds: readonly (readonly [string, number])[]])[];

const OTHER = 'other';
/** Of one channel, and of one swarm: members choose names, and a ledger must not grow by them without end. */
const MAX_KINDS = 32;
const MAX_TOPICS = 256;
const MAX_KIND_CHARS = 64;

/** Counts the messages of a swarm by channel. */
export class Traffic {
  readonly #topics = new Map<string, Counts>();

  sent(topic: string, body: unknown): void {
    const counts = this.#of(topic);
    counts.sent++;
    const kind = kindOf(topic, body);
    const name = counts.kinds.has(kind) || counts.kinds.size < MAX_KINDS ? kind : OTHER;
    counts.kinds.set(name, (counts.kinds.get(name) ?? 0) + 1);
  }

  received(topic: string): void {
    this.#of(topic).received++;
  }

  report(): Readonly<Record<string, ChannelTraffic>> {
    return Object.fromEntries([...this.#topics].map(([topic, { sent, received, kinds }]) => [topic, { sent, received, kinds: Object.fromEntries(kinds) }]));
  }

  save(): SavedTraffic {
    return [...this.#topics].map(([topic, { sent, received, kinds }]) => [topic, sent, received, [...kinds]]);
  }

  load(topics: SavedTraffic): void {
    for (const [topic, sent, received, kinds] of topics) this.#topics.set(topic, { sent, received, kinds: new Map(kinds) });
  }

  #of(topic: string): Counts {
    const name = this.#topics.has(topic) || this.#topics.size < MAX_TOPICS ? topic : OTHER;
    const counts = this.#topics.get(name) ?? { sent: 0, received: 0, kinds: new Map<string, number>() };
    this.#topics.set(name, counts);
    return counts;
  }
}

/** What a body says that it is: for the package's own topics what is in the envelope, if there is one. */
function kindOf(topic: string, body: unknown): string {
  const envelope = toEnvelope(body);
  const isOwn = PACKAGE_TOPICS.has(topic);
  const kind = isOwn ? (fieldsOf(envelope?.body)['kind'] ?? fieldsOf(body)['kind']) : envelope?.kind;
  return typeof kind === 'string' && kind !== '' && kind.length <= MAX_KIND_CHARS ? kind : OTHER;
}
