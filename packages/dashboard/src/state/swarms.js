/** Swarms: who sits where, who voted for whom, and what was decided. What members say is read from what is on record. */
import { fieldsOf, numberOf, textOf } from './fields.js';
import { foldPoll } from './polls.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/state.js').AgentState} AgentState */
/** @typedef {import('../protocol/state.js').SwarmState} SwarmState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_TERMS = 50;

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
export function foldSwarm(state, agent, entry) {
  if (entry.kind === 'AGENT_SPAWNED') seat(state, agent);
  if (agent.swarm === null) return;
  const swarm = state.swarms.get(agent.swarm);
  if (swarm === undefined) return;
  const { kind, data } = entry;
  if (kind === 'MESSAGE_SENT') say(swarm, agent, entry);
  else if (kind === 'MEMORY_SET' && data['key'] === `swarm/${swarm.id}/office`) takeOffice(swarm, agent, data['value']);
  else if (kind === 'MEMORY_DELETED' && data['key'] === `swarm/${swarm.id}/office`) swarm.offices.delete(agent.id);
  else if (kind === 'AGENT_TERMINATED') swarm.offices.delete(agent.id);
  else if (kind === 'SHARED_WRITTEN' && data['namespace'] === `swarm-${swarm.id}` && data['key'] === 'plan') plan(swarm, data['value']);
}

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 */
function seat(state, { id, swarm: name, slot }) {
  if (name === null || slot === null) return;
  const swarm = state.swarms.get(name) ?? openSwarm(name);
  state.swarms.set(name, swarm);
  if (id === name) {
    swarm.coordinator = id;
    return;
  }
  const known = swarm.seats.get(slot);
  if (known === undefined) swarm.seats.set(slot, { slot, agents: [id] });
  else known.agents.push(id);
}

/**
 * @param {string} id
 * @returns {SwarmState}
 */
function openSwarm(id) {
  return { id, coordinator: null, strategy: null, tasks: null, seats: new Map(), terms: [], polls: [], offices: new Map() };
}

/**
 * @param {SwarmState} swarm
 * @param {unknown} value
 */
function plan(swarm, value) {
  const { strategy, tasks } = fieldsOf(value);
  swarm.strategy = textOf(strategy);
  swarm.tasks = numberOf(tasks);
}

/**
 * @param {SwarmState} swarm
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
function say(swarm, agent, entry) {
  const { channel, to, body } = entry.data;
  const prefix = `swarm/${swarm.id}/`;
  if (typeof channel !== 'string' || typeof to !== 'string' || !channel.startsWith(prefix)) return;
  const topic = channel.slice(prefix.length);
  if (topic === 'election') vote(swarm, agent, { to, body });
  else if (topic === 'vote' || topic === 'answer') foldPoll(swarm, agent, entry);
}

/**
 * A vote is for its receiver, and who asks for votes has voted for itself.
 * @param {SwarmState} swarm
 * @param {AgentState} agent
 * @param {{ readonly to: string, readonly body: unknown }} word
 */
function vote(swarm, { id, slot }, { to, body }) {
  const word = fieldsOf(body);
  const { kind, term } = word['kind'] === 'say' ? fieldsOf(word['body']) : word;
  if (slot === null || typeof term !== 'number' || swarm.seats.get(slot)?.agents.at(-1) !== id) return;
  if (kind === 'vote') cast(swarm, term, { slot, candidate: to });
  else if (kind === 'ask') cast(swarm, term, { slot, candidate: id });
}

/**
 * A slot has one vote a term: the first that is on record.
 * @param {SwarmState} swarm
 * @param {number} term
 * @param {{ readonly slot: string, readonly candidate: string }} ballot
 */
function cast(swarm, term, { slot, candidate }) {
  const found = termOf(swarm, term);
  if (found.votes.has(slot)) return;
  found.votes.set(slot, candidate);
  let votes = 0;
  for (const other of found.votes.values()) if (other === candidate) votes++;
  if (votes * 2 > swarm.seats.size) found.leader ??= candidate;
}

/**
 * @param {SwarmState} swarm
 * @param {AgentState} agent
 * @param {unknown} value
 */
function takeOffice(swarm, { id, slot }, value) {
  const term = numberOf(fieldsOf(value)['term']);
  if (term === null) return;
  swarm.offices.set(id, term);
  // Who takes the office has voted for itself, even if there was nobody to be told of it.
  if (slot !== null && swarm.seats.get(slot)?.agents.at(-1) === id) cast(swarm, term, { slot, candidate: id });
}

/**
 * @param {SwarmState} swarm
 * @param {number} term
 * @returns {SwarmState['terms'][number]}
 */
function termOf({ terms }, term) {
  const known = terms.find((one) => one.term === term);
  if (known !== undefined) return known;
  const found = { term, votes: new Map(), leader: null };
  terms.push(found);
  terms.sort((one, other) => one.term - other.term);
  if (terms.length > MAX_TERMS) terms.shift();
  return found;
}
