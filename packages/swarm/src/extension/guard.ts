import type { EntryCatalogue, Guard, GuardVerdict, OmniError, Proposal } from '@omnipaw/kernel';
import { officeTermOf } from '../election/index.js';
import { swarmError } from '../errors.js';
import { addressOf } from '../names.js';
import { outgoingIn, type Outgoing } from '../remote/index.js';
import { electionMessageIn, isOffice, seatIn, voteIn, type Place, type SwarmLedger, type Vote } from './ledger.js';

/**
 * Holds the members of swarms to the rules of their elections, by what is on record and nothing else.
 *
 * 1. A slot votes once a term (`VOTED_ALREADY`), also when another agent has it by now.
 * 2. Nobody takes the office of a leader, or speaks as one, who was not elected by more than half of the slots (`NOT_ELECTED`).
 * 3. Who holds the office of a term that is over does nothing any more but give it up, and vote (`STALE_TERM`).
 * 4. Nobody votes or takes an office before it is on record which slots vote (`NO_ELECTORATE`): else a few who came first would do.
 * 5. Nobody speaks of terms that the swarm is nowhere near (`TERM_TOO_FAR`): there would soon be none left to elect anybody in.
 */
export class SwarmGuard implements Guard {
  readonly #ledger: SwarmLedger;

  constructor(ledger: SwarmLedger) {
    this.#ledger = ledger;
  }

  review(proposal: Proposal): GuardVerdict | undefined {
    const actor = proposal.kind === 'AGENT_SPAWNED' ? proposal.data.parent : proposal.agent;
    if (actor === null) return undefined;
    const error = this.#problemOf(proposal, actor);
    return error === undefined ? undefined : { verdict: 'refuse', error };
  }

  #problemOf(proposal: Proposal, actor: string): OmniError | undefined {
    const place = this.#ledger.placeOf(actor);
    switch (proposal.kind) {
      case 'MESSAGE_SENT':
        return wordProblem(proposal.data, actor, place);
      case 'TOOL_CALLED':
        return wordProblem(outgoingIn(proposal.data) ?? NO_WORD, actor, place);
      case 'MEMORY_SET':
        return addressOf(proposal.data.key)?.topic === 'office' ? officeProblem(proposal.data, actor, place) : staleness(actor, place);
      case 'MEMORY_DELETED':
        return place !== undefined && isOffice(place, proposal.data.key) ? undefined : staleness(actor, place);
      case 'AGENT_SPAWNED':
      case 'SHARED_WRITTEN':
        return staleness(actor, place);
      default:
        return undefined;
    }
  }
}

/** In how many terms at the most somebody stands for election without a word of it on record, as while all mailboxes are full. */
const FARTHEST = 1_000_000;

/** For a call that is no word to anybody. */
const NO_WORD: Outgoing = Object.freeze({ to: '', channel: '', body: null });

/** What is wrong with a word to somebody here or elsewhere. */
function wordProblem(word: Outgoing, agent: string, place: Place | undefined): OmniError | undefined {
  return addressOf(word.channel)?.topic === 'election' ? electionProblem(word, agent, place) : staleness(agent, place);
}

/** What is wrong with a word in an election. */
function electionProblem({ to, channel, body }: Outgoing, agent: string, place: Place | undefined): OmniError | undefined {
  const message = electionMessageIn(body);
  if (message === undefined) return undefined;
  const { swarm } = addressOf(channel)!;
  const own = place?.record.swarm === swarm ? place : undefined;
  if (message.kind === 'beat') return own?.record.officeOf(agent) === message.term ? undefined : notElected(agent, swarm, message.term);
  // Nobody takes the word of somebody who has no slot.
  if (own === undefined) return undefined;
  if (message.term > own.record.newestTerm + FARTHEST) return termTooFar(own, message.term);
  const vote = voteIn(message, { agent, to });
  return vote === undefined ? undefined : voteProblem(vote, agent, own);
}

