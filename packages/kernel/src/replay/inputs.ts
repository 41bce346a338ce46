/**
 * What reaches a kernel from outside, told from what follows from it: an input begins a step of the machine, and everything
 * up to the next one is worked out again.
 *
 * An input is put together anew from its own fields alone, and compared like everything else. Whatever the kernel itself had
 * decided about it (a transition, the error of a denial, the tool of a call) is decided anew; what can't have been, diverges.
 */
import type { Commands } from '../commands/index.js';
import { assertCounts } from '../delegation/index.js';
import { OmniError, type ErrorRecord } from '../errors/index.js';
import { timerOutcome, type Scheduler } from '../execution/index.js';
import type { AgentEndings } from '../failure/index.js';
import type { CapabilityToken, IdentityEntries } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Emit, Entry, RawEntry } from '../logging/index.js';
import type { Outcome, PendingKind, PendingOperations, Slot } from '../pending/index.js';
import { toGrants } from '../permissions/index.js';
import type { Approvals, Asks, Delays, Messenger, Spawner } from '../syscalls/index.js';
import type { Usage } from '../tools/index.js';
import { fieldsOf, isCount, isDigest, isGiven, isIdentified, isObject, isText, maybe, recordOf, shaped, type Shape } from './fields.js';
import type { Oracle } from './oracle.js';

export interface InputsOptions {
  readonly commands: Commands;
  readonly spawner: Spawner;
  readonly messenger: Messenger;
  readonly approvals: Approvals;
  readonly delays: Delays;
  readonly asks: Pick<Asks, 'begin'>;
  readonly scheduler: Pick<Scheduler, 'wake'>;
  /** Whether a guard wanted to be asked about an agent at this time, or before. */
  readonly mayWake: (agent: string, time: number) => boolean;
  readonly pending: PendingOperations;
  readonly emit: Emit;
  /** Where the entries before it are known. */
  readonly oracle: Pick<Oracle, 'last' | 'late'>;
  /** Ends the replay at the entry that comes next, since nothing leads to it. */
  readonly diverge: (because: string) => OmniError;
}

type Kind = Entry['kind'];
type Perform<Name extends Kind = never> = (entry: Extract<Entry, { kind: Name }> & { readonly agent: string }, options: InputsOptions) => void;

const DIGESTS: Shape = {
  programs: recordOf(isIdentified),
  tools: recordOf(isIdentified),
  extensions: recordOf(isText),
};
const STARTED: Shape = { kernelVersion: isText, config: isObject, configDigest: isDigest, ...DIGESTS };
const OPENED: Shape = {
  format: isCount, logId: isText, mode: (value) => value === 'LIVE', ...STARTED,
  parent: maybe(isObject),
};
const TAIL: Shape = { segment: isText, byteOffset: isCount, byteCount: isCount };
const ERROR: Shape = {
  code: isText,
  failureClass: (value) => value === 'TRANSIENT' || value === 'PERMANENT' || value === 'POLICY_VIOLATION',
  message: isText,
  details: maybe(isObject),
  causes: maybe((value) => Array.isArray(value) && value.every(isText)),
};
const PERMISSION: Shape = { decision: (value) => value === 'ALLOW' || value === 'DENY', by: isText };
const USED: Shape = { tokens: maybe(isCount), cost: maybe(isCount) };
const TOKEN: Shape = { grants: Array.isArray, depth: isCount, notAfter: maybe(isCount), budget: maybe(isObject) };
const isLimit = (limit: unknown): boolean => isObject(limit) && isCount(limit['hard']) && recordOf(isCount)(limit);
const BORN: Shape = {
  type: isText, program: isIdentified, input: isGiven, quota: recordOf((limit) => isCount(limit) || isLimit(limit)), metadata: isObject,
  transition: shaped({ trigger: isText, to: isText }), parent: (value) => value === null, seed: isText, token: isObject,
};

