/** Who writes to whom: an edge for all messages of one sender to one receiver on one channel. */
import { fieldsOf, numberOf, textOf } from './fields.js';

/** @typedef {import('../protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_EDGES = 5_000;

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
export function foldMessage(state, entry) {
  const { kind, agent, data } = entry;
  if (kind === 'MESSAGE_SENT') sent(state, entry);
  else if (agent === null) return;
  else if (kind === 'MESSAGE_RECEIVED') received(state, agent, numberOf(data['message']) ?? -1);
  else if (kind === 'AGENT_TERMINATED') {
    state.mail.delete(agent);
    const ended = state.agents.get(agent);
    if (ended !== undefined) ended.mailboxSize = 0;
  }
}

/**
 * @param {DashboardState} state
 * @param {StoredEntry} entry
 */
function sent(state, { busSeq, agent, data }) {
  const [to, channel] = [textOf(data['to']) ?? '', textOf(data['channel']) ?? ''];
  const from = senderOf(agent, data['body']);
  const name = JSON.stringify([from, to, channel]);
  const edge = state.edges.get(name) ?? (state.edges.size < MAX_EDGES ? { from, to, channel, sent: 0, received: 0, lastSeq: busSeq } : undefined);
  if (edge === undefined) state.otherMessages++;
  else {
    edge.sent++;
    edge.lastSeq = busSeq;
    state.edges.set(name, edge);
  }
  const sender = agent === null ? undefined : state.agents.get(agent);
  if (sender !== undefined) sender.used.messagesSent++;
  const receiver = state.agents.get(to);
  if (receiver === undefined) return;
  receiver.mailboxSize++;
  let mail = state.mail.get(to);
  if (mail === undefined) state.mail.set(to, (mail = new Map()));
  mail.set(busSeq, name);
}

/**
 * An agent of another kernel writes through nobody of this one, and is named in the body.
 * @param {string | null} agent
 * @param {unknown} body
 * @returns {string | null}
 */
export function senderOf(agent, body) {
  if (agent !== null) return agent;
  const { kind, from } = fieldsOf(body);
  return kind === 'remote' && typeof from === 'string' && from.includes('/') ? from : null;
}

/**
 * @param {DashboardState} state
 * @param {string} agent
 * @param {number} message
 */
function received(state, agent, message) {
  const mail = state.mail.get(agent);
  const name = mail?.get(message);
  if (mail === undefined || name === undefined) return;
  mail.delete(message);
  const edge = state.edges.get(name);
  if (edge !== undefined) edge.received++;
  const receiver = state.agents.get(agent);
  if (receiver === undefined) return;
  receiver.mailboxSize--;
  receiver.used.messagesReceived++;
}
