/** The tree that a log says, made from its entries alone, in words: each line is a span with all that it is below. */
import { readEntries, type LogReader, type RawEntry } from '@omnipaw/kernel';

type Data = Readonly<Record<string, unknown>>;

export async function entriesOf(log: LogReader): Promise<readonly RawEntry[]> {
  const entries: RawEntry[] = [];
  for await (const entry of readEntries(log)) entries.push(entry);
  return entries;
}

/** `invoke_agent lead lead-1 / tick 2 / execute_tool look`, sorted; a span that has failed says with what. */
export function treeOf(entries: readonly RawEntry[]): readonly string[] {
  const agents = agentsIn(entries);
  const lines: string[] = [];
  for (const [agent, { path, error }] of agents) {
    lines.push(withError(path, error));
    const own = entries.filter((entry) => entry.agent === agent);
    for (const tick of ticksOf(own)) lines.push(withError(`${path} / tick ${String(tick)}`, own.some(({ kind, data }) => kind === 'AGENT_FAULTED' && data['tick'] === tick) ? error : undefined));
    for (const { data } of own.filter(({ kind }) => kind === 'TOOL_CALLED')) lines.push(withError(`${path} / tick ${String(data['tick'] as number)} / execute_tool ${data['tool'] as string} ${String(data['call'] as number)}`, errorOfCall(own, data)));
  }
  return lines.sort();
}

function agentsIn(entries: readonly RawEntry[]): ReadonlyMap<string, { readonly path: string; readonly error: string | undefined }> {
  const agents = new Map<string, { path: string; error: string | undefined }>();
  for (const { kind, agent, data } of entries) {
    if (kind === 'AGENT_SPAWNED') {
      const { parent, type, delegation } = data as Data & { readonly delegation?: { readonly tick: number } };
      const above = typeof parent === 'string' ? `${agents.get(parent)!.path} / tick ${String(delegation!.tick)} / ` : '';
      agents.set(agent!, { path: `${above}invoke_agent ${String(type)} ${agent!}`, error: undefined });
    }
    const ended = kind === 'AGENT_FAULTED' || kind === 'AGENT_TERMINATED';
    // The first is why it ended; that it is abandoned later is nothing new.
    if (ended && data['error'] !== undefined) agents.get(agent!)!.error ??= codeIn(data['error']);
  }
  return agents;
}

/** A tick writes something with its number, at the least what it ends with; what is written about it later has the number as well. */
function ticksOf(own: readonly RawEntry[]): ReadonlySet<number> {
  return new Set(own.flatMap(({ data }) => (typeof data['tick'] === 'number' && data['tick'] > 0 ? [data['tick']] : [])));
}

function errorOfCall(own: readonly RawEntry[], { tick, call }: Data): string | undefined {
  const result = own.find(({ kind, data }) => kind === 'TOOL_RESULT' && data['tick'] === tick && data['call'] === call);
  const { error } = (result?.data['result'] ?? {}) as { readonly error?: unknown };
  return error === undefined ? undefined : codeIn(error);
}

function codeIn(error: unknown): string {
  return (error as { readonly code: string }).code;
}

function withError(path: string, error: string | undefined): string {
  return error === undefined ? path : `${path} (${error})`;
}

/** A span as it was received, whoever decoded it. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly startMs: number;
  readonly endMs: number;
}

/** The same lines from spans. Those whose parent is not among them begin with `? /`. */
export function treeOfSpans(spans: readonly SeenSpan[]): readonly string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: SeenSpan): string => {
    const parent = span.parentSpanId === undefined ? undefined : byId.get(span.parentSpanId);
    const above = parent !== undefined ? `${pathOf(parent)} / ` : span.parentSpanId === undefined ? '' : '? / ';
    return above + nameOf(span);
  };
  return spans.map((span) => withError(pathOf(span), span.isError ? String(span.attributes['error.type']) : undefined)).sort();
}

function nameOf({ name, attributes }: SeenSpan): string {
  if (name.startsWith('invoke_agent')) return `${name} ${String(attributes['omnipaw.agent.id'])}`;
  if (name.startsWith('tick')) return `tick ${String(attributes['omnipaw.tick.number'])}`;
  return `${name} ${String(attributes['omnipaw.call.index'])}`;
}
