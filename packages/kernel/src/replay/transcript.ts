import type { DelegationOptions } from '../delegation/index.js';
import { describeThrown, OmniError, type ErrorRecord } from '../errors/index.js';
import type { CapabilityToken } from '../identity/index.js';
import { toJson, type Json, type JsonObject } from '../json/index.js';
import type { RawEntry } from '../logging/index.js';
import { isWanted, type Message } from '../messages/index.js';
import type { Outcome } from '../pending/index.js';
import { toGrants } from '../permissions/index.js';
import type { Evaluated, Instruction } from '../programs/index.js';
import { assertSupported, BEFORE_THE_CHANGE, filterOf, frozenCopy, versionRange } from '../syscalls/index.js';
import { divergenceAt, divergenceError } from './divergence.js';

/** What a program was told of versions, by change. */
export type ToldVersions = ReadonlyMap<string, number>;

export interface TranscriptOptions {
  readonly agent: string;
  readonly memory: ReadonlyMap<string, Json>;
}

const DONE: Evaluated = Object.freeze({ ok: true, value: undefined });

/** What an entry says of one instruction: parts that have to be the same. */
type Claim = Readonly<Record<string, unknown>>;

/**
 * Answers the instructions of a tick from the entries that they led to.
 *
 * Each instruction takes the entries that it made, in order; an instruction that made none (a read of its own memory, a message
 * that nobody refused) is answered from what the program itself has done.
 */
export class Transcript {
  readonly #agent: string;
  readonly #memory: Map<string, Json>;
  readonly #scratch = new Map<string, Json>();
  readonly #versions = new Map<string, number>();
  #entries: readonly RawEntry[] = [];
  #at = 0;
  #now = 0;
  #failure: OmniError | undefined;

  constructor({ agent, memory }: TranscriptOptions) {
    this.#agent = agent;
    this.#memory = new Map(memory);
  }

  get versions(): ToldVersions {
    return this.#versions;
  }

  /** The divergence by which the tick ended, if one did. */
  get failure(): OmniError | undefined {
    return this.#failure;
  }

  /** Begins a tick, with the entries that it made, at its recorded time. */
  open(entries: readonly RawEntry[], now: number): void {
    this.#entries = entries.filter((entry) => ANSWERS.has(entry.kind) && !isDelivery(entry));
    this.#at = 0;
    this.#now = now;
  }

  /** Takes over what was written into the agent's memory by another than its program. */
  remember({ kind, data: { key, value } }: RawEntry): void {
    if (kind === 'MEMORY_DELETED') this.#memory.delete(key as string);
    else this.#memory.set(key as string, value!);
  }

  /** Throws if the tick made more than the program did now. */
  close(): void {
    const left = this.#next;
    if (this.#failure === undefined && left !== undefined && !isSettlement(left)) throw this.#diverge(undefined);
  }

  lacksOutcome(call: number): never {
    throw this.#diverge(undefined, `Nothing is recorded of how call ${String(call)} ended.`);
  }

  evaluate(instruction: Instruction, call: number): Evaluated {
    try {
      return this.#refusal(instruction, call) ?? this.#escalation(instruction, call) ?? this.#answer(instruction, call);
    } catch (thrown) {
      const isOfVersion = thrown instanceof OmniError && thrown.code === 'VERSION_UNSUPPORTED';
      const failure = (this.#failure ??= isOfVersion ? thrown : this.#diverge({ kind: 'INVALID', data: { thrown: describeThrown(thrown) } }));
      return { ok: false, error: { code: failure.code, failureClass: failure.failureClass, message: failure.message }, fatal: failure };
    }
  }

  get #next(): RawEntry | undefined {
    return this.#entries[this.#at];
  }

  /** Whatever was refused then is refused now, whichever version of the kernel may think otherwise. */
  #refusal(instruction: Instruction, call: number): Evaluated | undefined {
    const next = this.#next;
    if (next?.kind !== 'REFUSED' || next.data['call'] !== call) return undefined;
    // A question for a version has the number of the instruction after it.
    if ((next.data['op'] === 'VERSION') !== ((instruction as Instruction | undefined)?.op === 'VERSION')) return undefined;
    this.#at++;
    return { ok: false, error: next.data['error'] as unknown as ErrorRecord };
  }

