/**
 * What every log must obey, found out from its entries alone: no kernel is asked, and little of its code is used (the
 * lifecycle table, which is specified on its own).
 */
import { nextState, type CapabilityToken, type Entry, type LifecycleState, type Transition } from '@omnipaw/kernel';

export interface RuleOptions {
  readonly maxStepsPerTick: number;
  /** Names of tools, shared values, agents and types that a grant may be for: containment is checked on these. */
  readonly resources: readonly string[];
}

/** What the rules know of an agent. */
interface Life {
  state: LifecycleState;
  readonly parent: string | null;
  readonly token: CapabilityToken;
  readonly uses: Map<number, number>;
  budget: Record<string, number>;
  isRevoked: boolean;
  /** Recorded time of the last entry that made it ACTIVE. */
  activeSince: number;
  lastTick: number;
  scratchTick: number;
}

/** What an agent waits for, by tick and call. */
interface Wait {
  readonly tick: number;
  readonly call: number;
  kind: string;
  readonly opened: Entry;
}

/** Entries that are a step of the program of their agent, in a tick. */
const STEPS: ReadonlySet<string> = new Set([
  'TOOL_CALLED', 'JOIN_STARTED', 'RECEIVE_STARTED', 'SLEEP_STARTED', 'DELAY_STARTED', 'APPROVAL_REQUESTED', 'MEMORY_SET', 'MEMORY_DELETED',
  'SHARED_READ', 'SHARED_WRITTEN', 'REFUSED', 'SCRATCH_CHECKPOINTED', 'AGENT_COMPLETED', 'AGENT_CONTINUED', 'VERSION_CHOSEN',
]);
const OPENERS: Readonly<Record<string, string>> = {
  TOOL_CALLED: 'TOOL_RESULT', JOIN_STARTED: 'DELEGATION_RESULT', RECEIVE_STARTED: 'MESSAGE_RECEIVED', SLEEP_STARTED: 'TIMER_FIRED',
  APPROVAL_REQUESTED: 'APPROVAL_DECIDED', DELAY_STARTED: 'DELAY_ENDED', TOOL_ASKED: 'ASK',
};
/** By these an instruction is carried out that was parked, or that a tool asked for. */
const CARRIES_OUT: ReadonlySet<string | undefined> = new Set(['APPROVAL_DECIDED', 'DELAY_ENDED', 'ASK']);
const AFTERLIFE: ReadonlySet<string> = new Set(['STALE_RESULT', 'INVARIANT_BREACHED', 'TRANSITION_REFUSED']);

/** Every rule that the entries break, in words; empty for a log that a kernel may write. */
export function brokenRules(entries: readonly Entry[], options: RuleOptions): string[] {
  return new Rulebook(options).read(entries);
}

class Rulebook {
  readonly #options: RuleOptions;
  readonly #broken: string[] = [];
  readonly #lives = new Map<string, Life>();
  readonly #waits = new Map<string, Wait[]>();
  /** Sent and not yet received, by receiver. */
  readonly #mail = new Map<string, (Entry & { kind: 'MESSAGE_SENT' })[]>();
  readonly #versions = new Map<string, number>();
  readonly #calls = new Set<string>();
  /** By agent and tick, the last thing that a tool asked for. */
  readonly #asks = new Map<string, number>();
  readonly #results = new Set<string>();
  readonly #overTicks = new Set<string>();
  #runningTick = '';
  /** The tick of the call whose tool has asked, while what it asked for is carried out. */
  #askingTick: string | undefined;
  #at: Entry | undefined;

  constructor(options: RuleOptions) {
    this.#options = options;
  }

  read(entries: readonly Entry[]): string[] {
    for (const [index, entry] of entries.entries()) {
      this.#at = entry;
      this.#require('INV-16', entry.busSeq === index, `number ${entry.busSeq} at place ${index}`);
      this.#require('INV-16', (entry.kind === 'LOG_OPENED') === (index === 0), 'a header is the first entry, and only that');
      if (entry.agent !== null) this.#readOf(entry as Entry & { agent: string });
      this.#readMail(entry);
    }
    return this.#broken;
  }

