/** Memory, persistent and shared: of each key the value that it has, and how often it was written. */
import { numberOf, shown, textOf } from './fields.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/state.js').AgentState} AgentState */
/** @typedef {import('../protocol/state.js').KeyState} KeyState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
export function foldMemory(state, agent, entry) {
  const { kind, data } = entry;
  const key = textOf(data['key']);
  if (key === null) return;
  if (kind === 'MEMORY_SET') set(agent, key, entry);
  else if (kind === 'MEMORY_DELETED') remove(agent, key, entry);
  else if (kind === 'SHARED_WRITTEN') share(state, agent, entry);
}

/**
 * @param {AgentState} agent
 * @param {string} key
 * @param {StoredEntry} entry
 */
function set(agent, key, { busSeq, time, data }) {
  const before = agent.memory.get(key);
  if (before === undefined || before.isDeleted === true) agent.used.memoryKeys++;
  agent.memory.set(key, { ...shown(data['value'], busSeq), time, by: agent.id, version: (before?.version ?? 0) + 1 });
}

/**
 * @param {AgentState} agent
 * @param {string} key
 * @param {StoredEntry} entry
 */
function remove(agent, key, { busSeq: seq, time }) {
  const before = agent.memory.get(key);
  if (before === undefined || before.isDeleted === true) return;
  agent.used.memoryKeys--;
  agent.memory.set(key, { seq, time, by: agent.id, version: before.version + 1, isDeleted: true });
}

/**
 * A value of shared memory is that of who wrote it last.
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
function share(state, agent, { busSeq, time, data }) {
  const [namespace, key] = [textOf(data['namespace']) ?? '', textOf(data['key']) ?? ''];
  let keys = state.shared.get(namespace);
  if (keys === undefined) state.shared.set(namespace, (keys = new Map()));
  const before = keys.get(key);
  if (before !== undefined) {
    const writer = state.agents.get(before.by);
    if (writer !== undefined) writer.used.memoryKeys--;
  }
  agent.used.memoryKeys++;
  keys.set(key, { ...shown(data['value'], busSeq), time, by: agent.id, version: numberOf(data['version']) ?? (before?.version ?? 0) + 1 });
}