  #escalation(instruction: Instruction, call: number): Evaluated | undefined {
    if (this.#next?.kind !== 'APPROVAL_REQUESTED' || this.#next.data['call'] !== call) return undefined;
    const { approver } = this.#take('APPROVAL_REQUESTED', { instruction: frozenCopy(instruction) });
    if (approver === 'parent' && this.#entries[this.#at] !== undefined && isTold(this.#entries[this.#at]!, call)) this.#at++;
    return 'APPROVAL';
  }

  #answer(instruction: Instruction, call: number): Evaluated {
    switch (instruction.op) {
      case 'CALL_TOOL':
        return this.#callTool(instruction, call);
      case 'READ':
        return this.#read(instruction);
      case 'WRITE':
        return this.#write(instruction);
      case 'SEND':
        this.#take('MESSAGE_SENT', { to: instruction.to, channel: instruction.channel ?? 'default', body: instruction.body });
        return DONE;
      case 'RECEIVE':
        return this.#receive(instruction, call);
      case 'SLEEP':
        this.#take('SLEEP_STARTED', { call, deadline: this.#now + instruction.ms });
        return 'TIMER';
      case 'DELEGATE':
        return this.#delegate(instruction, call);
      case 'JOIN':
        return this.#join(instruction.agent, call);
      case 'VERSION':
        return this.#version(instruction);
      case 'DECIDE':
      case 'REVOKE':
      case 'NOOP':
        return DONE;
      default:
        // What is no instruction was refused, and so answered before it comes here.
        throw this.#diverge({ kind: 'INVALID', data: { op: String((instruction as { op: unknown }).op) } });
    }
  }

