/** Who leads: Raft's election without its log, as messages between the members of a swarm. */
export { Election, type ElectionOptions, type Leadership } from './election.js';
export { electionMessageOf, MAX_TERM, officeOf, officeTermOf, type ElectionMessage, type Office } from './messages.js';
export { newMember, step, type ElectionAction, type ElectionEvent, type ElectionState, type Stepped } from './machine.js';
