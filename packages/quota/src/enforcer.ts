import { OmniError, type EntryCatalogue, type Guard, type GuardRecord, type GuardVerdict, type NoteVerdict, type Proposal, type Quota, type TickAsked, type TickVerdict } from '@omnipaw/kernel';
import type { Account, Cell } from './account.js';
import { proposalBytes } from './bytes.js';
import { callKey, memoryDelta, ownKey, sharedKey, type ResourceLedger } from './ledger.js';
import type { TooSoon } from './rates.js';
import { assertQuota } from './resources.js';
import { excessOf, judge, judgeMeasured, warningOf, type Asker, type Judgement } from './verdicts.js';

type Spawn = EntryCatalogue['AGENT_SPAWNED'];

/**
 * Holds agents to their quotas, by what the ledger says and nothing else.
 *
 * 1. What can be counted is refused before it happens: nothing goes beyond a hard limit.
 * 2. What can only be measured (the processor, time, the log) is judged by what was recorded, before the next tick and at deadlines.
 * 3. A hard limit faults who asks, whose ever limit it is; only for a child to be given more than is left is refused and no more.
 */
export class QuotaEnforcer implements Guard {
  readonly #ledger: ResourceLedger;

  constructor(ledger: ResourceLedger) {
    this.#ledger = ledger;
  }

  assertQuota(quota: Quota): void {
    assertQuota(quota);
  }

  review(proposal: Proposal): GuardVerdict | undefined {
    const actor = proposal.kind === 'AGENT_SPAWNED' ? proposal.data.parent : proposal.agent;
    const account = actor === null ? undefined : this.#ledger.account(actor);
    if (account === undefined) return undefined;
    const judgement = this.#judge(proposal, account);
    const verdict = judgement === undefined ? undefined : verdictOf(judgement, { agent: account.agent, tick: tickOf(proposal) });
    if (verdict?.verdict === 'fault') return verdict;
    const records = verdict?.record === undefined ? {} : { record: verdict.record };
    if (proposal.kind === 'TOOL_CALLED') return this.#paced(account, proposal.data, records) ?? verdict;
    const excess = proposal.kind === 'AGENT_SPAWNED' ? this.#overGiven(proposal.agent ?? '', proposal.data, account) : undefined;
    return excess === undefined ? verdict : { verdict: 'refuse', ...records, error: excess };
  }

  reviewNote(proposal: Proposal): NoteVerdict | undefined {
    const account = proposal.agent === null ? undefined : this.#ledger.account(proposal.agent);
    const judgement = account === undefined ? undefined : judgeLog(account, proposal);
    return judgement === undefined ? undefined : verdictOf(judgement, { agent: account!.agent, tick: tickOf(proposal) });
  }

