/** What a chair asks, what members answer, and what they are told came out. */
import { fieldsOf, numberOf, pushNewest, shown, textOf } from './fields.js';

/** @typedef {import('../protocol/state.js').AgentState} AgentState */
/** @typedef {import('../protocol/state.js').SwarmState} SwarmState */
/** @typedef {import('../protocol/state.js').PollState} PollState */
/** @typedef {import('../protocol/messages.js').StoredEntry} StoredEntry */

const MAX_POLLS = 30;
const MAX_OPTIONS = 50;

/**
 * @param {SwarmState} swarm
 * @param {AgentState} agent
 * @param {StoredEntry} entry
 */
export function foldPoll(swarm, agent, entry) {
  const { kind, body } = fieldsOf(entry.data['body']);
  const to = textOf(entry.data['to']) ?? '';
  const word = fieldsOf(body);
  if (kind === 'ask') ask(swarm, { chair: agent.id, to, word, entry });
  else if (kind === 'answer') answer(swarm, { chair: to, from: agent.id, word, seq: entry.busSeq });
  else if (kind === 'say' && word['kind'] === 'close') close(swarm, agent.id, { seq: entry.busSeq, decision: fieldsOf(word['decision']) });
}

/**
 * The same question goes to each member in a message of its own.
 * @param {SwarmState} swarm
 * @param {{ readonly chair: string, readonly to: string, readonly word: Readonly<Record<string, unknown>>, readonly entry: StoredEntry }} asked
 */
function ask({ polls }, { chair, to, word, entry: { busSeq: seq, time } }) {
  const { kind, question, options, round } = word;
  if (kind !== 'propose' && kind !== 'vote') return;
  const number = numberOf(round) ?? 0;
  let poll = openOf(polls, chair);
  if (poll === undefined || poll.kind !== kind || poll.round !== number || poll.answers.has(to)) {
    const choices = Array.isArray(options) ? options.slice(0, MAX_OPTIONS).map((option) => shown(option, seq)) : [];
    poll = { seq, time, chair, kind, question: shown(question, seq), options: choices, round: number, answers: new Map(), decision: null };
    pushNewest(polls, poll, MAX_POLLS);
  }
  poll.answers.set(to, null);
}

/**
 * @param {SwarmState} swarm
 * @param {{ readonly chair: string, readonly from: string, readonly word: Readonly<Record<string, unknown>>, readonly seq: number }} answered
 */
function answer({ polls }, { chair, from, word: { kind, option, proposal }, seq }) {
  const poll = openOf(polls, chair);
  if (poll?.answers.get(from) !== null) return;
  const known = kind === 'abstain' || kind === 'vote' || kind === 'proposal' ? kind : 'other';
  poll.answers.set(from, { seq, kind: known, option: numberOf(option), proposal: proposal === undefined ? null : shown(proposal, seq) });
}

/**
 * All rounds of a chair that are open come to the same.
 * @param {SwarmState} swarm
 * @param {string} chair
 * @param {{ readonly seq: number, readonly decision: Readonly<Record<string, unknown>> }} closed
 */
function close({ polls }, chair, { seq, decision: { isDecided, value } }) {
  for (const poll of polls) {
    if (poll.chair !== chair || poll.decision !== null) continue;
    poll.decision = { seq, isDecided: isDecided === true, value: value === undefined ? null : shown(value, seq) };
  }
}

/**
 * @param {readonly PollState[]} polls
 * @param {string} chair
 * @returns {PollState | undefined}
 */
function openOf(polls, chair) {
  for (let index = polls.length - 1; index >= 0; index--) {
    const poll = polls[index];
    if (poll?.chair === chair) return poll.decision === null ? poll : undefined;
  }
  return undefined;
}