  #require(invariant: string, holds: boolean, found: string): void {
    if (!holds) this.#broken.push(`${invariant} at entry ${this.#at?.busSeq} (${this.#at?.kind} of ${this.#at?.agent}): ${found}`);
  }

  #readOf(entry: Entry & { agent: string }): void {
    this.#require('INV-07', /^[A-Za-z0-9][\w.-]*$/.test(entry.agent), 'an id that is not plain');
    if (entry.kind === 'AGENT_SPAWNED') this.#spawn(entry);
    const life = this.#lives.get(entry.agent);
    if (life === undefined) {
      this.#require('INV-13', false, 'an entry of an agent that was never spawned');
      return;
    }
    if (entry.kind !== 'AGENT_SPAWNED') this.#require('INV-09', life.state !== 'TERMINATED' || AFTERLIFE.has(entry.kind), 'after its end');
    this.#readStep(entry, life);
    this.#readPermission(entry, life);
    this.#readWait(entry);
    this.#readAsk(entry);
    this.#readMemory(entry);
    this.#readTransition(entry, life);
    if (entry.kind === 'TOKEN_REVOKED') this.#revoke(entry.agent, life);
    if (entry.kind === 'AGENT_TERMINATED') this.#end(entry.agent);
  }

  // INV-06, INV-08, INV-13

  #spawn({ agent, data }: Entry & { kind: 'AGENT_SPAWNED'; agent: string }): void {
    const { parent, token, delegation } = data;
    this.#require('INV-08', !this.#lives.has(agent), 'spawned twice');
    if (parent !== null) {
      const holder = this.#lives.get(parent);
      if (holder === undefined) this.#require('INV-08', false, `its parent ${parent} is not there`);
      else this.#delegate(token, holder);
      this.#require('INV-04', delegation?.permission.decision === 'ALLOW', 'a delegation without permission');
      // What an approval carries out happens between ticks.
      if (delegation?.permission.by.startsWith('approval ') !== true) this.#step(parent, delegation?.tick ?? 0);
    }
    this.#lives.set(agent, {
      state: 'DEFINED', parent, token, uses: new Map(), budget: { ...(token.budget as Life['budget'] | undefined) }, isRevoked: false, activeSince: 0, lastTick: 0, scratchTick: 0,
    });
  }

  #delegate(token: CapabilityToken, holder: Life): void {
    const held = holder.token;
    this.#require('INV-13', !holder.isRevoked && holder.state !== 'TERMINATED', 'delegated by an agent whose token is void');
    this.#require('INV-06', token.depth < held.depth, `depth ${token.depth} under ${held.depth}`);
    this.#require('INV-06', (token.notAfter ?? Infinity) <= (held.notAfter ?? Infinity), 'outlives its delegator');
    for (const grant of token.grants) {
      for (const resource of this.#options.resources.filter((name) => isMatch(grant.resource, name))) {
        const isHeld = held.grants.some((own) =>
          own.action === grant.action && isMatch(own.resource, resource) &&
          (grant.notAfter ?? Infinity) <= (own.notAfter ?? Infinity) && (own.limit === undefined || (grant.limit ?? Infinity) <= own.limit));
        this.#require('INV-06', isHeld, `${grant.action}:${resource} is not its delegator's`);
      }
    }
    for (const [name, amount] of Object.entries((token.budget ?? {}) as Life['budget'])) {
      if (!(name in holder.budget)) continue;
      holder.budget[name] = holder.budget[name]! - amount;
      this.#require('INV-06', holder.budget[name] >= 0, `${name} is carved beyond what was left`);
    }
  }

  #revoke(agent: string, life: Life): void {
    this.#require('INV-13', !life.isRevoked, 'revoked twice');
    life.isRevoked = true;
    for (const [id, { parent, state }] of this.#lives) {
      if (parent === agent) this.#require('INV-13', state === 'TERMINATED', `its child ${id} outlives its token`);
    }
  }

  #end(agent: string): void {
    this.#waits.delete(agent);
    this.#mail.delete(agent);
    for (const [id, { parent, state }] of this.#lives) {
      if (parent === agent) this.#require('INV-13', state === 'TERMINATED', `its child ${id} is still there`);
    }
  }

  // INV-01, INV-02

  #readTransition({ agent, data, time }: Entry & { agent: string }, life: Life): void {
    const { transition } = data as { readonly transition?: Transition };
    if (transition === undefined) return;
    this.#require('INV-02', nextState(life.state, transition.trigger) === transition.to, `${life.state} ${transition.trigger} → ${transition.to}`);
    life.state = transition.to;
    if (transition.to === 'ACTIVE') life.activeSince = time;
    if (transition.to === 'FAULTED') this.#waits.delete(agent);
  }

  // INV-03, INV-09, INV-12, INV-13, INV-21

  #readStep({ agent, kind, data }: Entry & { agent: string }, life: Life): void {
    const { tick, call, result } = data as { readonly tick?: number; readonly call?: number; readonly result?: unknown };
    if (call !== undefined) this.#require('INV-12', call < this.#options.maxStepsPerTick, `call ${call} of a tick`);
    const isOwnMail = (kind === 'MESSAGE_RECEIVED' && result === undefined) || kind === 'MESSAGE_SENT';
    if (tick === undefined || (!STEPS.has(kind) && !isOwnMail) || this.#isCarriedOut(data)) return;
    this.#require('INV-09', life.state === 'ACTIVE' || life.state === 'WAITING' || life.state === 'COMPLETING', `a step while ${life.state}`);
    this.#require('INV-13', !life.isRevoked && life.activeSince <= (life.token.notAfter ?? Infinity), 'a step under a void token');
    this.#step(agent, tick);
    // ACTIVE: what it asked for with one part of an ALL, another part has given.
    if (kind === 'SCRATCH_CHECKPOINTED') this.#require('INV-05', life.state === 'WAITING' || life.state === 'ACTIVE', 'scratch of a tick that does not wait');
  }

  /** Steps of one tick stand together: no other tick runs meanwhile, and none is taken up again. */
  #step(agent: string, tick: number): void {
    const life = this.#lives.get(agent);
    const name = `${agent}/${tick}`;
    if (name === this.#runningTick || life === undefined) return;
    this.#require('INV-21', !this.#overTicks.has(name), `tick ${tick} goes on after another began`);
    this.#require('INV-03', tick > life.lastTick, `tick ${tick} after ${life.lastTick}`);
    this.#overTicks.add(this.#runningTick);
    this.#runningTick = name;
    life.lastTick = tick;
  }

  /** What an approval carries out, a tool asks for, or the end of a delay, happens between ticks. */
  #isCarriedOut(data: object): boolean {
    if (this.#askingTick === `${this.#at?.agent}/${(data as { readonly tick?: number }).tick}`) return true;
    const { tick, call, permission } = data as { readonly tick?: number; readonly call?: number; readonly permission?: { by: string } };
    if (permission?.by.startsWith('approval ') === true) return true;
    return CARRIES_OUT.has(this.#waitOf(this.#at?.agent ?? '', tick, call)?.kind);
  }

  // INV-04

  #readPermission({ kind, data, time }: Entry, life: Life): void {
    const { permission } = data as { readonly permission?: { decision: string; by: string } };
    const needs: Record<string, string> = { TOOL_CALLED: 'call', SHARED_READ: 'read', SHARED_WRITTEN: 'write', MESSAGE_SENT: 'send' };
    const action = needs[kind];
    if (action === undefined || isQuestion(kind, data, permission)) return;
    this.#require('INV-04', permission?.decision === 'ALLOW', 'without permission');
    const index = Number(/^grant (\d+) /.exec(permission?.by ?? '')?.[1] ?? -1);
    if (index < 0) {
      const isKnown = /^(policy|approval) /.test(permission?.by ?? '') || this.#at?.kind === 'MESSAGE_SENT';
      this.#require('INV-04', isKnown, `allowed by ${permission?.by}`);
      return;
    }
    const grant = life.token.grants[index];
    this.#require('INV-04', grant?.action === action && isMatch(grant.resource, resourceOf(kind, data)), `allowed by ${permission?.by}`);
    this.#require('INV-04', life.activeSince <= (grant?.notAfter ?? Infinity) || time <= (grant?.notAfter ?? Infinity), 'by a grant that is over');
    const uses = (life.uses.get(index) ?? 0) + 1;
    life.uses.set(index, uses);
    this.#require('INV-04', uses <= (grant?.limit ?? Infinity), 'beyond the limit of its grant');
  }

  // INV-14: one outcome for each call, after its intent

  #readWait({ agent, kind, data, busSeq }: Entry & { agent: string }): void {
    const { tick, call, result, tool } = data as { tick?: number; call?: number; result?: unknown; tool?: string };
    if (tick === undefined || call === undefined) return;
    const name = `${agent}/${tick}/${call}`;
    const settler = OPENERS[kind];
    if (settler !== undefined) this.#open(agent, { tick, call, kind: settler, opened: this.#at! });
    if (kind === 'TOOL_CALLED') this.#calls.add(`${name}/${tool}`);
    if (kind === 'TOOL_RESULT' || kind === 'TOOL_RETRIED' || kind === 'STALE_RESULT') {
      this.#require('INV-14', this.#calls.has(`${name}/${tool}`), `of a call of ${tool} without an intent`);
    }
    if (kind === 'TOOL_PROGRESS') this.#require('INV-14', this.#calls.has(`${name}/${tool}`) && this.#waitOf(agent, tick, call)?.kind === 'TOOL_RESULT', 'of a call that is not under way');
    if (result !== undefined || kind === 'TOOL_RETRIED') this.#forgetAsks(agent, tick, call);
    if (result === undefined) return;
    const wait = this.#waitOf(agent, tick, call);
    const isExpected = wait?.kind === kind || (wait === undefined && this.#isJoinOfEnded(kind, data)) || (kind === 'CALL_SETTLED' && CARRIES_OUT.has(wait?.kind)) || (kind === 'TIMER_FIRED' && wait?.kind === 'MESSAGE_RECEIVED');
    this.#require('INV-14', isExpected, `settles ${name}, which waits for ${wait?.kind ?? 'nothing'}`);
    this.#require('INV-14', !this.#results.has(name), `settles ${name} again`);
    this.#results.add(name);
    this.#waits.set(agent, (this.#waits.get(agent) ?? []).filter((other) => other !== wait));
    this.#require('INV-14', wait === undefined || wait.opened.busSeq < busSeq, 'before it was asked for');
  }

  /** A tool asks while its own call is under way, counting down, and what it asked for is carried out at once. */
  #readAsk({ agent, kind, data }: Entry & { agent: string }): void {
    if (kind === 'TOOL_ASKED') {
      const { tick, call, asker } = data;
      this.#require('INV-14', this.#waitOf(agent, tick, asker)?.kind === 'TOOL_RESULT', `asks for call ${asker}, which is not under way`);
      const last = this.#asks.get(`${agent}/${tick}`) ?? 0;
      this.#require('INV-14', call === last - 1, `ask ${call} after ${last}`);
      this.#asks.set(`${agent}/${tick}`, call);
      this.#askingTick = `${agent}/${tick}`;
    } else if (((data as { readonly call?: number }).call ?? 0) < 0 && !isFollowed(kind, data)) this.#askingTick = undefined;
  }

  /** Nobody waits for them any more. */
  #forgetAsks(agent: string, tick: number, asker: number): void {
    const waits = this.#waits.get(agent) ?? [];
    const asks = waits.filter(({ opened }) => opened.kind === 'TOOL_ASKED' && opened.data.tick === tick && opened.data.asker === asker);
    this.#waits.set(agent, waits.filter((wait) => !asks.includes(wait)));
    for (const { call } of asks) this.#forgetAsks(agent, tick, call);
  }

  /** Whoever joins an agent that has ended is told at once. */
  #isJoinOfEnded(kind: string, data: object): boolean {
    if (kind !== 'DELEGATION_RESULT') return false;
    const state = this.#lives.get((data as Entry['data'] & { readonly child: string }).child)?.state;
    return state === 'TERMINATED' || state === 'FAULTED';
  }

  #open(agent: string, wait: Wait): void {
    const waits = this.#waits.get(agent) ?? [];
    const approved = waits.find(({ tick, call }) => tick === wait.tick && call === wait.call);
    if (approved !== undefined) {
      this.#require('INV-04', CARRIES_OUT.has(approved.kind), 'opens a call that waits already');
      approved.kind = wait.kind;
    } else this.#waits.set(agent, [...waits, wait]);
  }

  #waitOf(agent: string, tick: number | undefined, call: number | undefined): Wait | undefined {
    return this.#waits.get(agent)?.find((wait) => wait.tick === tick && wait.call === call);
  }

  // INV-19

  #readMemory({ kind, data }: Entry): void {
    if (kind !== 'SHARED_READ' && kind !== 'SHARED_WRITTEN') return;
    const place = JSON.stringify([data.namespace, data.key]);
    const version = this.#versions.get(place) ?? 0;
    this.#require('INV-19', data.version === (kind === 'SHARED_READ' ? version : version + 1), `version ${data.version} where ${version} was`);
    this.#versions.set(place, data.version);
  }

  // INV-14 for messages: each is received once, by whom it was sent to

  #readMail(entry: Entry): void {
    if (entry.kind === 'MESSAGE_SENT') {
      const { to } = entry.data;
      this.#require('INV-09', this.#lives.get(to)?.state !== 'TERMINATED', 'to an agent that has ended');
      this.#mail.set(to, [...(this.#mail.get(to) ?? []), entry]);
    } else if (entry.kind === 'MESSAGE_RECEIVED' && entry.agent !== null) {
      const box = this.#mail.get(entry.agent) ?? [];
      const message = box.find(({ busSeq }) => busSeq === entry.data.message);
      this.#require('INV-14', message !== undefined, `message ${entry.data.message} is not in its mailbox`);
      this.#mail.set(entry.agent, box.filter((other) => other !== message));
      const { result } = entry.data;
      if (result?.ok !== true || message === undefined) return;
      const { seq, body, from } = result.value as { seq: number; body: unknown; from: unknown };
      const isSame = seq === message.busSeq && from === message.agent && JSON.stringify(body) === JSON.stringify(message.data.body);
      this.#require('INV-14', isSame, 'the message that arrives is not the one that was sent');
    }
  }
}

