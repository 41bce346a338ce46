/** Who did what in a swarm, as people and programs read it. */

import type { ErrorRecord } from '@omnipaw/kernel';

/** What one agent did in a swarm. */
export interface MemberAccount {
  readonly agent: string;
  /** The seat that it had; `coordinator` for who coordinates. */
  readonly slot: string;
  readonly role: string | null;
  /** `ended` if others have ended it. */
  readonly state: 'running' | 'completed' | 'failed' | 'ended';
  /** By which it failed. */
  readonly error: ErrorRecord | null;
  /** How many attempts at tasks it was given, and how many tasks it has done. */
  readonly attempts: number;
  readonly done: number;
  readonly messagesSent: number;
  readonly ticks: number;
  readonly toolCalls: number;
  /** What tools said that they used. */
  readonly tokens: number;
  readonly cost: number;
}

export interface TaskCounts {
  /** Undefined where it is not known from the beginning. */
  readonly total: number | null;
  /** Each counted once, however often it was done. */
  readonly done: number;
  readonly underWay: number;
  readonly attempts: number;
  readonly failedAttempts: number;
}

/** A task that was given out and never done. */
export interface UndoneTask {
  readonly task: string;
  readonly attempts: number;
  /** Of its last failed attempt, if one has failed. */
  readonly error: { readonly code: string; readonly message: string } | null;
}

export interface SwarmAccount {
  readonly swarm: string;
  readonly strategy: string | null;
  readonly state: MemberAccount['state'];
  readonly error: ErrorRecord | null;
  readonly tasks: TaskCounts;
  readonly undone: readonly UndoneTask[];
  /** Members that were started in place of others. */
  readonly restarts: number;
  /** By what they are about: `work`, `ask`, `vote`. */
  readonly messages: Readonly<Record<string, number>>;
  /** How often somebody took the office of a leader. */
  readonly elections: number;
  /** In the order in which they came to be, the coordinator first. */
  readonly members: readonly MemberAccount[];
  /** Of all members together. */
  readonly total: Pick<MemberAccount, 'ticks' | 'toolCalls' | 'tokens' | 'cost'>;
}

/** How far a swarm is, and what happened last. */
export interface SwarmProgress extends TaskCounts {
  readonly swarm: string;
  readonly restarts: number;
  /** `busSeq` of the entry that brought it there. */
  readonly busSeq: number;
}
