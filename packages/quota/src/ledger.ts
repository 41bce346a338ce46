import type { Entry, EntryCatalogue, Projection, Quota } from '@omnipaw/kernel';
import { Account, ownOf } from './account.js';
import { lineBytes, valueBytes } from './bytes.js';
import type {} from './entries.js';
import { assertKnown, assertNames, assertTool } from './options.js';
import { Rates, type RatedCall, type RateLimit } from './rates.js';
import { reportOf, type AgentUsage } from './report.js';
import { assertQuota, isCallPattern, limitsOf, unitOf, type Limit, type ResourceQuota } from './resources.js';
import { afterAttempt, afterCut, countOf, difference, openCall, withSaid, type Amounts, type OpenCall } from './usage.js';

export interface LedgerOptions {
  /** By type of agent, what holds for those of it that were not given another limit of that name. */
  readonly defaults?: Readonly<Record<string, ResourceQuota>>;
  /** By type or id of an agent, what holds instead of what it was given: to ask a log what it would have met. */
  readonly instead?: Readonly<Record<string, ResourceQuota>>;
  readonly rates?: readonly RateLimit[];
}

interface SavedLedger {
  readonly now: number;
  readonly accounts: readonly SavedAccount[];
  readonly rates: ReturnType<Rates['save']>;
}

interface SavedAccount extends Pick<Account, 'agent' | 'type' | 'bornAt' | 'endedAt' | 'isStopped' | 'isTimed' | 'own'> {
  readonly parent: string | null;
  readonly quota: Quota;
  readonly memory: readonly (readonly [key: string, bytes: number])[];
  readonly calls: readonly (readonly [key: string, call: OpenCall])[];
  readonly parked: readonly (readonly [key: string, call: RatedCall])[];
  readonly cells: readonly (readonly [resource: string, used: number, isWarned: boolean])[];
}

/**
 * Who has used what: a fold over the log, and nothing else.
 *
 * What is in it follows from entries alone, so it is the same in a replay, after a crash, and in a fork.
 */
export class ResourceLedger implements Projection {
  readonly rates: Rates;
  readonly #options: LedgerOptions;
  readonly #accounts = new Map<string, Account>();
  /** By agent, what it was given at its spawn. */
  readonly #quotas = new Map<string, Quota>();
  /** Who wrote a value of shared memory last. */
  readonly #shared = new Map<string, Account>();
  /** What kernels had that wrote the log: types of agents, and tools. */
  readonly #types = new Set<string>();
  readonly #tools = new Set<string>();
  #now = 0;

  /** Throws `QUOTA_INVALID` for a quota that is none, and a TypeError for a rate or an option that is none. */
  constructor(options: LedgerOptions = {}) {
    assertNames(options, { what: 'quotas', known: ['defaults', 'instead', 'rates'] });
    // A copy: limits never change.
    this.#options = structuredClone(options);
    const { defaults = {}, instead = {}, rates = [] } = this.#options;
    for (const limits of [...Object.values(defaults), ...Object.values(instead)]) assertQuota(limits);
    this.rates = new Rates(rates);
  }

  /** The recorded time of the last entry, milliseconds since the epoch; it can go back: a fork's header is younger than what follows. */
  get now(): number {
    return this.#now;
  }

  /** Undefined for an agent that was never spawned. */
  account(agent: string): Account | undefined {
    return this.#accounts.get(agent);
  }

