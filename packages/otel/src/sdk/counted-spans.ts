/** What this needs to know of a span, and of what the SDK makes of it. */
export interface EndedSpan {
  spanContext(): { readonly traceFlags: number };
}

export interface ExportResult {
  readonly code: number;
}

export interface SpanSink<Span> {
  export(spans: Span[], done: (result: ExportResult) => void): void;
  shutdown(): Promise<void>;
  forceFlush?(): Promise<void>;
}

export interface SpanQueue<Span, Context> {
  onStart(span: Span, parent: Context): void;
  onEnd(span: Span): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

const SAMPLED = 1;
const SUCCESS = 0;

/**
 * Counts every span on its way from its end to the collector: none is lost without a number that says so.
 *
 * 1. What has ended is exported, has failed to be, was dropped, or waits; so `ended` is the sum of the four.
 * 2. It drops by itself what is beyond the limit, and the SDK's queue, which has the same limit, never has to.
 */
export class CountedSpans {
  readonly limit: number;
  /** Told once for every reason. */
  readonly #onLoss: (reason: 'queue_full' | 'export_failed') => void;
  ended = 0;
  waiting = 0;
  exported = 0;
  failed = 0;
  dropped = 0;

  constructor(limit: number, onLoss: (reason: 'queue_full' | 'export_failed') => void) {
    this.limit = limit;
    this.#onLoss = onLoss;
  }

  /** In front of the SDK's queue. */
  queue<Span extends EndedSpan, Context>(inner: SpanQueue<Span, Context>): SpanQueue<Span, Context> {
    return {
      onStart: (span, parent) => { inner.onStart(span, parent); },
      onEnd: (span) => {
        if ((span.spanContext().traceFlags & SAMPLED) === 0) return;
        this.ended++;
        if (this.waiting >= this.limit) {
          if (this.dropped++ === 0) this.#onLoss('queue_full');
          return;
        }
        this.waiting++;
        inner.onEnd(span);
      },
      forceFlush: () => inner.forceFlush(),
      shutdown: () => inner.shutdown(),
    };
  }

  /** Behind it. */
  exporter<Span>(inner: SpanSink<Span>): SpanSink<Span> {
    return {
      export: (spans, done) => {
        this.waiting -= spans.length;
        inner.export(spans, (result) => {
          if (result.code === SUCCESS) this.exported += spans.length;
          else {
            if (this.failed === 0) this.#onLoss('export_failed');
            this.failed += spans.length;
          }
          done(result);
        });
      },
      shutdown: () => inner.shutdown(),
      forceFlush: () => inner.forceFlush?.() ?? Promise.resolve(),
    };
  }
}
