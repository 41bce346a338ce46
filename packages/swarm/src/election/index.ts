/** Who leads: Raft's election without its log, as messages between the members of a swarm. */
export { electionMessageOf, MAX_TERM, officeOf, officeTermOf, type ElectionMessage, type Office } from './messages.js';
