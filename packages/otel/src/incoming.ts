import type { SpanContext } from '@opentelemetry/api';
import { openTelemetry, type Api } from './api.js';
import type { TraceHeaders } from './places.js';

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;

/** What `traceparent` says (W3C Trace Context), whatever propagators there are; undefined for what is none. */
export function contextOf({ traceparent = '', tracestate }: TraceHeaders, { createTraceState, isSpanContextValid }: Pick<Api, 'createTraceState' | 'isSpanContextValid'>): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = '0'] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceparent.startsWith('ff')) return undefined;
  const context: SpanContext = {
    traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? context : undefined;
}

/**
 * The headers that carry the present trace on: in a tool, the call's; in a request handler, the request's. Empty where nothing is traced.
 *
 * As `metadata` of a spawn they make an agent part of the trace, also after a crash, since metadata are on record.
 */
export function traceHeaders(): Record<string, string> {
  const api = openTelemetry();
  const headers: Record<string, string> = {};
  api?.propagation.inject(api.context.active(), headers);
  return headers;
}
