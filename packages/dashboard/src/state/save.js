/** The state as JSON, and back: of each map its pairs, since the order of keys in objects is not that of maps. */
import { createState } from './create.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/state.js').SavedState} SavedState */
/** @typedef {Record<string, any>} Plain */

/**
 * @param {DashboardState} state
 * @returns {SavedState}
 */
export function saveState(state) {
  const { agents, shared, lifecycle, kinds, edges, swarms, approvals, mail } = state;
  return /** @type {any} */ ({
    ...state,
    agents: [...agents.values()].map((agent) => ({ ...agent, limits: [...agent.limits], memory: [...agent.memory] })),
    shared: [...shared].map(([namespace, keys]) => [namespace, [...keys]]),
    lifecycle: { counts: [...lifecycle.counts], taken: [...lifecycle.taken] },
    kinds: [...kinds],
    edges: [...edges.values()],
    swarms: [...swarms.values()].map(saveSwarm),
    approvals: [...approvals.values()],
    mail: [...mail].map(([agent, letters]) => [agent, [...letters]]),
  });
}

/**
 * @param {import('../protocol/state.js').SwarmState} swarm
 * @returns {Plain}
 */
function saveSwarm(swarm) {
  return {
    ...swarm,
    seats: [...swarm.seats.values()],
    terms: swarm.terms.map((term) => ({ ...term, votes: [...term.votes] })),
    polls: swarm.polls.map((poll) => ({ ...poll, answers: [...poll.answers] })),
    offices: [...swarm.offices],
  };
}

/**
 * A state of its own, which shares nothing that can change with what it was made of if that came out of JSON.
 * @param {SavedState} saved
 * @returns {DashboardState}
 */
export function loadState(saved) {
  const plain = /** @type {Plain} */ (saved);
  return {
    ...createState(),
    ...plain,
    agents: new Map(plain['agents'].map((/** @type {Plain} */ agent) => [agent['id'], { ...agent, limits: new Map(agent['limits']), memory: new Map(agent['memory']) }])),
    shared: new Map(plain['shared'].map((/** @type {[string, any]} */ [namespace, keys]) => [namespace, new Map(keys)])),
    lifecycle: { counts: new Map(plain['lifecycle'].counts), taken: new Map(plain['lifecycle'].taken) },
    kinds: new Map(plain['kinds']),
    edges: new Map(plain['edges'].map((/** @type {Plain} */ edge) => [JSON.stringify([edge['from'], edge['to'], edge['channel']]), edge])),
    swarms: new Map(plain['swarms'].map((/** @type {Plain} */ swarm) => [swarm['id'], loadSwarm(swarm)])),
    approvals: new Map(plain['approvals'].map((/** @type {Plain} */ approval) => [approval['id'], approval])),
    mail: new Map(plain['mail'].map((/** @type {[string, any]} */ [agent, letters]) => [agent, new Map(letters)])),
  };
}

/**
 * @param {Plain} swarm
 * @returns {Plain}
 */
function loadSwarm(swarm) {
  return {
    ...swarm,
    seats: new Map(swarm['seats'].map((/** @type {Plain} */ seat) => [seat['slot'], seat])),
    terms: swarm['terms'].map((/** @type {Plain} */ term) => ({ ...term, votes: new Map(term['votes']) })),
    polls: swarm['polls'].map((/** @type {Plain} */ poll) => ({ ...poll, answers: new Map(poll['answers']) })),
    offices: new Map(swarm['offices']),
  };
}
