/** The ledger once more, the naive way: everything counted from the log's first entry, with nothing kept in between. */
import type { Entry, Usage } from '@omnipaw/kernel';
import type { AgentUsage, ResourceQuota } from '@omnipaw/quota';
import { matches } from '@omnipaw/kernel';

interface Naive {
  readonly agent: string;
  readonly type: string;
  readonly parent: string | null;
  readonly isEnded: boolean;
  readonly wallMs: number;
  readonly given: Record<string, number>;
  readonly limits: Record<string, { readonly hard: number; readonly soft?: number }>;
  readonly own: Record<string, number>;
}

const NAMES = {
  maxTicks: 'ticks', maxToolCalls: 'toolCalls', maxTokens: 'tokens', maxCost: 'cost', maxMemoryKeys: 'memoryKeys', maxMemoryBytes: 'memoryBytes', maxChildren: 'children',
  maxCpuMs: 'cpuUs', maxLogBytes: 'logBytes',
};
/** Known only once it is there. */
const MEASURED: ReadonlySet<string> = new Set(['maxCpuMs', 'maxLogBytes', 'maxWallMs']);

export interface Recounted {
  readonly usage: readonly Pick<AgentUsage, 'agent' | 'own' | 'total' | 'limits'>[];
  /** Limits that more is used of, by whoever is below, than there ever was. */
  readonly exceeded: readonly string[];
}

export function recount(entries: readonly Entry[], defaults: Readonly<Record<string, ResourceQuota>>): Recounted {
  const agents = entries.filter((entry): entry is Entry & { kind: 'AGENT_SPAWNED'; agent: string } => entry.kind === 'AGENT_SPAWNED').map((birth) => naive(birth, entries, defaults));
  const childrenOf = ({ agent }: Naive): readonly Naive[] => agents.filter(({ parent }) => parent === agent);
  const totalOf = (one: Naive, of: (some: Naive) => number): number => of(one) + childrenOf(one).reduce((sum, child) => sum + totalOf(child, of), 0);
  const countOf = (resource: string) => (one: Naive): number =>
    resource.startsWith('call:') ? callsOf(one.agent, entries).filter(({ data }) => matches(resource.slice(5), data.tool)).length : one.own[NAMES[resource as keyof typeof NAMES]]!;
  const chargedOf = (one: Naive, resource: string): number =>
    countOf(resource)(one) + childrenOf(one).reduce((sum, child) => sum + (resource in child.given && !child.isEnded ? child.given[resource]! * unitOf(resource) : chargedOf(child, resource)), 0);
  const usedOf = (one: Naive, resource: string): number => (resource === 'maxWallMs' ? one.wallMs : chargedOf(one, resource) / unitOf(resource));
  const usage = agents.map((one) => ({
    agent: one.agent,
    own: inMs(one.own) as never,
    total: inMs(Object.fromEntries(Object.keys(one.own).map((name) => [name, totalOf(one, ({ own }) => own[name]!)]))) as never,
    limits: Object.entries(one.limits).map(([resource, limit]) => ({ resource, ...limit, used: usedOf(one, resource) })),
  }));
  const exceeded = agents.flatMap((one) => Object.entries(one.limits).flatMap(([resource, { hard }]) =>
    !MEASURED.has(resource) && (totalOf(one, countOf(resource)) > hard || chargedOf(one, resource) > hard) ? [`${resource} of ${one.agent} at entry ${entries.length - 1}`] : []));
  return { usage, exceeded };
}

function unitOf(resource: string): number {
  return resource === 'maxCpuMs' ? 1_000 : 1;
}

function inMs({ cpuUs = 0, ...own }: Record<string, number>): Record<string, number> {
  return { ...own, cpuMs: cpuUs / 1_000 };
}

function naive({ agent, data, time }: Entry & { kind: 'AGENT_SPAWNED'; agent: string }, entries: readonly Entry[], defaults: Readonly<Record<string, ResourceQuota>>): Naive {
  const { type, parent, quota } = data;
  const limits = Object.entries({ ...defaults[type], ...quota }).map(([name, limit]) => [name, typeof limit === 'number' ? { hard: limit } : { ...limit }] as const);
  const given = parent === null ? [] : Object.entries(quota).map(([name, limit]) => [name, typeof limit === 'number' ? limit : limit.hard] as const);
  const end = entries.find((entry) => entry.agent === agent && (entry.kind === 'AGENT_FAULTED' || entry.kind === 'AGENT_TERMINATED'));
  const counted = ['maxMemoryBytes', 'maxLogBytes'].filter((resource) => isLimited(resource, { agent, entries, defaults }));
  return {
    agent, type, parent,
    isEnded: end !== undefined,
    wallMs: (end ?? entries.at(-1)!).time - time,
    given: Object.fromEntries(given.filter(([name]) => name !== 'maxWallMs')),
    limits: Object.fromEntries(limits),
    own: ownOf(agent, entries, counted),
  };
}