  #callTool({ op, tool, args = {} }: Instruction & { readonly op: 'CALL_TOOL' }, call: number): Evaluated {
    if (this.#next?.kind === 'DELAY_STARTED') {
      this.#take('DELAY_STARTED', { call, instruction: { op, tool, args } });
      return 'TIMER';
    }
    this.#take('TOOL_CALLED', { call, tool, args });
    return 'TOOL';
  }

  #read(instruction: Instruction & { readonly op: 'READ' }): Evaluated {
    const { key } = instruction;
    switch (instruction.store) {
      case 'ephemeral':
        return { ok: true, value: this.#scratch.get(key) };
      case 'persistent':
        return { ok: true, value: this.#memory.get(key) };
      default: {
        const { value, version } = this.#take('SHARED_READ', { namespace: instruction.namespace, key });
        return { ok: true, value: Object.freeze({ value, version }) };
      }
    }
  }

  #write(instruction: Instruction & { readonly op: 'WRITE' }): Evaluated {
    const { key } = instruction;
    if (instruction.store === 'persistent' && !('value' in instruction)) {
      this.#take('MEMORY_DELETED', { key });
      this.#memory.delete(key);
      return DONE;
    }
    const value = toJson(instruction.value);
    switch (instruction.store) {
      case 'ephemeral':
        this.#scratch.set(key, value);
        return DONE;
      case 'persistent':
        this.#take('MEMORY_SET', { key, value });
        this.#memory.set(key, value);
        return DONE;
      default: {
        const { version } = this.#take('SHARED_WRITTEN', { namespace: instruction.namespace, key, value, version: instruction.expectedVersion + 1 });
        return { ok: true, value: version };
      }
    }
  }

  #receive(instruction: Instruction & { readonly op: 'RECEIVE' }, call: number): Evaluated {
    const filter = filterOf(instruction);
    if (this.#next?.kind !== 'MESSAGE_RECEIVED') {
      const { timeoutMs } = instruction;
      this.#take('RECEIVE_STARTED', { call, filter, deadline: timeoutMs === undefined ? undefined : this.#now + timeoutMs });
      return 'MESSAGE';
    }
    const { result } = this.#next.data as { readonly result?: { readonly ok: true; readonly value: Json } };
    if (result === undefined) return this.#needsFormat2();
    if (!isWanted(result.value as unknown as Message, filter)) throw this.#diverge({ kind: 'RECEIVE_STARTED', data: { call, filter } });
    this.#at++;
    return result;
  }

  #delegate(instruction: Instruction & { readonly op: 'DELEGATE' }, call: number): Evaluated {
    const birth = this.#next;
    const delegation = birth?.data['delegation'] as { readonly call?: number } | undefined;
    if (delegation !== undefined && delegation.call !== call) throw this.#diverge(undefined);
    const asked = frozenCopy(instruction.options ?? {});
    const { id = birth?.agent, quota = {}, metadata = {}, monitor } = asked;
    const token = tokenAsked(asked, birth?.data['token'] as unknown as CapabilityToken | undefined, this.#now);
    const input = instruction.input === undefined ? null : instruction.input;
    this.#take('AGENT_SPAWNED', { type: instruction.type, input, quota, metadata, token, monitor: monitor === true ? true : undefined });
    const child = birth!.agent!;
    if (child !== id) throw this.#diverge({ kind: 'AGENT_SPAWNED', data: { id } });
    if (instruction.join !== true) return { ok: true, value: child };
    // A guard may have let the child come, and then refused the wait for it.
    return this.#refusal(instruction, call) ?? this.#join(child, call);
  }

  #join(child: string, call: number): Evaluated {
    if (this.#next?.kind !== 'DELEGATION_RESULT') {
      this.#take('JOIN_STARTED', { call, child });
      return 'DELEGATION';
    }
    const { result } = this.#take('DELEGATION_RESULT', { call, child });
    return result as unknown as Outcome;
  }

  #version(instruction: Instruction & { readonly op: 'VERSION' }): Evaluated {
    const range = versionRange(instruction);
    const told = this.#versions.get(range.change);
    const isChoice = told === undefined && this.#next?.kind === 'VERSION_CHOSEN' && this.#next.data['change'] === range.change;
    const version = isChoice ? (this.#take('VERSION_CHOSEN', {})['version'] as number) : (told ?? BEFORE_THE_CHANGE);
    this.#versions.set(range.change, version);
    return { ok: true, value: assertSupported(version, this.#agent, range) };
  }

  /** The data of the next entry, which has to be of this kind and to say this much. */
  #take(kind: string, claim: Claim): JsonObject {
    const next = this.#next;
    const claimed = asJson(claim);
    const isClaimed = next?.kind === kind && Object.entries(claimed).every(([field, value]) => JSON.stringify(next.data[field]) === JSON.stringify(value));
    if (!isClaimed) throw this.#diverge({ kind, data: next?.kind === kind ? { ...next.data, ...claimed } : claimed });
    this.#at++;
    return next.data;
  }

  #diverge(made: { readonly kind: string; readonly data: object } | undefined, because?: string): OmniError {
    if (this.#failure !== undefined) return this.#failure;
    const place = this.#next ?? this.#entries.at(-1);
    const nowhere: RawEntry = { busSeq: -1, time: 0, prev: '', hash: '', agent: this.#agent, kind: 'TICK', data: {} };
    return (this.#failure = divergenceError(divergenceAt(place ?? nowhere, made === undefined ? undefined : { agent: place?.agent ?? this.#agent, ...made }, because)));
  }

  #needsFormat2(): never {
    throw this.#diverge(undefined, 'Logs of format 1 do not hold what a message said.');
  }
}

/** The entries by which instructions are answered; what guards add, and what settles a call, is none. */
export const ANSWERS: ReadonlySet<string> = new Set([
  'TOOL_CALLED', 'SHARED_READ', 'SHARED_WRITTEN', 'MEMORY_SET', 'MEMORY_DELETED', 'MESSAGE_SENT', 'MESSAGE_RECEIVED', 'RECEIVE_STARTED',
  'SLEEP_STARTED', 'DELAY_STARTED', 'AGENT_SPAWNED', 'JOIN_STARTED', 'DELEGATION_RESULT', 'VERSION_CHOSEN', 'APPROVAL_REQUESTED', 'REFUSED',
]);

/** Whether it is the message by which a parent is asked, or why it could not be sent. */
function isTold({ kind, data }: RawEntry, call: number): boolean {
  return (kind === 'MESSAGE_SENT' && data['channel'] === 'approval') || (kind === 'REFUSED' && data['op'] === 'SEND' && data['call'] === call);
}

/** Whether it gives a message to a call that has waited for it: another part of the same ALL can send it, in the middle of a tick. */
function isDelivery({ kind, data }: RawEntry): boolean {
  return kind === 'MESSAGE_RECEIVED' && data['call'] !== undefined;
}

/** Whether it is how a call ended that waited for it: after the tick, if nothing in it took the entry. */
function isSettlement({ kind, data }: RawEntry): boolean {
  return kind === 'DELEGATION_RESULT' && data['call'] !== undefined;
}

/** What is undefined has to be missing in the entry, too. */
function asJson(claim: Claim): Readonly<Record<string, Json | undefined>> {
  return Object.fromEntries(Object.entries(claim).map(([field, value]) => [field, value === undefined ? undefined : toJson(value)]));
}

/** The token that a delegation asks for; what it leaves open is as recorded: ends that come from the delegator's own. */
function tokenAsked({ grants = [], depth = 0, expiresInMs, quota }: DelegationOptions, recorded: CapabilityToken | undefined, now: number): object {
  const notAfter = expiresInMs === undefined ? recorded?.notAfter : now + expiresInMs;
  return {
    grants: toGrants(grants).map((grant, index) => (grant.notAfter === undefined ? { ...grant, ...withEnd(recorded?.grants[index]?.notAfter) } : grant)),
    depth,
    ...withEnd(notAfter),
    ...(quota === undefined ? {} : { budget: quota }),
  };
}

function withEnd(notAfter: number | undefined): { readonly notAfter?: number } {
  return notAfter === undefined ? {} : { notAfter };
}
