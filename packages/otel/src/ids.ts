/**
 * Ids of spans that follow from the log.
 *
 * A trace has to go on after a crash: the process that takes a log up again makes the span of an agent with the same id as the one
 * that was killed, and so the ticks that both have seen hang below it. Nothing about telemetry has to be recorded for that.
 */
import { randomBytes } from 'node:crypto';
import type { Codec } from '@omnipaw/kernel';

export interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
}

/** One for the process, as the API has one provider: who makes spans and who made the SDK may have come by different copies of this package. */
const SLOT = Symbol.for('@omnipaw/otel.ids');

/** What the span gets that is being started; the SDK asks for it synchronously, or has a generator of its own that does not. */
const slot: { wanted: SpanIds | undefined } = ((globalThis as Record<symbol, unknown>)[SLOT] ??= { wanted: undefined }) as { wanted: SpanIds | undefined };

/** Starts a span with these ids, if the SDK was given {@link LogIds}; with ids by chance otherwise. */
export function withIds<Span>(ids: SpanIds, start: () => Span): Span {
  slot.wanted = ids;
  try {
    return start();
  } finally {
    slot.wanted = undefined;
  }
}

/**
 * The `idGenerator` for an SDK that one sets up oneself: spans of agents get ids that follow from their log, all others get ids by
 * chance, as they would without it.
 */
export class LogIds {
  generateTraceId(): string {
    return slot.wanted?.traceId ?? randomBytes(16).toString('hex');
  }

  generateSpanId(): string {
    return slot.wanted?.spanId ?? randomBytes(8).toString('hex');
  }
}

/** The trace of an agent that nobody delegated to, and of all below it. */
export function traceIdOf(logId: string, root: string, { sha256 }: Pick<Codec, 'sha256'>): string {
  return sha256(`omnipaw trace ${logId}/${root}`).slice(0, 32);
}

/** The ids of one agent's spans. One hash for an agent, and arithmetic for each span: no two spans of an agent have the same id. */
export class AgentIds {
  readonly traceId: string;
  readonly #high: number;
  readonly #low: number;

  constructor(traceId: string, place: { readonly logId: string; readonly agent: string }, { sha256 }: Pick<Codec, 'sha256'>) {
    const hash = sha256(`omnipaw span ${place.logId}/${place.agent}`);
    this.traceId = traceId;
    this.#high = parseInt(hash.slice(0, 8), 16);
    this.#low = parseInt(hash.slice(8, 16), 16);
  }

  /** Of the whole life. */
  get life(): SpanIds {
    return this.#ids(0, 0);
  }

  /** Ticks are counted from 1. */
  tick(tick: number): SpanIds {
    return this.#ids(tick, 0);
  }

  /** Calls are counted from 0, and those that a tool asks for from -1 downwards. */
  call(tick: number, call: number): SpanIds {
    return this.#ids(tick, call < 0 ? call : call + 1);
  }

  #ids(tick: number, call: number): SpanIds {
    return { traceId: this.traceId, spanId: hex(mixed(this.#high ^ mixed(tick))) + hex(mixed(this.#low ^ mixed(call))) };
  }
}

/** The last step of MurmurHash3: one to one on 32 bits. */
function mixed(word: number): number {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