  reviewTick({ agent, tick, now }: TickAsked): TickVerdict | undefined {
    const account = this.#ledger.account(agent);
    if (account === undefined) return undefined;
    const { maxTicks, maxCpuMs, maxLogBytes, maxWallMs } = account.payers;
    let judgement = judge(maxTicks, 1);
    if (maxCpuMs.length + maxLogBytes.length + maxWallMs.length === 0 && judgement === undefined) return undefined;
    const leftUs = Math.min(...maxCpuMs.map(({ hard, used }) => hard - used));
    // A program that had to be ended has used all that was left, whatever the clock says.
    judgement = judgeMeasured(maxCpuMs, ({ used, hard }) => (account.isStopped && hard - used === leftUs ? Math.max(used, hard) : used), judgement);
    judgement = judgeMeasured(maxLogBytes, ({ used }) => used, judgement);
    judgement = judgeMeasured(maxWallMs.filter(({ owner }) => owner === account), () => now - account.bornAt, judgement);
    const verdict = judgement === undefined ? undefined : verdictOf(judgement, { agent, tick });
    if (verdict?.verdict === 'fault') return verdict;
    const records = [...(verdict === undefined ? [] : [verdict.record].flat()), ...deadlinesOf(account, tick)];
    if (maxCpuMs.length === 0) return records.length === 0 ? undefined : { verdict: 'warn', record: records };
    return { verdict: 'measure', record: records, limitMs: Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(leftUs / 1_000)) };
  }

  /** The limits that a proposal meets, before it is one more that counts. */
  #judge(proposal: Proposal, account: Account): Judgement | undefined {
    const { payers } = account;
    const judgement = judgeLog(account, proposal);
    switch (proposal.kind) {
      case 'TOOL_CALLED':
        return judgeCall(account, proposal.data, judgement);
      case 'MEMORY_SET':
        return judgeMemory(account, { key: ownKey(proposal.data.key), value: proposal.data.value }, judgement);
      case 'SHARED_WRITTEN':
        return this.#judgeShared(account, proposal.data, judgement);
      case 'AGENT_SPAWNED':
        return judge(payers.maxChildren, 1, judgement);
      default:
        return judgement;
    }
  }

  /** Who wrote the value last has it no more: where both count in the same limit, one of them does. */
  #judgeShared(account: Account, { namespace, key: name, value }: EntryCatalogue['SHARED_WRITTEN'], before: Judgement | undefined): Judgement | undefined {
    const key = sharedKey(namespace, name);
    const writer = this.#ledger.writerOf(key);
    return judgeMemory(account, { key, value, ...(writer === undefined || writer === account ? {} : { writer }) }, before);
  }

  /** A call that comes too soon waits its turn, or is refused; one that has waited comes in time. */
  #paced(account: Account, { tick, call, tool, reserved }: EntryCatalogue['TOOL_CALLED'], records: { readonly record?: GuardVerdict['record'] & object }): GuardVerdict | undefined {
    const { rates, now } = this.#ledger;
    if (rates.isEmpty || account.parked.has(callKey(tick, call))) return undefined;
    const tooSoon = rates.tooSoon({ agent: account.agent, tool, reserved }, now);
    if (tooSoon.length === 0) return undefined;
    const refused = tooSoon.find(({ rate, waitMs }) => rate.over === 'refuse' || waitMs === Infinity);
    if (refused !== undefined) return { verdict: 'refuse', ...records, error: rateLimited(tool, refused, now) };
    return { verdict: 'delay', ...records, untilMs: now + Math.max(...tooSoon.map(({ waitMs }) => waitMs)) };
  }

  /** What a child was to be given beyond what is left. */
  #overGiven(child: string, { type, quota, delegation }: Spawn, parent: Account): OmniError | undefined {
    const { limits, carved } = this.#ledger.limitsFor({ agent: child, type, quota });
    // The child itself counts as well, and so does the tick, if this is the first that is recorded of it.
    const byTheWay: Readonly<Record<string, number>> = { maxChildren: 1, maxTicks: Math.max(0, (delegation?.tick ?? 0) - parent.own.ticks) };
    for (const name of carved) {
      const { hard } = limits.get(name)!;
      const asked = hard + (byTheWay[name] ?? 0);
      const short = parent.payersOf(name).find((cell) => cell.used + asked > cell.hard);
      if (short === undefined) continue;
      const left = short.hard - short.used;
      const message = `Agent "${parent.agent}" tried to give a child more than is left: ${name} ${String(hard)}, and there are ${String(left)} left of the ${String(short.hard)} of agent "${short.owner.agent}". Give it less.`;
      return new OmniError('PRIVILEGE_ESCALATION_ATTEMPT', message, { details: { resource: name, who: short.owner.agent, asked: hard, left, limit: short.hard } });
    }
    return undefined;
  }
}

function tickOf({ kind, data }: Proposal): number {
  return kind === 'AGENT_SPAWNED' ? (data.delegation?.tick ?? 0) : ((data as { readonly tick?: number }).tick ?? 0);
}