  /** Throws for limits that are for an agent, a type or a tool that the log does not have: `AGENT_NOT_FOUND`, `TOOL_NOT_REGISTERED`. */
  assertSeen(): void {
    const { defaults = {}, instead = {}, rates = [] } = this.#options;
    const ids = [...this.#accounts.keys()];
    for (const name of Object.keys(defaults)) assertKnown(name, [...this.#types]);
    for (const name of Object.keys(instead)) assertKnown(name, [...this.#types, ...ids]);
    const limits = [...Object.values(defaults), ...Object.values(instead)].flatMap((quota) => Object.keys(quota)).filter(isCallPattern);
    for (const pattern of [...limits.map((name) => name.slice('call:'.length)), ...rates.flatMap(({ tool }) => tool ?? [])]) assertTool(pattern, [...this.#tools]);
  }

  /** Who wrote a value of shared memory last. */
  writerOf(key: string): Account | undefined {
    return this.#shared.get(key);
  }

  /** The limits of an agent about to be spawned, or on record. */
  limitsFor({ agent, type, quota }: { readonly agent: string; readonly type: string; readonly quota: Quota }): { readonly limits: ReadonlyMap<string, Limit>; readonly carved: ReadonlySet<string> } {
    const { defaults = {}, instead = {} } = this.#options;
    const replaced = { ...ownOf(instead, type), ...ownOf(instead, agent) };
    const carved = [...limitsOf(quota).keys()].filter((name) => name !== 'maxWallMs' && !Object.hasOwn(replaced, name));
    return { limits: limitsOf({ ...ownOf(defaults, type), ...quota, ...replaced }), carved: new Set(carved) };
  }

  /** What an agent has used; undefined for one that was never spawned. */
  of(agent: string): AgentUsage | undefined {
    return this.all().find((usage) => usage.agent === agent);
  }

  /** Every agent that ever was, in the order in which they came to be. */
  all(): readonly AgentUsage[] {
    return reportOf([...this.#accounts.values()], this.#now);
  }

  save(): SavedLedger {
    const accounts = [...this.#accounts.values()].map((account): SavedAccount => {
      const { agent, type, parent, bornAt, endedAt, own, memory, calls, parked, cells, isStopped, isTimed } = account;
      return {
        agent, type, bornAt, endedAt, isStopped, isTimed, own,
        parent: parent?.agent ?? null,
        quota: this.#quotas.get(agent) ?? {},
        memory: [...memory],
        calls: [...calls],
        parked: [...parked],
        cells: [...cells.values()].map(({ resource, used, isWarned }) => [resource, used, isWarned]),
      };
    });
    return { now: this.#now, accounts, rates: this.rates.save() };
  }

  load({ now, accounts, rates }: SavedLedger): void {
    this.#now = now;
    for (const { quota, own, memory, calls, parked, cells, endedAt, isStopped, isTimed, ...born } of accounts) {
      const account = this.#open(born, quota);
      Object.assign(account.own, own);
      Object.assign(account, { endedAt, isStopped, isTimed });
      for (const [key, bytes] of memory) account.memory.set(key, bytes);
      for (const [key, call] of calls) account.calls.set(key, call);
      for (const [key, call] of parked) account.parked.set(key, call);
      for (const [resource, used, isWarned] of cells) Object.assign(account.cells.get(resource) ?? {}, { used, isWarned });
      for (const key of account.memory.keys()) if (key.startsWith(SHARED)) this.#shared.set(key, account);
    }
    this.rates.load(rates);
  }

  apply(entry: Entry): void {
    this.#now = entry.time;
    if (entry.kind === 'LOG_OPENED' || entry.kind === 'KERNEL_STARTED') this.#started(entry.data);
    if (entry.agent === null) return;
    if (entry.kind === 'AGENT_SPAWNED') this.#spawned(entry.agent, entry.data, entry.time);
    const account = this.#accounts.get(entry.agent);
    if (account === undefined) return;
    this.#countTick(account, entry);
    if (account.payers.maxLogBytes.length > 0) account.use('logBytes', lineBytes(entry));
    this.#fold(account, entry);
  }

  #started({ programs, tools }: EntryCatalogue['KERNEL_STARTED']): void {
    for (const type of Object.keys(programs)) this.#types.add(type);
    for (const tool of Object.keys(tools)) this.#tools.add(tool);
    for (const account of this.#accounts.values()) this.#restarted(account);
  }

  #fold(account: Account, entry: Entry): void {
    switch (entry.kind) {
      case 'MEMORY_SET':
        this.#remember(account, ownKey(entry.data.key), entry.data.value);
        break;
      case 'MEMORY_DELETED':
        forget(account, ownKey(entry.data.key));
        break;
      case 'SHARED_WRITTEN':
        this.#share(account, entry.data);
        break;
      case 'TICK_MEASURED':
        account.isStopped = entry.data.stopped === true;
        account.use('cpuUs', entry.data.cpuUs);
        break;
      case 'AGENT_FAULTED':
      case 'AGENT_TERMINATED':
        this.#end(account);
        break;
      case 'QUOTA_WARNED':
        this.#warned(entry.data);
        break;
      case 'QUOTA_DEADLINE_SET':
        account.isTimed = true;
        break;
      default:
        this.#foldCall(account, entry);
    }
  }

  #foldCall(account: Account, entry: Entry): void {
    switch (entry.kind) {
      case 'TOOL_CALLED':
        this.#called(account, entry.data);
        break;
      case 'TOOL_ATTEMPTED':
        this.#said(account, entry.data, (open) => ({ ...open, isUnderWay: true }));
        break;
      case 'TOOL_RETRIED':
        this.#said(account, entry.data, (open) => afterAttempt(open, entry.data));
        break;
      case 'TOOL_RESULT':
        this.#said(account, entry.data, (open) => ({ ...afterAttempt(open, entry.data), isSettled: true }));
        break;
      case 'STALE_RESULT':
        this.#said(account, entry.data, (open) => ({ ...withSaid(open, entry.data), lateCount: open.lateCount - 1 }));
        break;
      case 'DELAY_STARTED':
        this.#park(account, entry.data);
        break;
      case 'CALL_SETTLED':
        this.#unpark(account, callKey(entry.data.tick, entry.data.call));
        break;
      default:
    }
  }

  #spawned(agent: string, { type, parent, quota, delegation }: EntryCatalogue['AGENT_SPAWNED'], bornAt: number): void {
    const account = this.#open({ agent, type, parent, bornAt }, quota);
    const above = account.parent;
    if (above === undefined) return;
    if (delegation !== undefined && delegation.tick > above.own.ticks) above.tickTo(delegation.tick);
    above.use('children', 1);
    for (const { isCarved, resource, hard } of account.cells.values()) if (isCarved) above.charge(resource, hard);
  }

  #open({ agent, type, parent, bornAt }: { readonly agent: string; readonly type: string; readonly parent: string | null; readonly bornAt: number }, quota: Quota): Account {
    const above = parent === null ? undefined : this.#accounts.get(parent);
    const account = new Account({ agent, type, bornAt, parent: above, ...this.limitsFor({ agent, type, quota }) });
    this.#accounts.set(agent, account);
    if (Object.keys(quota).length > 0) this.#quotas.set(agent, quota);
    return account;
  }

  /** Whatever a tick does says which one it is; numbers of ticks have no gaps. */
  #countTick(account: Account, { kind, data }: Entry): void {
    const { tick } = data as { readonly tick?: number };
    if (tick !== undefined && tick > account.own.ticks && OF_TICKS.has(kind)) account.tickTo(tick);
  }

  #called(account: Account, { tick, call, tool, reserved }: EntryCatalogue['TOOL_CALLED']): void {
    // Most calls: there is nothing to keep of them.
    if (reserved === undefined && this.rates.isEmpty && account.parked.size === 0) {
      account.countCall(tool, 1);
      return;
    }
    const key = callKey(tick, call);
    // Who has waited has taken its turn then.
    if (!account.parked.delete(key)) this.#take(account, key, { agent: account.agent, tool, reserved });
    const open = account.calls.get(key);
    if (open !== undefined) account.calls.set(key, { ...open, isUnderWay: true });
  }

  /** It takes its turn of every rate, and its part of every limit, so that who comes later waits behind it. */
  #park(account: Account, { tick, call, instruction: { tool }, reserved }: EntryCatalogue['DELAY_STARTED']): void {
    const key = callKey(tick, call);
    if (this.rates.isEmpty || account.parked.has(key)) return;
    const rated = { agent: account.agent, tool, reserved };
    account.parked.set(key, rated);
    this.#take(account, key, rated);
  }

  #take(account: Account, key: string, rated: RatedCall): void {
    account.countCall(rated.tool, 1);
    this.rates.take(rated, this.#now);
    if (rated.reserved === undefined) return;
    const open = openCall(rated);
    account.calls.set(key, open);
    chargeUsage(account, countOf(open));
  }

  /** It waited, and nothing came of it. */
  #unpark(account: Account, key: string): void {
    const rated = account.parked.get(key);
    if (rated === undefined) return;
    account.parked.delete(key);
    account.countCall(rated.tool, -1);
    this.rates.giveBack(rated, this.#now);
    const open = account.calls.get(key);
    if (open === undefined) return;
    account.calls.delete(key);
    chargeUsage(account, difference(NOTHING, countOf(open)));
  }

  /** What is said of a call; one that reserved nothing has used what it says. */
  #said(account: Account, { tick, call, tool, usage }: Pick<EntryCatalogue['TOOL_RESULT'], 'tick' | 'call' | 'tool' | 'usage'>, change: (open: OpenCall) => OpenCall): void {
    // Most calls: nothing was reserved, and nothing is said of what was used.
    if (usage === undefined && account.calls.size === 0) return;
    const key = callKey(tick, call);
    const before = account.calls.get(key) ?? openCall({ agent: account.agent, tool, reserved: undefined });
    this.#change(account, key, { before, after: change(before) });
  }

  /** Counts what is known now of a call, instead of what was known before. */
  #change(account: Account, key: string, { before, after }: { readonly before: OpenCall; readonly after: OpenCall }): void {
    const more = difference(countOf(after), countOf(before));
    chargeUsage(account, more);
    this.rates.giveBackTokens(after, -more.tokens, this.#now);
    if (account.endedAt !== undefined) this.rates.forget(account.agent);
    if (before.reserved === undefined) return;
    if (after.isSettled && after.lateCount === 0) account.calls.delete(key);
    else account.calls.set(key, after);
  }

  /** What an earlier kernel had under way was cut off: nobody knows what it used, and nobody will say. */
  #restarted({ calls }: Account): void {
    for (const [key, open] of calls) {
      if (open.isSettled) calls.delete(key);
      else calls.set(key, { ...afterCut(open), lateCount: 0 });
    }
  }