/** What is wrong with a vote. */
function voteProblem(vote: Vote, agent: string, place: Place): OmniError | undefined {
  if (place.record.size === 0) return noElectorate(place);
  const seat = seatIn(place.record, place, agent);
  // The vote of somebody who has none counts for nothing, whoever believes in it.
  if (seat === undefined) return undefined;
  const before = seat.record.ballots.voteOf(vote.term, seat.slot);
  return before === undefined || before === vote.candidate ? undefined : votedAlready(seat, { ...vote, before });
}

/** What is wrong with taking an office. */
function officeProblem({ key, value }: EntryCatalogue['MEMORY_SET'], agent: string, place: Place | undefined): OmniError | undefined {
  const { swarm } = addressOf(key)!;
  const term = officeTermOf(value);
  const own = place !== undefined && isOffice(place, key) ? place : undefined;
  if (own?.record.size === 0) return noElectorate(own);
  const seat = own === undefined ? undefined : seatIn(own.record, own, agent);
  if (term === undefined || seat === undefined) return notElected(agent, swarm, term);
  const { ballots, size } = seat.record;
  if (!ballots.isElected(term, { slot: seat.slot, agent, size })) return notElected(agent, swarm, term);
  return term < ballots.newestElected ? staleTerm(agent, seat, term) : undefined;
}

/** What keeps an agent from acting: an office that is not its own any more. */
function staleness(agent: string, place: Place | undefined): OmniError | undefined {
  const term = place?.record.officeOf(agent);
  if (place === undefined || term === undefined) return undefined;
  const { record, slot } = place;
  return term < record.ballots.newestElected || record.holderOf(slot) !== agent ? staleTerm(agent, place, term) : undefined;
}

function noElectorate({ record: { swarm }, slot }: Place): OmniError {
  return swarmError('NO_ELECTORATE', `Nobody has said which slots of swarm "${swarm}" vote, and so nobody knows what a majority of them is. Start its first member with membership("${swarm}", "${slot}", { slots }), where "slots" has all of them.`, { details: { swarm } });
}

function termTooFar({ record: { swarm, newestTerm } }: Place, term: number): OmniError {
  return swarmError('TERM_TOO_FAR', `Term ${term} is nowhere near those that swarm "${swarm}" has been in, of which ${newestTerm} is the newest. Who stands for election takes the one after the newest that it has heard of.`, { details: { swarm, term, newest: newestTerm } });
}

function votedAlready({ record: { swarm }, slot }: Place, { term, candidate, before }: { readonly term: number; readonly candidate: string; readonly before: string }): OmniError {
  return swarmError('VOTED_ALREADY', `Slot "${slot}" of swarm "${swarm}" has voted for "${before}" in term ${term}, and can not vote for "${candidate}" as well. Wait for the next term.`, { details: { swarm, slot, term, candidate, votedFor: before } });
}

function notElected(agent: string, swarm: string, term: number | undefined): OmniError {
  const what = term === undefined ? 'an office without a term' : `term ${term}`;
  return swarmError('NOT_ELECTED', `Agent "${agent}" does not lead swarm "${swarm}" in ${what}: more than half of its slots would have to have voted for it, on record, and it would have to have taken the office.`, { details: { swarm, agent, ...(term === undefined ? {} : { term }) } });
}

function staleTerm(agent: string, { record, slot }: Place, term: number): OmniError {
  const { swarm, ballots } = record;
  const newest = ballots.newestElected;
  const why = term < newest ? `in term ${newest} another one was elected` : `its slot "${slot}" is that of "${record.holderOf(slot) ?? 'nobody'}" now`;
  return swarmError('STALE_TERM', `Agent "${agent}" holds the office of term ${term} in swarm "${swarm}", and ${why}. It can do nothing but give the office up, by deleting the key of it.`, { details: { swarm, agent, term, newest } });
}
