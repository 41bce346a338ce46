import { describe, expect, it } from 'vitest';
import { electionMessageOf, MAX_TERM, newMember, officeTermOf, step, type ElectionAction, type ElectionEvent, type ElectionMessage, type ElectionState } from '../../src/election/index.js';

const TIMEOUT: ElectionEvent = { type: 'timeout' };

function says(from: number, kind: ElectionMessage['kind'], term: number): ElectionEvent {
  return { type: 'message', from, message: { kind, term } };
}

/** A member of five, after some events; with what it did at the last of them. */
function after(...events: readonly ElectionEvent[]): ElectionState & { readonly did: string[] } {
  let state = newMember(0, 5);
  let actions: readonly ElectionAction[] = [];
  for (const event of events) ({ state, actions } = step(state, event));
  return { ...state, did: actions.map(told) };
}

function told(action: ElectionAction): string {
  switch (action.type) {
    case 'send': return `${action.message.kind} ${String(action.message.term)} to ${String(action.to)}`;
    case 'broadcast': return `${action.message.kind} ${String(action.message.term)}`;
    case 'await': return `await ${action.what}`;
    case 'take office': return `take office ${String(action.term)}`;
    case 'leave office': return action.type;
  }
}

describe('a member', () => {
  it('that hears of no leader asks all for their votes, in the next term', () => {
    expect(after(TIMEOUT)).toMatchObject({ role: 'candidate', term: 1, votedFor: 0, did: ['ask 1', 'await silence'] });
    expect(after(TIMEOUT, TIMEOUT)).toMatchObject({ role: 'candidate', term: 2, votes: [0], did: ['ask 2', 'await silence'] });
  });

  it('leads with the votes of more than half, having taken the office before it says so', () => {
    expect(after(TIMEOUT, says(1, 'vote', 1)).role).toBe('candidate');
    expect(after(TIMEOUT, says(1, 'vote', 1), says(4, 'vote', 1))).toMatchObject({ role: 'leader', leader: 0, did: ['take office 1', 'beat 1', 'await beat'] });
  });

  it('counts a vote that is said twice once, and one of another term not at all', () => {
    expect(after(TIMEOUT, says(1, 'vote', 1), says(1, 'vote', 1))).toMatchObject({ role: 'candidate', votes: [0, 1], did: [] });
    expect(after(TIMEOUT, TIMEOUT, says(1, 'vote', 2), says(2, 'vote', 1))).toMatchObject({ role: 'candidate', votes: [0, 1], did: [] });
  });

  it('has one vote a term, which it says again to who asks again', () => {
    expect(after(says(3, 'ask', 1)).did).toEqual(['vote 1 to 3', 'await silence']);
    expect(after(says(3, 'ask', 1), says(2, 'ask', 1))).toMatchObject({ votedFor: 3, did: [] });
    expect(after(says(3, 'ask', 1), says(3, 'ask', 1)).did).toEqual(['vote 1 to 3', 'await silence']);
    expect(after(says(3, 'ask', 1), says(2, 'ask', 2)).did).toEqual(['vote 2 to 2', 'await silence']);
  });

  it('tells who is behind in which term it is', () => {
    expect(after(says(3, 'ask', 7), says(2, 'ask', 6)).did).toEqual(['refuse 7 to 2']);
    expect(after(says(3, 'ask', 7), says(2, 'beat', 6)).did).toEqual(['refuse 7 to 2']);
    expect(after(TIMEOUT, says(2, 'refuse', 7))).toMatchObject({ role: 'follower', term: 7, did: ['await silence'] });
  });

  it('that leads gives the office up when it hears of a newer term, whoever says so', () => {
    const led = [TIMEOUT, says(1, 'vote', 1), says(2, 'vote', 1)] as const;
    for (const kind of ['ask', 'beat', 'refuse', 'vote'] as const) expect(after(...led, says(3, kind, 2))).toMatchObject({ role: 'follower', term: 2 });
    expect(after(...led, says(3, 'beat', 2)).did.slice(0, 2)).toEqual(['leave office', 'await silence']);
    expect(after(...led, says(3, 'beat', 1))).toMatchObject({ role: 'leader', did: [] });
  });

  it('follows the first leader that it hears in a term, and no other', () => {
    expect(after(says(3, 'beat', 1), says(2, 'beat', 1))).toMatchObject({ leader: 3, did: [] });
    expect(after(TIMEOUT, says(3, 'beat', 1))).toMatchObject({ role: 'follower', leader: 3, did: ['await silence'] });
  });

  it('whose office is refused leads nobody, and keeps its vote', () => {
    expect(after(TIMEOUT, says(1, 'vote', 1), says(2, 'vote', 1), { type: 'unseated' })).toMatchObject({ role: 'follower', leader: undefined, term: 1, votedFor: 0, did: ['await silence'] });
  });
});

describe('the word of a member', () => {
  it.each<unknown>([null, 'ask', [], {}, { kind: 'ask' }, { kind: 'rule', term: 1 }, { kind: 'ask', term: 0 }, { kind: 'ask', term: 1.5 }, { kind: 'ask', term: '1' }, { kind: 'ask', term: MAX_TERM + 1 }, { kind: 'ask', term: NaN }])('is not %o', (body) => {
    expect(electionMessageOf(body)).toBeUndefined();
  });

  it('is what it says of a term, and nothing more', () => {
    expect(electionMessageOf({ kind: 'beat', term: 3, more: 1 })).toEqual({ kind: 'beat', term: 3 });
    expect([officeTermOf({ term: 3 }), officeTermOf({ term: 0 }), officeTermOf(null)]).toEqual([3, undefined, undefined]);
  });
});
