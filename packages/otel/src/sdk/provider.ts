/**
 * The SDK of this process, set up from the environment.
 *
 * 1. One at a time in a process, as the API has one provider of each kind.
 * 2. Nothing waits for a collector but `flush` and `shutdown`, which are bounded and never reject.
 */
import { LogIds } from '../ids.js';
import * as names from '../names.js';
import { openTelemetry } from '../api.js';
import type { EntryLogger } from '../records.js';
import { CountedSpans } from './counted-spans.js';
import { environmentIn, settingsOf, withEnvironment, type Environment } from './environment.js';
import { lastWords } from './last-words.js';
import { loadSdk, type NodeSdk, type Sdk } from './load-sdk.js';

export interface TelemetryOptions {
  /** Instead of the process's own variables; those of a `.env` in the working directory come after them. */
  readonly environment?: Environment;
}

/** So many spans may wait for the collector; a fast kernel ends thousands between two turns. */
const MAX_WAITING_SPANS = 65_536;
const BATCH_SPANS = 2_048;
const FLUSH_MS = 5_000;

let running: TelemetryProvider | undefined;

export class TelemetryProvider {
  readonly #sdk: NodeSdk;
  readonly #spans: CountedSpans | undefined;
  readonly #forget: () => void;
  #ending: Promise<void> | undefined;
  /** For `otel`: gets entries as records, if there is an exporter for them. */
  readonly logger: EntryLogger | undefined;

  private constructor(settings: Readonly<Record<string, string>>, { NodeSDK, ...parts }: Sdk) {
    // Everything reads its part of the environment while it is made.
    const { sdk, spans } = withEnvironment(settings, () => {
      const way = wayOf(settings, parts);
      const sdk = new NodeSDK({ idGenerator: new LogIds(), ...(way === undefined ? {} : { spanProcessors: [way.processor] }) });
      sdk.start();
      return { sdk, spans: way?.spans };
    });
    this.#sdk = sdk;
    this.#spans = spans;
    this.logger = settings['OTEL_LOGS_EXPORTER'] === 'none' ? undefined : parts.logger(names.SCOPE);
    if (spans !== undefined) measure(spans);
    this.#forget = lastWords((within) => this.shutdown(within));
  }

  /**
   * Starts exporting what `otel` measures, to where the environment says; the one that runs already, if there is one, and undefined where the
   * environment says nothing. Call it before `otel`.
   *
   * Throws `TELEMETRY_UNAVAILABLE` if the SDK is not installed.
   */
  static start({ environment = process.env }: TelemetryOptions = {}): TelemetryProvider | undefined {
    if (running !== undefined) return running;
    const settings = settingsOf(environmentIn(process.cwd(), environment));
    if (settings === undefined) return undefined;
    running = new TelemetryProvider(settings, loadSdk());
    return running;
  }

  /** How many spans have ended, and what became of them; undefined where they are not exported by OTLP over HTTP. */
  get spans(): Pick<CountedSpans, 'ended' | 'waiting' | 'exported' | 'failed' | 'dropped'> | undefined {
    const spans = this.#spans;
    return spans === undefined ? undefined : { ended: spans.ended, waiting: spans.waiting, exported: spans.exported, failed: spans.failed, dropped: spans.dropped };
  }

  /** Exports what there is and ends. Never rejects, and takes no longer than that: what the collector has not taken by then is lost, and counted. */
  shutdown(withinMs = FLUSH_MS): Promise<void> {
    this.#ending ??= this.#end(withinMs);
    return this.#ending;
  }

  async #end(withinMs: number): Promise<void> {
    this.#forget();
    await atMost(withinMs, this.#sdk.shutdown());
    const { trace, metrics, context, propagation, diag } = openTelemetry() ?? {};
    for (const part of [trace, metrics, context, propagation, diag]) part?.disable();
    if (running === this) running = undefined;
    const lost = this.#spans === undefined ? 0 : this.#spans.dropped + this.#spans.failed + this.#spans.waiting;
    if (lost > 0) warn(`${String(lost)} of ${String(this.#spans!.ended)} spans were lost.`);
  }
}

/** Settles when that does, and after so long in any case. */
async function atMost(ms: number, what: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<void>((resolve) => { timer = setTimeout(resolve, ms); });
  await Promise.race([what.catch(() => undefined), tooLong]);
  clearTimeout(timer);
}

/** The way of spans to a collector, on which they are counted; undefined where it is the SDK's own (Zipkin, the console, gRPC). */
function wayOf(settings: Readonly<Record<string, string>>, { exporterFor, BatchSpanProcessor }: Pick<Sdk, 'exporterFor' | 'BatchSpanProcessor'>): { readonly spans: CountedSpans; readonly processor: ReturnType<CountedSpans['queue']> } | undefined {
  const protocol = settings['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL'] ?? settings['OTEL_EXPORTER_OTLP_PROTOCOL'] ?? 'http/protobuf';
  const Exporter = settings['OTEL_TRACES_EXPORTER']?.trim() === 'otlp' ? exporterFor(protocol.trim()) : undefined;
  if (Exporter === undefined) return undefined;
  const limit = numberIn(settings, 'OTEL_BSP_MAX_QUEUE_SIZE') ?? MAX_WAITING_SPANS;
  const maxExportBatchSize = Math.min(numberIn(settings, 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE') ?? BATCH_SPANS, limit);
  const spans = new CountedSpans(limit, (reason) => { warn(reason === 'queue_full' ? tooMany(limit) : NOT_TAKEN); });
  // A flush exports all batches at once, and the exporter refuses what is beyond its limit.
  const concurrencyLimit = Math.ceil(limit / maxExportBatchSize) + 30;
  const queue = new BatchSpanProcessor({
    exporter: spans.exporter(new Exporter({ concurrencyLimit })),
    maxQueueSize: limit,
    maxExportBatchSize,
    scheduledDelayMillis: numberIn(settings, 'OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: numberIn(settings, 'OTEL_BSP_EXPORT_TIMEOUT'),
  });
  return { spans, processor: spans.queue(queue) };
}

const NOT_TAKEN = 'The collector does not take spans: see OTEL_EXPORTER_OTLP_ENDPOINT, and OTEL_LOG_LEVEL=debug.';

function tooMany(limit: number): string {
  return `More than ${String(limit)} spans wait for the collector, so some are dropped: raise OTEL_BSP_MAX_QUEUE_SIZE, or sample (OTEL_TRACES_SAMPLER).`;
}

function numberIn(settings: Readonly<Record<string, string>>, name: string): number | undefined {
  const value = Number(settings[name]);
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

/** The spans themselves, as numbers that can be asked for and warned of. */
function measure(spans: CountedSpans): void {
  const meter = openTelemetry()?.metrics.getMeter(names.SCOPE);
  meter?.createObservableCounter('omnipaw.spans.dropped.total', { description: 'Spans that were lost, by reason.' }).addCallback((result) => {
    result.observe(spans.dropped, { reason: 'queue_full' });
    result.observe(spans.failed, { reason: 'export_failed' });
  });
  meter?.createObservableCounter('omnipaw.spans.exported.total', { description: 'Spans that a collector has taken.' }).addCallback((result) => { result.observe(spans.exported); });
  meter?.createObservableGauge('omnipaw.spans.waiting', { description: 'Spans that wait for the collector.' }).addCallback((result) => { result.observe(spans.waiting); });
}

function warn(message: string): void {
  process.emitWarning(message, { type: 'TelemetryWarning', code: 'OMNIPAW_SPANS_LOST' });
}