  #remember(account: Account, key: string, value: unknown): void {
    const { keys, bytes } = memoryDelta(account, key, value);
    account.use('memoryKeys', keys);
    account.use('memoryBytes', bytes);
    account.memory.set(key, (account.memory.get(key) ?? 0) + bytes);
  }

  /** A value of shared memory is that of who wrote it last. */
  #share(account: Account, { namespace, key, value }: EntryCatalogue['SHARED_WRITTEN']): void {
    const name = sharedKey(namespace, key);
    const before = this.#shared.get(name);
    if (before !== undefined && before !== account) forget(before, name);
    this.#shared.set(name, account);
    this.#remember(account, name, value);
  }

  #end(account: Account): void {
    if (account.endedAt !== undefined) return;
    for (const key of account.parked.keys()) this.#unpark(account, key);
    account.close(this.#now);
    for (const [key, before] of account.calls) {
      const { isSettled, isUnderWay, lateCount } = before;
      if (!isSettled) this.#change(account, key, { before, after: { ...afterCut(before), isSettled: true, lateCount: lateCount + Number(isUnderWay) } });
    }
    this.rates.forget(account.agent);
  }

  /** A warning of another limit, which held then, is none of this one. */
  #warned({ who, resource, soft }: EntryCatalogue['QUOTA_WARNED']): void {
    const cell = this.#accounts.get(who)?.cells.get(resource);
    if (cell?.soft === soft * unitOf(resource)) cell.isWarned = true;
  }
}

