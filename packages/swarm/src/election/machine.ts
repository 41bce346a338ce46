import type { ElectionMessage } from './messages.js';

/**
 * The election as a pure function: the leader election of Raft (Ongaro and Ousterhout, "In Search of an Understandable
 * Consensus Algorithm", 2014, section 5.2), without its log.
 *
 * 1. A member has one vote a term, and its term never goes back.
 * 2. Who has the votes of more than half of the MEMBERSHIP leads in that term; so in each term at most one does.
 * 3. Who hears of a newer term leads no more.
 * 4. Whatever a member says or takes follows from its state alone: members are ranks here, time is "the timer has run out".
 */
export interface ElectionState {
  readonly rank: number;
  /** How many members there are, whether they live or not. */
  readonly size: number;
  readonly role: 'follower' | 'candidate' | 'leader';
  /** 0 before the first. */
  readonly term: number;
  /** Who got this member's vote in this term. */
  readonly votedFor: number | undefined;
  /** Who has voted for this member, in this term, while it is a candidate; in order of rank. */
  readonly votes: readonly number[];
  /** Who leads in this term, as far as this member knows. */
  readonly leader: number | undefined;
}

export type ElectionEvent =
  | { readonly type: 'message'; readonly from: number; readonly message: ElectionMessage }
  /** The office that it was to take is not its own: others count votes differently, as for who took a slot over. */
  | { readonly type: 'unseated' }
  /** What the last `await` has waited for: a leader has to beat, anybody else has heard of no leader for too long. */
  | { readonly type: 'timeout' };

export type ElectionAction =
  | { readonly type: 'send'; readonly to: number; readonly message: ElectionMessage }
  | { readonly type: 'broadcast'; readonly message: ElectionMessage }
  /** Sets the only timer anew. */
  | { readonly type: 'await'; readonly what: 'beat' | 'silence' }
  | { readonly type: 'take office'; readonly term: number }
  | { readonly type: 'leave office' };

export interface Stepped {
  readonly state: ElectionState;
  /** In the order in which they have to be done. */
  readonly actions: readonly ElectionAction[];
}

/** A member that knows nothing yet; its timer is set to `silence`. */
export function newMember(rank: number, size: number): ElectionState {
  return { rank, size, role: 'follower', term: 0, votedFor: undefined, votes: [], leader: undefined };
}

export function step(state: ElectionState, event: ElectionEvent): Stepped {
  if (event.type === 'unseated') return { state: { ...state, role: 'follower', votes: [], leader: undefined }, actions: [SILENCE] };
  if (event.type === 'timeout') return state.role === 'leader' ? beat(state) : stand(state);
  const { from, message } = event;
  if (message.term <= state.term) return hear(state, from, message);
  const { state: next, actions } = hear(followerIn(message.term, state), from, message);
  const stepsDown: ElectionAction[] = state.role === 'leader' ? [{ type: 'leave office' }, SILENCE] : state.role === 'candidate' ? [SILENCE] : [];
  return { state: next, actions: [...stepsDown, ...actions] };
}

const SILENCE: ElectionAction = { type: 'await', what: 'silence' };

function followerIn(term: number, { rank, size }: ElectionState): ElectionState {
  return { rank, size, role: 'follower', term, votedFor: undefined, votes: [], leader: undefined };
}

/** A message of this term or an older one. */
function hear(state: ElectionState, from: number, { kind, term }: ElectionMessage): Stepped {
  switch (kind) {
    case 'ask':
      return term < state.term ? refuse(state, from) : vote(state, from);
    case 'beat':
      return term < state.term ? refuse(state, from) : follow(state, from);
    case 'vote':
      return term < state.term || state.role !== 'candidate' ? unmoved(state) : count(state, from);
    case 'refuse':
      return unmoved(state);
  }
}

function unmoved(state: ElectionState): Stepped {
  return { state, actions: [] };
}

/** Who is behind learns of the newest term from it, and stops beating or asking in vain. */
function refuse(state: ElectionState, to: number): Stepped {
  return { state, actions: [{ type: 'send', to, message: { kind: 'refuse', term: state.term } }] };
}

function vote(state: ElectionState, to: number): Stepped {
  if (state.votedFor !== undefined && state.votedFor !== to) return unmoved(state);
  const { term } = state;
  return { state: { ...state, votedFor: to }, actions: [{ type: 'send', to, message: { kind: 'vote', term } }, SILENCE] };
}

function follow(state: ElectionState, leader: number): Stepped {
  // A second leader in one term is a liar: whoever was heard first is followed.
  if (state.role === 'leader' || (state.leader ?? leader) !== leader) return unmoved(state);
  return { state: { ...state, role: 'follower', votes: [], leader }, actions: [SILENCE] };
}

function count(state: ElectionState, from: number): Stepped {
  if (state.votes.includes(from)) return unmoved(state);
  return leadIfElected({ ...state, votes: [...state.votes, from].sort((a, b) => a - b) }, []);
}

function stand({ rank, size, term: before }: ElectionState): Stepped {
  const term = before + 1;
  const state: ElectionState = { rank, size, role: 'candidate', term, votedFor: rank, votes: [rank], leader: undefined };
  return leadIfElected(state, [{ type: 'broadcast', message: { kind: 'ask', term } }, SILENCE]);
}

/** The state of a leader, if a candidate has the votes for it; what a candidate does otherwise. */
function leadIfElected(state: ElectionState, otherwise: readonly ElectionAction[]): Stepped {
  if (state.votes.length * 2 <= state.size) return { state, actions: otherwise };
  const leading: ElectionState = { ...state, role: 'leader', votes: [], leader: state.rank };
  // The office is on record before anybody hears of it.
  return { state: leading, actions: [{ type: 'take office', term: state.term }, ...beat(leading).actions] };
}

function beat(state: ElectionState): Stepped {
  const { term } = state;
  return { state, actions: [{ type: 'broadcast', message: { kind: 'beat', term } }, { type: 'await', what: 'beat' }] };
}
