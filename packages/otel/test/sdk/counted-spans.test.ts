import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CountedSpans, type ExportResult, type SpanSink } from '../../src/sdk/counted-spans.js';

interface Span {
  spanContext(): { readonly traceFlags: number };
}

/** A queue that hands on when it is told to, and drops what is beyond its limit without a word. */
class Queue {
  waiting: Span[] = [];
  lost = 0;
  readonly #exporter: SpanSink<Span>;
  readonly #limit: number;
  constructor(exporter: SpanSink<Span>, limit: number) {
    this.#exporter = exporter;
    this.#limit = limit;
  }
  onStart(): void {}
  onEnd(span: Span): void {
    if (this.waiting.length >= this.#limit) this.lost++;
    else this.waiting.push(span);
  }
  send(count: number): void {
    if (this.waiting.length > 0) this.#exporter.export(this.waiting.splice(0, count), () => undefined);
  }
  forceFlush = () => Promise.resolve();
  shutdown = () => Promise.resolve();
}

test('whatever ends, is sent, fails or is too much: each span is in one of four numbers, and the queue behind drops none', () => {
  const step = fc.oneof(
    fc.record({ op: fc.constant('end' as const), isSampled: fc.boolean() }),
    fc.record({ op: fc.constant('send' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ op: fc.constant('answer' as const), code: fc.integer({ min: 0, max: 1 }) }),
  );
  fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(step, { maxLength: 60 }), (limit, steps) => {
    const losses: string[] = [];
    const spans = new CountedSpans(limit, (reason) => losses.push(reason));
    const open: { readonly count: number; readonly done: (result: ExportResult) => void }[] = [];
    const inner = new Queue(spans.exporter<Span>({ export: (batch, done) => { open.push({ count: batch.length, done }); }, shutdown: () => Promise.resolve() }), limit);
    const queue = spans.queue<Span, unknown>(inner);
    let [sampled, exported, failed] = [0, 0, 0];
    for (const what of steps) {
      if (what.op === 'end') {
        sampled += what.isSampled ? 1 : 0;
        queue.onEnd({ spanContext: () => ({ traceFlags: what.isSampled ? 1 : 0 }) });
      } else if (what.op === 'send') inner.send(what.count);
      else {
        const batch = open.shift();
        if (what.code === 0) exported += batch?.count ?? 0;
        else failed += batch?.count ?? 0;
        batch?.done({ code: what.code });
      }
    }
    const underWay = open.reduce((sum, { count }) => sum + count, 0);
    expect(inner.lost).toBe(0);
    expect(spans).toMatchObject({ ended: sampled, waiting: inner.waiting.length, exported, failed });
    expect(spans.ended).toBe(spans.waiting + underWay + spans.exported + spans.failed + spans.dropped);
    expect(losses.sort()).toEqual([...(failed > 0 ? ['export_failed'] : []), ...(spans.dropped > 0 ? ['queue_full'] : [])]);
  }));
});
