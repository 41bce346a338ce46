import { createRequire } from 'node:module';
import { otelError } from '../errors.js';
import type { EntryLogger } from '../records.js';
import type { SpanQueue, SpanSink } from './counted-spans.js';
import { isMissing } from './missing.js';

/** What this uses of `@opentelemetry/sdk-node`, which is the same in the lines 0.2xx and 0.3xx. */
export interface NodeSdk {
  start(): void;
  shutdown(): Promise<void>;
}

/** What the configuration of one may name; what is not named, it takes from the environment. */
interface NodeSdkConfiguration {
  readonly idGenerator: { generateTraceId(): string; generateSpanId(): string };
  readonly spanProcessors?: readonly SpanQueue<never, never>[];
}

type Constructor<Options, Made> = new (options: Options) => Made;

export interface Sdk {
  readonly NodeSDK: Constructor<NodeSdkConfiguration, NodeSdk>;
  readonly BatchSpanProcessor: Constructor<{ readonly exporter: SpanSink<never>; readonly maxQueueSize: number; readonly maxExportBatchSize: number } & Readonly<Record<string, unknown>>, SpanQueue<never, never>>;
  /** By protocol, those that are here. */
  readonly exporterFor: (protocol: string) => Constructor<{ readonly concurrencyLimit: number }, SpanSink<never>> | undefined;
  readonly logger: (name: string) => EntryLogger;
}

const TRACE_EXPORTERS: Readonly<Record<string, string>> = { 'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto', 'http/json': '@opentelemetry/exporter-trace-otlp-http' };

/**
 * The SDK that is installed. Its parts are those that it has itself: to mix releases of them makes several copies, which do not know each other.
 *
 * Throws `TELEMETRY_UNAVAILABLE` where it is not installed.
 */
export function loadSdk(): Sdk {
  const own = createRequire(import.meta.url);
  const main = resolve(own, '@opentelemetry/sdk-node');
  const fromSdk = createRequire(main);
  const { NodeSDK } = own(main) as Pick<Sdk, 'NodeSDK'>;
  const { BatchSpanProcessor } = fromSdk('@opentelemetry/sdk-trace') as Pick<Sdk, 'BatchSpanProcessor'>;
  return {
    NodeSDK,
    BatchSpanProcessor,
    exporterFor: (protocol) => {
      const name = Object.hasOwn(TRACE_EXPORTERS, protocol) ? TRACE_EXPORTERS[protocol] : undefined;
      return name === undefined ? undefined : (fromSdk(name) as { OTLPTraceExporter: Constructor<{ readonly concurrencyLimit: number }, SpanSink<never>> }).OTLPTraceExporter;
    },
    logger: (name) => logsIn(fromSdk).getLogger(name),
  };
}

interface Logs {
  getLogger(name: string): EntryLogger;
}

/** The Logs API was a package of its own before it became a part of the API. */
function logsIn(fromSdk: NodeJS.Require): Logs {
  const { logs } = fromSdk('@opentelemetry/api') as { readonly logs?: Logs };
  return logs ?? (fromSdk('@opentelemetry/api-logs') as { readonly logs: Logs }).logs;
}

function resolve(own: NodeJS.Require, name: string): string {
  try {
    return own.resolve(name);
  } catch (cause) {
    if (!isMissing(cause, 'MODULE_NOT_FOUND')) throw cause;
    throw otelError('TELEMETRY_UNAVAILABLE', 'The environment says where telemetry is to go (OTEL_…), and the SDK for it is not installed: npm install @opentelemetry/api @opentelemetry/sdk-node', cause);
  }
}