/** Whether anybody who pays for what the agent uses has a limit on it. */
function isLimited(resource: string, { agent, entries, defaults }: { readonly agent: string; readonly entries: readonly Entry[]; readonly defaults: Readonly<Record<string, ResourceQuota>> }): boolean {
  const birth = entries.find((entry): entry is Entry & { kind: 'AGENT_SPAWNED' } => entry.kind === 'AGENT_SPAWNED' && entry.agent === agent)!;
  const { parent, quota, type } = birth.data;
  return resource in quota || resource in (defaults[type] ?? {}) || (parent !== null && isLimited(resource, { agent: parent, entries, defaults }));
}

function ownOf(agent: string, entries: readonly Entry[], counted: readonly string[]): Record<string, number> {
  const calls = callsOf(agent, entries);
  const used = calls.map(({ data }) => usedBy(agent, data, entries));
  const memory = memoryOf(agent, entries);
  const ticks = entries.flatMap((entry) => {
    const { tick, delegation } = entry.data as { tick?: number; delegation?: { tick: number } };
    if (entry.kind === 'AGENT_SPAWNED') return entry.data.parent === agent ? [delegation!.tick] : [];
    return entry.agent === agent && !entry.kind.startsWith('QUOTA_') ? [tick ?? 0] : [];
  });
  const linesOf = entries.filter((entry) => entry.agent === agent).map(({ busSeq, time, kind, data, prev, hash }) => JSON.stringify({ busSeq, time, agent, kind, data, prev, hash }));
  return {
    ticks: Math.max(0, ...ticks),
    toolCalls: calls.length,
    tokens: used.reduce((sum, { tokens = 0 }) => sum + tokens, 0),
    cost: used.reduce((sum, { cost = 0 }) => sum + cost, 0),
    cpuUs: entries.reduce((sum, entry) => sum + (entry.agent === agent && entry.kind === 'TICK_MEASURED' ? entry.data.cpuUs : 0), 0),
    memoryKeys: memory.length,
    memoryBytes: counted.includes('maxMemoryBytes') ? memory.reduce<number>((sum, value) => sum + Buffer.byteLength(JSON.stringify(value)), 0) : 0,
    logBytes: counted.includes('maxLogBytes') ? linesOf.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0) : 0,
    children: entries.filter((entry) => entry.kind === 'AGENT_SPAWNED' && entry.data.parent === agent).length,
  };
}

type Called = Entry & { kind: 'TOOL_CALLED' };

function callsOf(agent: string, entries: readonly Entry[]): readonly Called[] {
  return entries.filter((entry): entry is Called => entry.kind === 'TOOL_CALLED' && entry.agent === agent);
}

function usedBy(agent: string, { tick, call, reserved = {} }: Called['data'], entries: readonly Entry[]): Usage {
  const end = entries.find((entry): entry is Entry & { kind: 'TOOL_RESULT' } => entry.kind === 'TOOL_RESULT' && entry.agent === agent && entry.data.tick === tick && entry.data.call === call);
  return end === undefined ? reserved : { ...reserved, ...end.data.usage };
}

function memoryOf(agent: string, entries: readonly Entry[]): readonly unknown[] {
  const own = new Map<string, unknown>();
  const shared = new Map<string, { readonly by: string | null; readonly value: unknown }>();
  for (const { agent: by, kind, data } of entries) {
    if (kind === 'SHARED_WRITTEN') shared.set(`${data.namespace}/${data.key}`, { by, value: data.value });
    if (by !== agent) continue;
    if (kind === 'MEMORY_SET') own.set(data.key, data.value);
    if (kind === 'MEMORY_DELETED') own.delete(data.key);
  }
  return [...own.values(), ...[...shared.values()].filter((one) => one.by === agent).map(({ value }) => value)];
}
