/** An SDK of this process that keeps everything in memory. */
import { context, metrics, propagation, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type IdGenerator, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace';
import { LogIds } from '@omnipaw/otel';
import type { SeenSpan } from './log-tree.js';

export interface TestSdk {
  /** Those that have ended, in that order. */
  spans(): readonly SeenSpan[];
  /** By name and attributes, in the form of Prometheus: `omnipaw.ticks.total{a="b"}`; of a histogram the count. */
  numbers(): Promise<Readonly<Record<string, number>>>;
}

export interface TestSdkOptions {
  readonly sampler?: Sampler;
  /** By chance, as those of an SDK are that was not told otherwise. */
  readonly idGenerator?: IdGenerator | undefined;
}

/** Registered until {@link unregister}. */
export function register(options: TestSdkOptions = {}): TestSdk {
  const exporter = new InMemorySpanExporter();
  const idGenerator = 'idGenerator' in options ? options.idGenerator : new LogIds();
  const { sampler } = options;
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })], ...(idGenerator === undefined ? {} : { idGenerator }), ...(sampler === undefined ? {} : { sampler }) }));
  const reader = new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE), exportIntervalMillis: 3_600_000 });
  metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }));
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return {
    spans: () => exporter.getFinishedSpans().map(seen),
    numbers: async () => {
      const { resourceMetrics } = await reader.collect();
      const points = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics.flatMap(({ descriptor, dataPoints }) => (dataPoints as DataPoint<number | Histogram>[]).map((point) => [descriptor.name, point] as const)));
      return Object.fromEntries(points.map(([name, { attributes, value }]) => [named(name, attributes), typeof value === 'number' ? value : value.count]));
    },
  };
}

export function unregister(): void {
  for (const part of [trace, metrics, context, propagation]) part.disable();
}

function named(name: string, attributes: Readonly<Record<string, unknown>>): string {
  const labels = Object.entries(attributes).map(([label, value]) => `${label}="${String(value)}"`).sort();
  return labels.length === 0 ? name : `${name}{${labels.join(',')}}`;
}

function seen(span: ReadableSpan): SeenSpan {
  const { name, attributes, parentSpanContext, status, links, startTime, endTime } = span;
  const { traceId, spanId } = span.spanContext();
  const ms = ([seconds, nanoseconds]: readonly [number, number]): number => seconds * 1_000 + nanoseconds / 1e6;
  return {
    traceId, spanId, parentSpanId: parentSpanContext?.spanId, name, attributes, isError: status.code === SpanStatusCode.ERROR,
    links: links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })), startMs: ms(startTime), endMs: ms(endTime),
  };
}