/** By kind; only those that are here can be inputs, and {@link isInput} says which of them are. */
const INPUTS: { readonly [Name in Kind]?: Perform<Name> } = {
  LOG_OPENED: ({ kind, busSeq, data }, { emit, diverge }) => {
    if (busSeq > 0) throw diverge('A log is opened once, where it begins.');
    emit({ kind, agent: null, data: fieldsOf(data, OPENED) });
  },
  KERNEL_STARTED: ({ kind, data }, { emit }) => { emit({ kind, agent: null, data: fieldsOf(data, STARTED) }); },
  LOG_TAIL_CUT: ({ kind, data }, { emit, oracle: { last }, diverge }) => {
    // Recovery knows no entry before its first one.
    if (last !== undefined && last.kind !== 'KERNEL_STARTED' && last.kind !== 'LOG_OPENED') throw diverge('Only a kernel that starts cuts a tail off.');
    emit({ kind, agent: null, data: fieldsOf(data, TAIL) });
  },
  STALE_RESULT: ({ kind, agent, data }, { emit, oracle: { late }, diverge }) => {
    if (late?.mayCome(agent, data) === false) throw diverge('No call could have given it.');
    const { tick, call, tool, outcome } = data;
    emit({ kind, agent, data: { tick, call, tool, outcome: outcomeIn(outcome), ...usedIn(data) } });
  },
  TOOL_RETRIED: (entry, options) => {
    const { kind, agent, data } = entry;
    const slot = waitingFor(entry, options, { kinds: ['TOOL'], isBackingOff: false });
    const failed = { ...fieldsOf<ErrorRecord>(data.error, ERROR), failureClass: 'TRANSIENT' as const };
    options.emit({ kind, agent, data: { ...callOf(slot), attempt: slot.attempt, error: failed, ...usedIn(data), ...fieldsOf<{ readonly deadline: number }>(data, { deadline: Number.isFinite }) } });
  },
  TOOL_ATTEMPTED: (entry, options) => {
    const slot = waitingFor(entry, options, { kinds: ['TOOL'], isBackingOff: true });
    options.emit({ kind: entry.kind, agent: entry.agent, data: { ...callOf(slot), attempt: slot.attempt + 1 } });
  },
  TOOL_PROGRESS: (entry, options) => {
    const slot = waitingFor(entry, options, { kinds: ['TOOL'], isBackingOff: false });
    options.emit({ kind: entry.kind, agent: entry.agent, data: { ...callOf(slot), attempt: slot.attempt, ...fieldsOf<{ readonly value: Json }>(entry.data, { value: isGiven }) } });
  },
  TOOL_ASKED: ({ agent, time, data }, options) => {
    const { tick, asker, instruction, toolPermission } = data;
    const slot = waitingFor({ agent, time, data: { tick, call: asker } }, options, { kinds: ['TOOL'], isBackingOff: false });
    const { tool } = callOf(slot);
    options.asks.begin({ agent, tick, asker, tool, ...fieldsOf<{ readonly instruction: Json }>({ instruction }, { instruction: isObject }), toolPermission: fieldsOf(toolPermission, PERMISSION) });
  },
  TOOL_RESULT: (entry, options) => {
    const { kind, agent, data: { result, by, usage } } = entry;
    const slot = waitingFor(entry, options, { kinds: ['TOOL'] });
    if (by !== undefined && slot.seq > (options.oracle.late?.startSeq ?? Infinity)) throw options.diverge('Nobody but the tool could say how the call ended.');
    const { tick, call, tool } = callOf(slot);
    const resuming = options.pending.resuming(agent, call);
    const { transition } = resuming;
    // Most inputs are of this kind, and most of these are alike: made without copying one thing into another.
    if (by === undefined && usage === undefined && transition !== undefined) options.emit({ kind, agent, data: { tick, call, tool, result: outcomeIn(result), transition } });
    else options.emit({ kind, agent, data: { tick, call, tool, result: outcomeIn(result), ...usedIn(entry.data), ...(by === undefined ? {} : { by: asText(by) }), ...resuming } });
  },
  TIMER_FIRED: (entry, options) => {
    const { kind, agent } = entry;
    const slot = waitingFor(entry, options, { kinds: ['TIMER', 'MESSAGE'], isDue: true });
    if (slot.opened['instruction'] !== undefined) throw options.diverge('A guard lets the call wait, and its program does not know of it.');
    options.emit({ kind, agent, data: { tick: slot.tick, call: slot.call, result: timerOutcome(agent, slot), ...options.pending.resuming(agent, slot.call) } });
  },
  AGENT_SPAWNED: ({ agent, data }, { spawner }) => {
    const { token, ...born } = fieldsOf<IdentityEntries['AGENT_SPAWNED']>(data, BORN);
    const claims = fieldsOf<CapabilityToken>(token, TOKEN);
    assertCounts(claims);
    spawner.spawnRecorded({ agent, data: { ...born, token: { ...claims, grants: toGrants(claims.grants) } } });
  },
  MESSAGE_SENT: ({ data: { to, channel, body } }, { messenger }) => {
    messenger.send({ from: null, to, channel: asText(channel), body, permission: { decision: 'ALLOW', by: 'operator' } });
  },
  APPROVAL_DECIDED: ({ time, data: { approval, approved, reason, by, decider } }, { approvals, diverge }) => {
    if (decider !== 'timeout') {
      approvals.decide(approval, { approved, reason }, { by, decider: 'operator' });
      return;
    }
    const asked = approvals.waiting().find(({ id }) => id === approval);
    if (asked !== undefined && time < asked.deadline) throw diverge('Its time had not come.');
    approvals.decide(approval, { approved: false, reason: 'no answer in time' }, { by: 'timeout', decider });
  },
  COMMAND_GIVEN: ({ agent, data: { command, by, reason } }, { commands }) => {
    if (command !== 'revoke') commands.abandon(agent, asText(reason));
    else if (by === 'deadline') commands.revoke(agent, by, 'it expired');
    else commands.revoke(agent, 'operator', asText(reason));
  },
  AGENT_MOVED: ({ agent, data: { transition, reason } }, options) => { order({ agent, trigger: transition.trigger, reason }, options); },
  DELAY_ENDED: (entry, options) => {
    const { tick, call } = waitingFor(entry, options, { kinds: ['TIMER'], isDue: true });
    if (!options.delays.end(entry.agent, tick, call)) throw options.diverge('No call waits for it.');
  },
  GUARD_WOKEN: ({ agent, time }, { scheduler, mayWake, diverge }) => {
    if (!mayWake(agent, time)) throw diverge('No guard wanted to be asked then.');
    scheduler.wake(agent);
  },
  TRANSITION_REFUSED: ({ agent, data: { trigger, reason } }, options) => {
    try {
      order({ agent, trigger, reason }, options);
    } catch (thrown) {
      // That is how it was refused.
      if (!(thrown instanceof OmniError) || thrown.code !== 'INVALID_TRANSITION') throw thrown;
    }
  },
};

