import { createRequire } from 'node:module';
import type * as OpenTelemetry from '@opentelemetry/api';

export type Api = typeof OpenTelemetry;

/**
 * `@opentelemetry/api` as this package finds it; undefined where it is not installed.
 *
 * Not imported, since it is an optional peer: it is the SDK that knows which version there has to be, and where there is none, nothing is measured.
 */
export function openTelemetry(): Api | undefined {
  loaded ??= { api: load() };
  return loaded.api;
}

let loaded: { readonly api: Api | undefined } | undefined;

function load(): Api | undefined {
  try {
    return createRequire(import.meta.url)('@opentelemetry/api') as Api;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw thrown;
  }
}

/** What an SDK has registered by now; a part that nobody has costs nothing. */
export interface Registered {
  readonly tracer: OpenTelemetry.Tracer | undefined;
  readonly meter: OpenTelemetry.Meter | undefined;
}

export function registeredIn({ trace, metrics, ProxyTracerProvider, createNoopMeter }: Api, { name, version }: { readonly name: string; readonly version: string }): Registered {
  const provider = trace.getTracerProvider();
  // Where nobody has registered anything, the delegate is the same for all: the one that does nothing.
  const delegate = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  const isTracing = delegate !== new ProxyTracerProvider().getDelegate();
  const meter = metrics.getMeter(name, version);
  return { tracer: isTracing ? trace.getTracer(name, version) : undefined, meter: meter === createNoopMeter() ? undefined : meter };
}
