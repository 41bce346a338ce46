import { step, type ElectionEvent, type ElectionState, type Stepped } from '../../src/election/index.js';
import type { Machine } from './world.js';

export const TWO_LED = /two have led/;
export const NO_LEADER = /no leader/;

/** Machines with one mistake each, as somebody could make it, and what the explorer says of each. */
export const MUTANTS: Readonly<Record<string, { readonly machine: Machine; readonly finds: RegExp; readonly world?: { readonly size: number; readonly elections: number } }>> = {
  'votes for whoever asks, again and again': {
    machine: (state, event) => step(kindOf(event) === 'ask' && state.role === 'follower' ? { ...state, votedFor: undefined } : state, event),
    finds: TWO_LED,
  },
  'votes for others though it stands itself': {
    machine: (state, event) => (kindOf(event) === 'ask' && state.role === 'candidate' ? keep(state, step({ ...state, votedFor: undefined }, event)) : step(state, event)),
    finds: TWO_LED,
  },
  'counts a majority of those who have answered': {
    machine: (state, event) => restored(state, step({ ...state, size: Math.max(2, state.votes.length + 1) }, event)),
    finds: TWO_LED,
    world: { size: 5, elections: 2 },
  },
  'leads with half of the votes': {
    machine: (state, event) => restored(state, step({ ...state, size: state.size - 1 }, event)),
    finds: TWO_LED,
    world: { size: 4, elections: 2 },
  },
  'takes votes of a term that is over': {
    machine: (state, event) => step(state, event.type === 'message' && event.message.kind === 'vote' ? { ...event, message: { kind: 'vote', term: state.term } } : event),
    finds: TWO_LED,
    world: { size: 3, elections: 3 },
  },
  'goes on leading in a term that is over': {
    machine: (state, event) => (event.type === 'message' && state.role === 'leader' && event.message.term > state.term ? { state, actions: [] } : step(state, event)),
    finds: NO_LEADER,
  },
  'asks again in the same term': {
    machine: (state, event) => step(event.type === 'timeout' && state.role === 'candidate' ? { ...state, term: state.term - 1 } : state, event),
    finds: NO_LEADER,
  },
  'stands only once': {
    machine: (state, event) => (event.type === 'timeout' && state.role === 'candidate' ? { state, actions: [] } : step(state, event)),
    finds: NO_LEADER,
  },
  'does not wait for anybody': {
    machine: (state, event) => restored(state, step({ ...state, size: 1 }, event)),
    finds: TWO_LED,
  },
  'tells nobody that it leads': {
    machine: (state, event) => silenced(step(state, event), 'beat'),
    finds: NO_LEADER,
  },
};

function kindOf(event: ElectionEvent): string | undefined {
  return event.type === 'message' ? event.message.kind : undefined;
}

function restored({ size }: ElectionState, { state, actions }: Stepped): Stepped {
  return { state: { ...state, size }, actions };
}

function keep(before: ElectionState, { state, actions }: Stepped): Stepped {
  return { state: { ...state, votedFor: before.votedFor }, actions };
}

function silenced({ state, actions }: Stepped, kind: string): Stepped {
  return { state, actions: actions.filter((action) => !('message' in action) || action.message.kind !== kind) };
}
