/** What the rules of elections say of a log, worked out again from nothing but its entries, and without any thought for speed. */
import type { Entry } from '@omnipaw/kernel';

interface Election {
  readonly kind: string;
  readonly term: number;
}

interface Vote {
  readonly term: number;
  readonly slot: string;
  readonly candidate: string;
}

export interface Recount {
  /** By slot and term, the candidates that it has voted for. */
  readonly votes: ReadonlyMap<string, ReadonlySet<string>>;
  /** By term, everybody who had more than half of the slots. */
  readonly leaders: ReadonlyMap<number, ReadonlySet<string>>;
  /** What was done against the rules, in words. */
  readonly violations: readonly string[];
}

/** For a swarm whose first member says which slots vote, and whose members were started once each. */
export function recount(entries: readonly Entry[], swarm: string): Recount {
  const slotOf = new Map(entries.flatMap(({ kind, agent, data }) => (kind === 'AGENT_SPAWNED' && data.metadata['swarm'] === swarm ? [[agent!, data.metadata['slot'] as string] as const] : [])));
  const size = entries.flatMap(({ kind, data }) => (kind === 'AGENT_SPAWNED' && data.metadata['swarm'] === swarm ? [(data.metadata['slots'] as readonly string[]).length] : []))[0]!;
  const votes = new Map<string, Set<string>>();
  const leaders = new Map<number, Set<string>>();
  const offices = new Map<string, number>();
  const violations: string[] = [];
  for (const entry of entries) {
    const vote = voteOf(entry, swarm);
    const isOffice = entry.kind === 'MEMORY_SET' && entry.data.key === `swarm/${swarm}/office`;
    violations.push(...wrongIn(entry, { swarm, offices, leaders }));
    const slot = slotOf.get(entry.agent ?? '');
    if (vote !== undefined && slot !== undefined) cast({ ...vote, slot });
    if (isOffice) take(entry.agent!, (entry.data.value as { readonly term: number }).term);
    if ((entry.kind === 'MEMORY_DELETED' && entry.data.key === `swarm/${swarm}/office`) || entry.kind === 'AGENT_TERMINATED') offices.delete(entry.agent!);
  }
  return { votes, leaders, violations };

  function cast({ term, slot, candidate }: Vote): void {
    const name = `${slot} in ${String(term)}`;
    votes.set(name, (votes.get(name) ?? new Set()).add(candidate));
    const count = [...votes].filter(([key, of]) => key.endsWith(` in ${String(term)}`) && of.has(candidate)).length;
    if (count * 2 > size) leaders.set(term, (leaders.get(term) ?? new Set()).add(candidate));
  }

  function take(agent: string, term: number): void {
    const slot = slotOf.get(agent) ?? 'nobody';
    // Who has voted for another one can be elected by the others.
    if (!votes.has(`${slot} in ${String(term)}`)) cast({ term, slot, candidate: agent });
    if (leaders.get(term)?.has(agent) !== true) violations.push(`${agent} takes the office of term ${String(term)}`);
    offices.set(agent, term);
  }
}

const ACTS: ReadonlySet<string> = new Set(['TOOL_CALLED', 'SHARED_WRITTEN', 'MEMORY_SET', 'AGENT_SPAWNED']);

interface Rules {
  readonly swarm: string;
  readonly offices: ReadonlyMap<string, number>;
  readonly leaders: ReadonlyMap<number, unknown>;
}

function wrongIn(entry: Entry, { swarm, offices, leaders }: Rules): readonly string[] {
  const message = electionIn(entry, swarm);
  const actor = entry.kind === 'AGENT_SPAWNED' ? entry.data.parent : entry.agent;
  const term = offices.get(actor ?? '');
  if (message?.kind === 'beat' && term !== message.term) return [`${actor!} beats in term ${String(message.term)}`];
  const isAct = ACTS.has(entry.kind) || (entry.kind === 'MESSAGE_SENT' && entry.data.channel !== `swarm/${swarm}/election`);
  const newest = Math.max(0, ...leaders.keys());
  const isNewOffice = entry.kind === 'MEMORY_SET' && entry.data.key === `swarm/${swarm}/office` && (entry.data.value as { readonly term: number }).term >= newest;
  return isAct && !isNewOffice && term !== undefined && term < newest ? [`${actor!} acts with the office of term ${String(term)} in term ${String(newest)}`] : [];
}

function electionIn(entry: Entry, swarm: string): Election | undefined {
  return entry.kind === 'MESSAGE_SENT' && entry.data.channel === `swarm/${swarm}/election` ? (entry.data.body as unknown as Election) : undefined;
}

function voteOf(entry: Entry, swarm: string): Omit<Vote, 'slot'> | undefined {
  const message = electionIn(entry, swarm);
  if (message === undefined || entry.kind !== 'MESSAGE_SENT') return undefined;
  if (message.kind === 'vote') return { term: message.term, candidate: entry.data.to };
  return message.kind === 'ask' ? { term: message.term, candidate: entry.agent! } : undefined;
}
