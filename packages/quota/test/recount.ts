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

/** A tool may use more than it reserved; but it is not called any more then. */
const SPENT: ReadonlySet<string> = new Set(['maxTokens', 'maxCost']);

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
    resource.startsWith('call:') ? callsOf(one.agent, entries).filter(({ tool }) => matches(resource.slice(5), tool)).length : one.own[NAMES[resource as keyof typeof NAMES]]!;
  const chargedOf = (one: Naive, resource: string): number =>
    countOf(resource)(one) + childrenOf(one).reduce((sum, child) => sum + (resource in child.given && !child.isEnded ? child.given[resource]! * unitOf(resource) : chargedOf(child, resource)), 0);
  const usedOf = (one: Naive, resource: string): number => (resource === 'maxWallMs' ? one.wallMs : chargedOf(one, resource) / unitOf(resource));
  const usage = agents.map((one) => ({
    agent: one.agent,
    own: inMs(one.own) as never,
    total: inMs(Object.fromEntries(Object.keys(one.own).map((name) => [name, totalOf(one, ({ own }) => own[name]!)]))) as never,
    limits: Object.entries(one.limits).map(([resource, limit]) => ({ resource, ...limit, used: usedOf(one, resource) })),
  }));
  const last = entries.at(-1)!;
  const payers = last.kind === 'TOOL_CALLED' ? agents.filter(({ agent }) => agent === last.agent) : [];
  const exceeded = agents.flatMap((one) => Object.entries(one.limits).flatMap(([resource, { hard }]) =>
    !MEASURED.has(resource) && (!SPENT.has(resource) || payers.includes(one)) && (totalOf(one, countOf(resource)) > hard || chargedOf(one, resource) > hard) ? [`${resource} of ${one.agent} at entry ${entries.length - 1}`] : []));
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
  const used = [...calls.map((call) => usedBy(call)), ...entries.flatMap((entry) => saidWithout(calls, agent, entry))];
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

interface Called {
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly tool: string;
  readonly reserved: Usage | undefined;
  /** Where it begins to count, and what comes of it. */
  readonly after: readonly Entry[];
}

/** Calls that were made, and those that wait for it, if rates know of them. */
function callsOf(agent: string, entries: readonly Entry[]): readonly Called[] {
  const calls: Called[] = [];
  entries.forEach((entry, index) => {
    if (entry.agent !== agent) return;
    const after = entries.slice(index + 1);
    const { tick, call } = entry.data as { readonly tick: number; readonly call: number };
    if (entry.kind === 'TOOL_CALLED') calls.push({ agent, tick, call, tool: entry.data.tool, reserved: entry.data.reserved, after });
    const isOver = (later: Entry): boolean => later.agent === agent && (ENDS.has(later.kind) || (OF_WAITING.has(later.kind) && isOf({ agent, tick, call }, later)));
    if (entry.kind === 'DELAY_STARTED' && !after.some(isOver)) calls.push({ agent, tick, call, tool: entry.data.instruction.tool, reserved: entry.data.reserved, after });
  });
  return calls;
}

const ENDS: ReadonlySet<string> = new Set(['AGENT_FAULTED', 'AGENT_TERMINATED']);
const OF_WAITING: ReadonlySet<string> = new Set(['TOOL_CALLED', 'CALL_SETTLED', 'DELAY_STARTED']);

function isOf({ agent, tick, call }: Pick<Called, 'agent' | 'tick' | 'call'>, entry: Entry): boolean {
  const data = entry.data as { readonly tick?: number; readonly call?: number };
  return entry.agent === agent && data.tick === tick && data.call === call;
}

function usageIn(entry: Entry): Usage {
  return (entry.data as { readonly usage?: Usage }).usage ?? {};
}

/** What was said; all that was reserved while nothing else is known, or if one attempt of all left it unsaid. */
function usedBy(called: Called): Usage {
  const { reserved, after, agent } = called;
  if (reserved === undefined) return {};
  const said = after.filter((entry) => isOf(called, entry));
  const attempts = said.filter(({ kind }) => kind === 'TOOL_RETRIED' || kind === 'TOOL_RESULT');
  const isTold = attempts.some(({ kind }) => kind === 'TOOL_RESULT');
  const isEnded = after.some((entry) => entry.agent === agent && ENDS.has(entry.kind));
  const isCut = after.some((entry, index) => (entry.kind === 'KERNEL_STARTED' || (entry.agent === agent && ENDS.has(entry.kind))) && isUnderWay(called, after.slice(0, index)));
  const of = (name: keyof Usage): number => {
    const sum = said.reduce((before, entry) => before + (usageIn(entry)[name] ?? 0), 0);
    const isUnsaid = isCut || attempts.some((entry) => usageIn(entry)[name] === undefined || JSON.stringify(entry.data).includes('TOOL_TIMEOUT'));
    return (isTold || isEnded) && !isUnsaid ? sum : Math.max(sum, reserved[name] ?? 0);
  };
  return { tokens: of('tokens'), cost: of('cost') };
}

function isUnderWay(called: Called, after: readonly Entry[]): boolean {
  const last = after.filter((entry) => isOf(called, entry) && entry.kind !== 'STALE_RESULT').at(-1);
  return last === undefined || last.kind === 'TOOL_ATTEMPTED';
}

function saidWithout(calls: readonly Called[], agent: string, entry: Entry): readonly Usage[] {
  return calls.some((called) => called.reserved === undefined && isOf(called, entry)) ? [usageIn(entry)] : [];
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
