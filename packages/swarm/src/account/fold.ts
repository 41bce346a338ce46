import type { Entry, EntryCatalogue, Json, Message, Projection } from '@omnipaw/kernel';
import { endingIn, startedBy, type Ending, type Failure } from '../crew/index.js';
import { channelOf, namespaceOf } from '../names.js';
import { outgoingIn, remoteAddressOf, unwrap } from '../remote/index.js';
import type { MemberAccount, SwarmAccount, SwarmProgress } from './account.js';
import { Leases } from './leases.js';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

interface Swarm {
  readonly id: string;
  readonly leases: Leases;
  readonly members: Mutable<MemberAccount>[];
  /** Who sits where. */
  readonly slots: Map<string, MemberAccount>;
  readonly messages: Map<string, number>;
  /** Who was told to start members elsewhere. */
  readonly stewards: Set<string>;
  strategy: string | null;
  restarts: number;
  elections: number;
}

interface Seated {
  readonly swarm: Swarm;
  readonly account: Mutable<MemberAccount>;
}

/** The slot of who coordinates a swarm that has its name. */
export const COORDINATOR = 'coordinator';

/**
 * The accounts of all swarms in a log: a fold over its entries, and nothing else.
 *
 * Who belongs to a swarm stands in the metadata with which it was started, or in what the steward of another node was told; of
 * who is elsewhere the log has what was said, and not what was done.
 */
export class SwarmAccounts implements Projection {
  readonly #swarms = new Map<string, Swarm>();
  readonly #seated = new Map<string, Seated>();
  readonly #onChange: (progress: SwarmProgress) => void;

  constructor(onChange: (progress: SwarmProgress) => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** Undefined for a swarm of which the log has nothing. */
  of(swarm: string): SwarmAccount | undefined {
    const found = this.#swarms.get(swarm);
    return found === undefined ? undefined : accountOf(found);
  }

  /** In the order in which they came to be. */
  all(): readonly SwarmAccount[] {
    return [...this.#swarms.values()].map(accountOf);
  }

  apply(entry: Entry): void {
    const { agent } = entry;
    if (agent === null) return;
    if (entry.kind === 'AGENT_SPAWNED') this.#spawned(agent, entry);
    const seated = this.#seated.get(agent);
    if (seated === undefined) return;
    const { tick } = entry.data as { readonly tick?: number };
    if (tick !== undefined && tick > seated.account.ticks) seated.account.ticks = tick;
    this.#fold(seated, entry);
  }

  #fold(seated: Seated, entry: Entry): void {
    const { swarm, account } = seated;
    switch (entry.kind) {
      case 'MESSAGE_SENT':
        this.#sent(seated, entry.data, entry.busSeq);
        break;
      case 'TOOL_CALLED':
        this.#called(seated, entry.data, entry.busSeq);
        break;
      case 'MESSAGE_RECEIVED':
        this.#received(seated, entry);
        break;
      case 'SHARED_WRITTEN':
        if (isHub(seated)) this.#written(swarm, entry);
        break;
      case 'MEMORY_SET':
        if (entry.data.key === `swarm/${swarm.id}/office`) swarm.elections++;
        break;
      default:
        foldCall(account, entry);
        this.#foldEnd(seated, entry);
    }
  }

  #foldEnd({ swarm, account }: Seated, entry: Entry): void {
    switch (entry.kind) {
      case 'AGENT_COMPLETED':
        account.state = 'completed';
        break;
      case 'AGENT_FAULTED':
        if (account.state !== 'running') break;
        account.state = 'failed';
        account.error = entry.data.error;
        break;
      case 'TOKEN_REVOKED':
        // By its coordinator, who will say so by filling its seat, or with the whole swarm.
        if (account.state !== 'running') break;
        account.state = 'ended';
        account.error = { code: 'TOKEN_INVALID', failureClass: 'POLICY_VIOLATION', message: entry.data.reason };
        swarm.leases.silence(account.agent);
        break;
      case 'AGENT_TERMINATED':
        if (account.state === 'running') account.state = 'ended';
        if (account.agent === swarm.id) endElsewhere(swarm);
        break;
      default:
    }
  }

