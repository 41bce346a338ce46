import { nodePorts, readEntries, type LogReader, type RawEntry } from '@omnipaw/kernel';
import { openTelemetry } from './api.js';
import { AgentIds, traceIdOf, type SpanIds } from './ids.js';
import { contextOf } from './incoming.js';
import { headersIn, type TraceHeaders } from './places.js';

/** Where an entry is found in a tracing back end. */
export type SpanPlace = SpanIds;

/**
 * The span that an entry belongs to: a call's, a tick's, or an agent's; undefined for an entry of no agent, or none. For logs that were
 * written by kernels whose SDK has {@link LogIds}, as that of `@omnipaw/otel/sdk`; whether a sampler let it through, the log does not say.
 */
export async function spanOf(reader: LogReader, busSeq: number): Promise<SpanPlace | undefined> {
  const roots = new Map<string, Root>();
  let logId = '';
  for await (const entry of readEntries(reader)) {
    if (entry.kind === 'LOG_OPENED') logId = entry.data['logId'] as string;
    if (entry.kind === 'AGENT_SPAWNED') spawned(entry, roots);
    if (entry.busSeq === busSeq) return placeOf(entry, roots, logId);
  }
  return undefined;
}

interface Root {
  readonly agent: string;
  readonly trace: TraceHeaders;
}

function spawned({ agent, data }: RawEntry, roots: Map<string, Root>): void {
  const { parent, metadata } = data as { readonly parent: string | null; readonly metadata: RawEntry['data'] };
  if (agent !== null) roots.set(agent, roots.get(parent ?? '') ?? { agent, trace: headersIn(metadata) });
}

function placeOf({ agent, kind, data }: RawEntry, roots: ReadonlyMap<string, Root>, logId: string): SpanPlace | undefined {
  const root = roots.get(agent ?? '');
  if (agent === null || root === undefined) return undefined;
  const { codec } = nodePorts;
  const api = openTelemetry();
  const incoming = api === undefined ? undefined : contextOf(root.trace, api);
  const ids = new AgentIds(incoming?.traceId ?? traceIdOf(logId, root.agent, codec), { logId, agent }, codec);
  const { tick = 0, call, asker } = data as { readonly tick?: number; readonly call?: number; readonly asker?: number };
  if (asker !== undefined) return ids.call(tick, asker);
  if (call !== undefined && (kind.startsWith('TOOL_') || kind === 'STALE_RESULT')) return ids.call(tick, call);
  return tick === 0 ? ids.life : ids.tick(tick);
}