/** What is the kernel's own; all else is about an agent. */
const OF_NO_AGENT: ReadonlySet<string> = new Set(['LOG_OPENED', 'KERNEL_STARTED', 'LOG_TAIL_CUT', 'MESSAGE_SENT'] satisfies Kind[]);

/** Whether an entry that nothing before it has led to came from outside; otherwise a tick made it. */
export function isInput({ kind, agent, data }: RawEntry): boolean {
  if (kind === 'AGENT_SPAWNED') return data['parent'] === null;
  if (kind === 'MESSAGE_SENT') return agent === null;
  if (kind === 'APPROVAL_DECIDED') return typeof data['decider'] === 'string';
  return Object.hasOwn(INPUTS, kind);
}

/**
 * Whether an entry is an input wherever it stands: the step before it is complete. The kernel moves agents and sends messages
 * of its own within a step, too.
 */
export function isSurelyInput(entry: RawEntry): boolean {
  return isInput(entry) && entry.kind !== 'AGENT_MOVED' && entry.kind !== 'MESSAGE_SENT';
}

/** Does again what an input did. */
export function performInput(entry: RawEntry, options: InputsOptions): void {
  const perform = INPUTS[entry.kind as Kind] as Perform<Kind>;
  if (entry.agent === null && !OF_NO_AGENT.has(entry.kind)) throw options.diverge('It is about no agent.');
  perform(entry as never, options);
}

/**
 * Does what follows when the program of an agent has come to its end, without that program: its last entry says all that is
 * needed. False for an entry that no program ends with.
 */
export function performEnd(entry: RawEntry, endings: AgentEndings): boolean {
  const { kind, agent, data } = entry as unknown as Entry;
  if (agent === null || (kind !== 'AGENT_COMPLETED' && kind !== 'AGENT_FAULTED')) return false;
  if (kind === 'AGENT_COMPLETED') endings.complete(agent, data.tick, data.result);
  else endings.fault(agent, data.tick, data.error);
  return true;
}

interface Order {
  readonly agent: string;
  readonly trigger: string;
  readonly reason: string;
}

function order({ agent, trigger, reason }: Order, { commands, diverge }: InputsOptions): void {
  if (trigger !== 'suspend' && trigger !== 'resume' && trigger !== 'abandon') throw diverge(`Nobody can order "${trigger}".`);
  commands[trigger](agent, asText(reason));
}

/** What is recorded where a text should stand differs from the text that it becomes. */
function asText(recorded: unknown): string {
  return String(recorded);
}

/** The call that waits for what an entry says of it. */
function waitingFor({ agent, time, data: { tick, call } }: Settling, { pending, diverge }: InputsOptions, { kinds, isBackingOff, isDue }: Wanted): Slot {
  const slot = pending.find(agent, tick, call);
  if (slot === undefined || !kinds.includes(slot.kind) || slot.isBackingOff !== (isBackingOff ?? slot.isBackingOff)) throw diverge('No call waits for it.');
  const { deadline } = slot.opened;
  if (isDue === true && (typeof deadline !== 'number' || time < deadline)) throw diverge('Its time had not come.');
  return slot;
}

interface Wanted {
  readonly kinds: readonly PendingKind[];
  readonly isBackingOff?: boolean;
  readonly isDue?: boolean;
}

interface Settling {
  readonly agent: string;
  readonly time: number;
  readonly data: { readonly tick: number; readonly call: number };
}

function callOf({ tick, call, opened }: Slot): { readonly tick: number; readonly call: number; readonly tool: string } {
  return { tick, call, tool: opened['tool'] as string };
}

/** What a tool said that it used. */
function usedIn({ usage }: { readonly usage?: Usage }): { readonly usage?: Usage } {
  return usage === undefined ? {} : { usage: fieldsOf(usage, USED) };
}

/** How a tool said that it ended: all that is recorded of that comes from outside. */
function outcomeIn(outcome: Partial<Outcome> | undefined): Outcome {
  if (outcome?.ok === true && outcome.value !== undefined) return { ok: true, value: outcome.value };
  const { ok } = fieldsOf<Outcome & { readonly ok: false }>(outcome, { ok: (value) => value === false });
  return { ok, error: fieldsOf((outcome as { readonly error?: unknown }).error, ERROR) };
}