  #spawned(agent: string, { data, busSeq }: Entry & { readonly kind: 'AGENT_SPAWNED' }): void {
    const { swarm: id, slot } = data.metadata;
    if (typeof id !== 'string' || typeof slot !== 'string') return;
    const swarm = this.#swarms.get(id) ?? this.#open(id);
    const { role = null } = (data.input ?? {}) as { readonly role?: string | null };
    this.#seat(swarm, { agent, slot, role: typeof role === 'string' ? role : null }, busSeq);
  }

  #seat(swarm: Swarm, who: Pick<MemberAccount, 'agent' | 'slot' | 'role'>, busSeq: number): void {
    const account: Mutable<MemberAccount> = { ...who, state: 'running', error: null, attempts: 0, done: 0, messagesSent: 0, ticks: 0, toolCalls: 0, tokens: 0, cost: 0 };
    swarm.members.push(account);
    this.#seated.set(who.agent, { swarm, account });
    const before = swarm.slots.get(who.slot);
    swarm.slots.set(who.slot, account);
    if (before === undefined) return;
    swarm.restarts++;
    swarm.leases.gone(before.agent, before.error ?? failureOf(null));
    this.#tell(swarm, busSeq);
  }

  /** A word to another node is no work. */
  #called(seated: Seated, data: EntryCatalogue['TOOL_CALLED'], busSeq: number): void {
    const word = outgoingIn(data);
    if (word === undefined) {
      seated.account.toolCalls++;
      return;
    }
    const started = isHub(seated) ? startedBy(word) : undefined;
    if (started !== undefined) {
      seated.swarm.stewards.add(word.to);
      this.#seat(seated.swarm, started, busSeq);
    }
    this.#sent(seated, word, busSeq);
  }

  #open(id: string): Swarm {
    const swarm: Swarm = { id, leases: new Leases(), members: [], slots: new Map(), messages: new Map(), stewards: new Set(), strategy: null, restarts: 0, elections: 0 };
    this.#swarms.set(id, swarm);
    return swarm;
  }

  #written(swarm: Swarm, { data: { namespace, key, value }, busSeq }: Entry & { readonly kind: 'SHARED_WRITTEN' }): void {
    if (namespace !== namespaceOf(swarm.id) || key !== 'plan') return;
    const { strategy = null, tasks = null } = (value ?? {}) as { readonly strategy?: string | null; readonly tasks?: number | null };
    swarm.strategy = strategy;
    swarm.leases.total = tasks;
    this.#tell(swarm, busSeq);
  }

  #sent(seated: Seated, { to, channel, body }: { readonly to: string; readonly channel: string; readonly body: Json }, busSeq: number): void {
    const { swarm, account } = seated;
    const prefix = channelOf(swarm.id, '');
    if (!channel.startsWith(prefix)) return;
    const topic = channel.slice(prefix.length);
    account.messagesSent++;
    swarm.messages.set(topic, (swarm.messages.get(topic) ?? 0) + 1);
    const receiver = this.#seated.get(to);
    if (topic !== 'work' || !isHub(seated) || receiver?.swarm !== swarm) return;
    receiver.account.attempts += swarm.leases.given(to, body);
    this.#tell(swarm, busSeq);
  }

  #received(seated: Seated, { data: { result }, busSeq }: Entry & { readonly kind: 'MESSAGE_RECEIVED' }): void {
    if (!isHub(seated) || result?.ok !== true) return;
    const { swarm } = seated;
    const message = result.value as unknown as Message;
    const { from, channel, body } = unwrap(message);
    const sender = from === null ? undefined : this.#seated.get(from);
    if (channel === 'exit') {
      const { agent, error } = body as { readonly agent: string; readonly error: string | null };
      swarm.leases.gone(agent, failureOf(error));
    } else if (channel === channelOf(swarm.id, 'work') && from !== null) {
      const done = swarm.leases.reported(from, body);
      if (sender !== undefined) sender.account.done += done;
      // What is sent elsewhere is on record here when it is read.
      if (sender !== undefined && message.from === null) sender.account.messagesSent++;
    } else if (!this.#ended(endingIn(message, (address) => swarm.stewards.has(address)))) return;
    this.#tell(swarm, busSeq);
  }

  /** Answers whether somebody has ended elsewhere. */
  #ended(ending: Ending | undefined): boolean {
    const seated = ending === undefined ? undefined : this.#seated.get(ending.agent);
    if (ending === undefined || seated === undefined) return false;
    const { error, told } = ending;
    seated.account.state = error === null ? 'completed' : 'failed';
    if (error !== null) seated.account.error = { code: error, failureClass: 'PERMANENT', message: told?.message ?? '' };
    seated.swarm.leases.gone(ending.agent, failureOf(error));
    return true;
  }

  #tell({ id, leases, restarts }: Swarm, busSeq: number): void {
    const { total, done, underWay, attempts, failedAttempts } = leases.counts;
    this.#onChange({ swarm: id, total, done, underWay, attempts, failedAttempts, restarts, busSeq });
  }
}

/** With their coordinator, by their stewards. */
function endElsewhere({ members }: Swarm): void {
  for (const member of members) if (member.state === 'running' && remoteAddressOf(member.agent) !== undefined) member.state = 'ended';
}

function foldCall(account: Mutable<MemberAccount>, { kind, data }: Entry): void {
  if (kind !== 'TOOL_RESULT' && kind !== 'TOOL_RETRIED' && kind !== 'STALE_RESULT') return;
  account.tokens += data.usage?.tokens ?? 0;
  account.cost += data.usage?.cost ?? 0;
}

function failureOf(error: string | null): Failure {
  return { code: error ?? 'TASK_UNREPORTED', message: error === null ? 'Its member has ended.' : `Its member has failed with ${error}.` };
}

/** Whether it is this agent that coordinates: it has the swarm's name. */
function isHub({ swarm, account }: Seated): boolean {
  return account.agent === swarm.id;
}

function accountOf({ id, strategy, leases, restarts, messages, elections, members }: Swarm): SwarmAccount {
  const hub = members.find(({ agent }) => agent === id);
  const total = { ticks: 0, toolCalls: 0, tokens: 0, cost: 0 };
  for (const member of members) for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += member[name];
  return {
    swarm: id, strategy, state: hub?.state ?? 'running', error: hub?.error ?? null, tasks: leases.counts, undone: leases.undone, restarts, messages: Object.fromEntries(messages), elections,
    members: members.map((member) => ({ ...member })), total,
  };
}