/** What the kernel sends to a parent because a policy asks it. */
/** Whether more of the same step comes after it: what is told to the asker, or the question to its parent. */
function isFollowed(kind: string, data: object): boolean {
  return kind === 'REFUSED' || (kind === 'APPROVAL_REQUESTED' && (data as { readonly approver?: string }).approver === 'parent');
}

function isQuestion(kind: string, data: object, permission: { readonly decision: string } | undefined): boolean {
  return kind === 'MESSAGE_SENT' && permission?.decision === 'ESCALATE' && (data as { channel?: string }).channel === 'approval';
}

function resourceOf(kind: string, data: unknown): string {
  const { tool, namespace, key, to } = data as { tool?: string; namespace?: string; key?: string; to?: string };
  if (kind === 'TOOL_CALLED') return tool ?? '';
  return kind === 'MESSAGE_SENT' ? (to ?? '') : `shared:${namespace}/${key}`;
}

/** Patterns once more, by the definition: `**` is anything, `*` anything without a slash, a lone `*` everything. */
export function isMatch(pattern: string, text: string): boolean {
  if (pattern === '*') return true;
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  if (!text.startsWith(pattern.slice(0, star))) return false;
  const isWide = pattern[star + 1] === '*';
  const rest = pattern.slice(star).replace(/^\*+/, '');
  for (let end = star; end <= text.length; end++) {
    if (isMatchAfter(rest, text.slice(end))) return true;
    if (!isWide && text[end] === '/') return false;
  }
  return false;
}

/** What follows a wildcard: a lone `*` there is a wildcard, not a pattern of its own. */
function isMatchAfter(pattern: string, text: string): boolean {
  return isMatch(`^${pattern}`, `^${text}`);
}
