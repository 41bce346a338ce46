/** The numbers that a log says, made from its entries alone, in the form of `numbers()`. */
import type { RawEntry } from '@omnipaw/kernel';

export function numbersIn(entries: readonly RawEntry[]): Readonly<Record<string, number>> {
  const numbers: Record<string, number> = {};
  const add = (name: string, labels: Readonly<Record<string, string>>, by = 1): void => {
    const text = Object.entries(labels).map(([label, value]) => `${label}="${value}"`).sort().join(',');
    const key = text === '' ? name : `${name}{${text}}`;
    numbers[key] = (numbers[key] ?? 0) + by;
  };
  const typeOf = new Map(entries.flatMap(({ kind, agent, data }) => (kind === 'AGENT_SPAWNED' ? [[agent!, (data['type'] as string)] as const] : [])));
  for (const { kind, agent, data } of entries) {
    add('omnipaw.log.entries.total', { 'omnipaw.entry.kind': kind });
    if (kind === 'TOOL_RESULT') result(data, add);
    if (kind === 'TOOL_RETRIED') {
      add('omnipaw.tools.retries.total', { 'omnipaw.tool': (data['tool'] as string), 'error.type': (data['error'] as { code: string }).code });
      add('omnipaw.tools.latency_ms', { 'omnipaw.tool': (data['tool'] as string) });
    }
    if (kind === 'REFUSED') add('omnipaw.denials.total', { 'omnipaw.operation': (data['op'] as string), 'error.type': (data['error'] as { code: string }).code });
    if (kind === 'AGENT_FAULTED') add('omnipaw.agents.ended.total', { 'omnipaw.agent.type': typeOf.get(agent!)!, 'omnipaw.agent.end': 'faulted', 'error.type': (data['error'] as { code: string }).code });
    if (kind === 'AGENT_TERMINATED' && data['reason'] === 'completed') {
      add('omnipaw.agents.ended.total', { 'omnipaw.agent.type': typeOf.get(agent!)!, 'omnipaw.agent.end': 'completed' });
      add('omnipaw.ticks.total', { 'omnipaw.agent.type': typeOf.get(agent!)!, 'omnipaw.tick.outcome': 'COMPLETED' });
    }
    for (const name of ['omnipaw.agents.active']) if (kind === 'AGENT_SPAWNED') add(name, { 'omnipaw.agent.type': (data['type'] as string) }, 0);
  }
  return { ...numbers, 'omnipaw.tools.open': 0, 'omnipaw.tools.running': 0, 'omnipaw.mailbox.depth': 0, 'omnipaw.log.backlog': 0 };
}

type Data = RawEntry['data'];

function result(data: Data, add: (name: string, labels: Readonly<Record<string, string>>, by?: number) => void): void {
  const tool = { 'omnipaw.tool': (data['tool'] as string) };
  const { error } = data['result'] as { readonly error?: { readonly code: string } };
  add('omnipaw.tools.calls.total', error === undefined ? tool : { ...tool, 'error.type': error.code });
  add('omnipaw.tools.latency_ms', tool);
  const { tokens, cost } = (data['usage'] ?? {}) as { readonly tokens?: number; readonly cost?: number };
  if (tokens !== undefined) add('omnipaw.usage.tokens.total', tool, tokens);
  if (cost !== undefined) add('omnipaw.usage.cost.total', tool, cost);
}
