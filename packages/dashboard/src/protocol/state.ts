/** All that a page shows, at one moment of a log: what the fold in `state/` makes of its entries. */
import type { Json } from '@omnipaw/kernel';

/** A value as it is shown. What is large is left out, and stands in the entry `seq`. */
export interface ShownValue {
  /** `busSeq` of the entry that has it. */
  readonly seq: number;
  readonly value?: Json;
  readonly isCut?: true;
}

/** A key of memory. */
export interface KeyState extends ShownValue {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** The agent that wrote it. */
  readonly by: string;
  /** Counts the writes of this key. */
  readonly version: number;
  readonly isDeleted?: true;
}

export interface ShownError {
  readonly code: string;
  readonly message: string;
}

/** Something that an agent waits for. */
export interface WaitingState {
  readonly kind: 'TOOL' | 'DELEGATION' | 'MESSAGE' | 'TIMER' | 'APPROVAL' | 'ASK';
  readonly tick: number;
  readonly call: number;
  /** `busSeq` and time of the entry with which it began. */
  readonly since: number;
  readonly time: number;
  readonly deadline: number | null;
  /** The tool, the child, the channel, or the resource that approval is asked for. */
  readonly what: string | null;
  /** Of a tool: the attempt that runs, and what the tool said last. */
  attempt: number;
  progress: ShownValue | null;
}

/** A step of an agent's life. */
export interface StepState {
  readonly seq: number;
  readonly time: number;
  readonly trigger: string;
  readonly from: string;
  readonly to: string;
}

/** What an agent itself has used. */
export interface UsedCounts {
  ticks: number;
  toolCalls: number;
  tokens: number;
  cost: number;
  cpuUs: number;
  memoryKeys: number;
  children: number;
  messagesSent: number;
  messagesReceived: number;
  refusals: number;
  failures: number;
}

export interface LimitState {
  readonly hard: number;
  readonly soft: number | null;
}

export interface AgentState {
  readonly id: string;
  readonly type: string;
  readonly parent: string | null;
  readonly children: string[];
  readonly spawnedSeq: number;
  readonly spawnedAt: number;
  /** As `action:resource`. */
  readonly grants: readonly string[];
  isRevoked: boolean;
  /** One of the states of the lifecycle, since the entry of the last step. */
  state: string;
  /** The newest steps, the oldest of them first. */
  readonly path: StepState[];
  readonly waitingFor: WaitingState[];
  /** The limits that it was given, by name. */
  readonly limits: ReadonlyMap<string, LimitState>;
  readonly used: UsedCounts;
  readonly memory: Map<string, KeyState>;
  /** Messages that it has not received yet. */
  mailboxSize: number;
  swarm: string | null;
  slot: string | null;
  /** How it ended, if it has. */
  outcome: { readonly ok: true; readonly value: ShownValue } | { readonly ok: false; readonly error: ShownError } | null;
  /** The newest entry that is about it, and its time. */
  lastSeq: number;
  lastAt: number;
}

/** All messages of one sender to one receiver on one channel. */
export interface EdgeState {
  /** Null for an operator, and for the kernel itself. */
  readonly from: string | null;
  readonly to: string;
  readonly channel: string;
  sent: number;
  received: number;
  lastSeq: number;
}

export interface SeatState {
  readonly slot: string;
  /** All that have had it, the present one last. */
  readonly agents: string[];
}

/** One term of an election. */
export interface TermState {
  readonly term: number;
  /** By slot, the agent that has its vote. */
  readonly votes: Map<string, string>;
  leader: string | null;
}

/** One round in which a chair asked. */
export interface PollState {
  readonly seq: number;
  readonly time: number;
  readonly chair: string;
  readonly kind: 'propose' | 'vote';
  readonly question: ShownValue;
  readonly options: readonly ShownValue[];
  readonly round: number;
  /** By agent, null while it has not answered: `abstain`, the number of an option, or what it proposes. */
  readonly answers: Map<string, { readonly seq: number; readonly kind: 'abstain' | 'vote' | 'proposal' | 'other'; readonly option: number | null; readonly proposal: ShownValue | null } | null>;
  /** Null while it is open; what members were told in the end. */
  decision: { readonly seq: number; readonly isDecided: boolean; readonly value: ShownValue | null } | null;
}

export interface SwarmState {
  readonly id: string;
  coordinator: string | null;
  strategy: string | null;
  /** How many tasks the plan has, if it says so. */
  tasks: number | null;
  readonly seats: Map<string, SeatState>;
  /** The newest, the oldest of them first. */
  readonly terms: TermState[];
  readonly polls: PollState[];
  /** By agent, the term of the office that it holds. */
  readonly offices: Map<string, number>;
}

/** A request for approval. */
export interface ApprovalState {
  /** `busSeq` of the entry that asks. */
  readonly id: number;
  readonly time: number;
  readonly agent: string;
  readonly tick: number;
  readonly call: number;
  readonly action: string;
  readonly resource: string;
  readonly approver: string;
  /** The policy that wants somebody asked. */
  readonly policy: string;
  readonly instruction: ShownValue;
  readonly deadline: number;
  /** Null while it is open. `lapsed`: nobody waits for it any more. */
  decision: { readonly seq: number; readonly time: number; readonly how: 'approved' | 'denied' | 'lapsed'; readonly by: string; readonly reason: string } | null;
}

/** A limit that was met. */
export interface LimitMet {
  readonly seq: number;
  readonly time: number;
  readonly agent: string;
  readonly isHard: boolean;
  readonly resource: string;
  readonly who: string;
  readonly used: number;
  readonly limit: number;
}

/** What the log says of itself. */
export interface LogState {
  readonly logId: string;
  readonly format: number;
  readonly parent: { readonly logId: string; readonly busSeq: number } | null;
  kernelVersion: string;
  /** How many kernels have written it. */
  starts: number;
  programs: readonly string[];
  tools: readonly string[];
  extensions: readonly string[];
}

/** Maps are in the order in which their keys came to be. */
export interface DashboardState {
  /** The last entry that was folded; -1, 64 zeros and 0 before the first. */
  busSeq: number;
  hash: string;
  time: number;
  log: LogState | null;
  readonly agents: Map<string, AgentState>;
  /** By namespace, the keys of shared memory. */
  readonly shared: Map<string, Map<string, KeyState>>;
  readonly lifecycle: {
    /** How many agents are in each state; a state with none may be missing. */
    readonly counts: Map<string, number>;
    /** How often each transition was taken, by `FROM trigger`. */
    readonly taken: Map<string, number>;
  };
  readonly kinds: Map<string, number>;
  failures: number;
  /** By `from`, `to` and `channel`, as JSON of these three. */
  readonly edges: Map<string, EdgeState>;
  /** Messages of edges that are too many to be kept. */
  otherMessages: number;
  readonly swarms: Map<string, SwarmState>;
  /** All that are open, and the newest that were decided, by id. */
  readonly approvals: Map<number, ApprovalState>;
  /** The newest, the oldest of them first. */
  readonly limitsMet: LimitMet[];
  readonly breaches: { readonly seq: number; readonly time: number; readonly agent: string | null; readonly error: ShownError }[];
  /** What the fold keeps to itself: per agent, the mail that it has not received, by `busSeq`, and the edge that it came on. */
  readonly mail: Map<string, Map<number, string>>;
}

/** The state as JSON: of maps, the pairs. `loadState` takes it. */
export interface SavedState {
  readonly busSeq: number;
  readonly hash: string;
  readonly [name: string]: Json;
}
