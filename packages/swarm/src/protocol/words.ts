import type { AgentContext, Json, Operation } from '@omnipaw/kernel';
import type { Member } from '../names.js';

/** What the protocol needs of a program's context. */
export interface ProtocolContext extends Pick<AgentContext, 'agent' | 'now' | 'uuid' | 'send' | 'receive' | 'sleep' | 'tool' | 'allSettled'> {
  readonly memory: OwnMemory;
}

/** An agent's own memory, whatever else its program keeps there. */
export interface OwnMemory {
  set(key: string, value: unknown): Operation<void>;
  delete(key: string): Operation<void>;
}

export interface ProtocolOptions {
  readonly swarm: string;
  /** All of them, in the order in which they are told things; oneself may be among them. */
  readonly members: readonly Member[];
}

export interface SendOptions {
  /** For how long a full mailbox is tried again, after growing waits; not at all unless given. */
  readonly patienceMs?: number;
}

export interface ReceiveOptions {
  /** The agent whose words are waited for; anybody's unless given. */
  readonly from?: string;
  /** After so long, `RECEIVE_TIMEOUT` is thrown; never unless given. */
  readonly timeoutMs?: number;
}

export interface RequestOptions {
  /** For how long the answer is waited for. */
  readonly timeoutMs: number;
}

/** A word as its receiver sees it. */
export interface Received<Body = Json> {
  /** `busSeq` of the entry that sent it: its identity. */
  readonly seq: number;
  /** The sender, `node/agent` if it is of another kernel; null for an operator. */
  readonly from: string | null;
  readonly topic: string;
  readonly body: Body;
  /** Recorded time of sending, milliseconds since the epoch. */
  readonly sentAt: number;
  /** Which question this is; there if an answer is waited for. */
  readonly ask?: string;
}

/** Whom a word has reached, and whom it has not, by the ids of agents. */
export interface Broadcast {
  readonly delivered: readonly string[];
  readonly undelivered: readonly { readonly to: string; readonly error: string }[];
}

/** Who has answered, in the order in which they were asked, and who has not: with a code that says why. */
export interface Answers<Body = Json> {
  readonly answers: readonly { readonly member: Member; readonly body: Body }[];
  readonly missing: readonly { readonly member: Member; readonly error: string }[];
}