const NOTHING: Amounts = { tokens: 0, cost: 0 };

function chargeUsage(account: Account, { tokens, cost }: Amounts): void {
  account.use('tokens', tokens);
  account.use('cost', cost);
}

const SHARED = 'shared\n';

/** As which a value of shared memory stands among what an agent remembers. */
export function sharedKey(namespace: string, key: string): string {
  return `${SHARED}${namespace}\n${key}`;
}

/** As which a value of its own memory does. */
export function ownKey(key: string): string {
  return `own\n${key}`;
}

/** The name of a call among those of its agent. */
export function callKey(tick: number, call: number): string {
  return `${tick}/${call}`;
}

/** The keys and bytes that a value in memory adds to what an agent has there. */
export function memoryDelta(account: Account, key: string, value: unknown): { readonly keys: number; readonly bytes: number } {
  const before = account.memory.get(key);
  const bytes = account.payers.maxMemoryBytes.length === 0 ? 0 : valueBytes(value);
  return { keys: before === undefined ? 1 : 0, bytes: bytes - (before ?? 0) };
}

function forget(account: Account, key: string): void {
  const bytes = account.memory.get(key);
  if (bytes === undefined) return;
  account.memory.delete(key);
  account.use('memoryKeys', -1);
  account.use('memoryBytes', -bytes);
}

/** The entries that ticks make, each of which says its number. */
const OF_TICKS: ReadonlySet<string> = new Set([
  'AGENT_COMPLETED', 'AGENT_CONTINUED', 'AGENT_FAULTED', 'APPROVAL_REQUESTED', 'DELAY_STARTED', 'DELEGATION_RESULT', 'JOIN_STARTED',
  'MEMORY_DELETED', 'MEMORY_SET', 'MESSAGE_RECEIVED', 'MESSAGE_SENT', 'RECEIVE_STARTED', 'REFUSED', 'SCRATCH_CHECKPOINTED', 'SHARED_READ',
  'SHARED_WRITTEN', 'SLEEP_STARTED', 'TICK_MEASURED', 'TOOL_CALLED', 'VERSION_CHOSEN',
]);
