/** The ledger as people read it. */
import type { Account, Counts } from './account.js';
import { unitOf } from './resources.js';

/** What an agent has used, and of what limits. */
export interface AgentUsage {
  readonly agent: string;
  readonly type: string;
  readonly parent: string | null;
  /** By itself. */
  readonly own: UsageCounts;
  /** By itself and all below it. */
  readonly total: UsageCounts;
  readonly limits: readonly LimitUse[];
}

export interface UsageCounts {
  readonly ticks: number;
  readonly toolCalls: number;
  /** What calls have reserved counts until they have said what they used; so it does for `cost`. */
  readonly tokens: number;
  readonly cost: number;
  /** Of ticks that were measured: where the processor is limited. */
  readonly cpuMs: number;
  readonly memoryKeys: number;
  /** Counted where they are limited; so is `logBytes`. */
  readonly memoryBytes: number;
  readonly logBytes: number;
  readonly children: number;
}

export interface LimitUse {
  readonly resource: string;
  readonly hard: number;
  readonly soft?: number;
  /** What counts against it: also what those below have used, and have been given. */
  readonly used: number;
}

/** All agents, in the order in which they came to be; `now` is in milliseconds since the epoch. */
export function reportOf(accounts: readonly Account[], now: number): readonly AgentUsage[] {
  const totals = totalsOf(accounts);
  return accounts.map((account) => ({
    agent: account.agent,
    type: account.type,
    parent: account.parent?.agent ?? null,
    own: countsOf(account.own),
    total: countsOf(totals.get(account)!),
    limits: [...account.cells.values()].map(({ resource, hard, soft, used }) => ({
      resource,
      hard: hard / unitOf(resource),
      ...(soft === Infinity ? {} : { soft: soft / unitOf(resource) }),
      used: resource === 'maxWallMs' ? Math.max(0, (account.endedAt ?? now) - account.bornAt) : used / unitOf(resource),
    })),
  }));
}

/** Who came later is never above who came before. */
function totalsOf(accounts: readonly Account[]): ReadonlyMap<Account, Counts> {
  const totals = new Map(accounts.map((account) => [account, { ...account.own }]));
  for (const account of [...accounts].reverse()) {
    const above = account.parent === undefined ? undefined : totals.get(account.parent);
    if (above !== undefined) for (const [name, amount] of Object.entries(totals.get(account)!) as [keyof Counts, number][]) above[name] += amount;
  }
  return totals;
}

function countsOf({ cpuUs, ...counts }: Counts): UsageCounts {
  return { ...counts, cpuMs: cpuUs / 1_000 };
}