/** A fault with its record, or warnings, which come first in any case. */
function verdictOf({ exceeded, warned }: Judgement, asker: Asker): NoteVerdict | undefined {
  const warnings: readonly GuardRecord[] = warned.map((meeting) => warningOf(meeting, asker));
  if (exceeded === undefined) return warnings.length === 0 ? undefined : { verdict: 'warn', record: warnings };
  const { record, error } = excessOf(exceeded, asker);
  return { verdict: 'fault', record: [...warnings, record], error };
}

function judgeLog({ payers: { maxLogBytes } }: Account, proposal: Proposal): Judgement | undefined {
  if (maxLogBytes.length === 0) return undefined;
  // A choice is in the log already.
  return proposal.kind === 'VERSION_CHOSEN' ? judgeMeasured(maxLogBytes, ({ used }) => used) : judge(maxLogBytes, proposalBytes(proposal));
}

/** Where more was used than was reserved, nothing is left: not for a call that reserves nothing, either. One that has waited counts already. */
function judgeCall(account: Account, { tick, call, tool, reserved }: EntryCatalogue['TOOL_CALLED'], before: Judgement | undefined): Judgement | undefined {
  const { maxTokens, maxCost } = account.payers;
  const isNew = !account.parked.has(callKey(tick, call));
  const { tokens = 0, cost = 0 } = (isNew ? reserved : undefined) ?? {};
  return judge(maxCost, cost, judge(maxTokens, tokens, judge(account.callPayers(tool), isNew ? 1 : 0, before)));
}

interface Write {
  readonly key: string;
  readonly value: unknown;
  /** Somebody else, whose value it was. */
  readonly writer?: Account;
}

function judgeMemory(account: Account, { key, value, writer }: Write, before: Judgement | undefined): Judgement | undefined {
  const { keys, bytes } = memoryDelta(account, key, value);
  const judgement = judgeMore(account.payers.maxMemoryKeys, { more: keys, less: 1, of: writer?.countedIn('maxMemoryKeys') }, before);
  return judgeMore(account.payers.maxMemoryBytes, { more: bytes, less: writer?.memory.get(key) ?? 0, of: writer?.countedIn('maxMemoryBytes') }, judgement);
}

/** Asks limits for more, of which some get something back for it; to need no more than before is never too much. */
function judgeMore(cells: readonly Cell[], { more, less, of = [] }: { readonly more: number; readonly less: number; readonly of: readonly Cell[] | undefined }, before: Judgement | undefined): Judgement | undefined {
  let judgement = before;
  for (const cell of cells) {
    const amount = of.includes(cell) ? more - less : more;
    if (amount > 0) judgement = judge([cell], amount, judgement);
  }
  return judgement;
}

/** For an agent whose time is limited, before its first tick: when to ask again whether it is up. */
function deadlinesOf({ cells, bornAt, isTimed }: Account, tick: number): readonly GuardRecord[] {
  const wall = cells.get('maxWallMs');
  if (wall === undefined || isTimed) return [];
  const ends = [wall.soft + 1, wall.hard].map((afterMs) => bornAt + afterMs);
  // What no number can say never comes.
  return ends.filter(Number.isSafeInteger).map((deadline) => ({ kind: 'QUOTA_DEADLINE_SET', data: { tick: tick + 1, deadline } }));
}

function rateLimited(tool: string, { rate, waitMs }: TooSoon, now: number): OmniError {
  const { per, everyMs, calls, tokens } = rate;
  const amount = calls === undefined ? `${String(tokens)} tokens` : `${String(calls)} calls`;
  const advice = waitMs === Infinity ? 'It reserves more than that rate ever lets through at once.' : `Try again in ${String(waitMs)} ms.`;
  const message = `The call of tool "${tool}" comes too soon: ${amount} in ${String(everyMs)} ms are allowed per ${per}. ${advice}`;
  return new OmniError('RATE_LIMITED', message, { failureClass: 'TRANSIENT', details: { tool, per, everyMs, ...(waitMs === Infinity ? {} : { retryAt: now + waitMs }) } });
}
