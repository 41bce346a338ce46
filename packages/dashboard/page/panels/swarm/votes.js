/** Who was voted for, and what was decided. */
import { h } from '../../view/dom.js';
import { briefShown, clock, number, plural } from '../../view/format.js';
import { card, empty, entryLink } from '../../view/parts.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('../../../src/protocol/state.js').SwarmState} SwarmState */
/** @typedef {import('../../../src/protocol/state.js').PollState} PollState */

/** @param {SwarmState} swarm */
export function elections({ terms, seats }) {
  if (terms.length === 0) return null;
  return card('Elections', h('span', { class: 'muted small' }, plural(terms.length, 'term')),
    h('ol', { class: 'plain terms scroll', tabindex: 0, 'aria-label': 'Terms, the newest first' }, [...terms].reverse().map(({ term, votes, leader }) => h('li', { key: term },
      h('div', { class: 'poll-head' }, h('strong', null, `Term ${number(term)}`), leader === null ? h('span', { class: 'chip is-warm' }, 'open') : h('span', { class: 'chip is-good' }, `♛ ${leader}`), h('span', { class: 'muted small' }, `${votes.size} of ${seats.size} votes`)),
      tally([...votes.values()], seats.size), h('p', { class: 'muted small' }, [...votes].map(([slot, candidate]) => `${slot} → ${candidate}`).join(' · '))))));
}

/**
 * @param {readonly string[]} votes
 * @param {number} all
 */
function tally(votes, all) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1);
  return h('div', { class: 'tally' }, [...counts].sort(([, one], [, other]) => other - one).map(([name, count]) => bar(name, { count, all, key: name })));
}

/**
 * @param {string} name
 * @param {{ readonly count: number, readonly all: number, readonly key: string | number, readonly isChosen?: boolean }} options
 */
function bar(name, { count, all, key, isChosen = false }) {
  return h('div', { class: `tally-line${isChosen ? ' is-chosen' : ''}`, key }, h('span', { class: 'clip', title: name }, name), h('span', { class: 'tally-bar', 'aria-hidden': 'true' }, h('span', { style: { width: `${all === 0 ? 0 : (count / all) * 100}%` } })), h('span', { class: 'mono' }, number(count)));
}

/**
 * @param {Context} context
 * @param {SwarmState} swarm
 */
export function polls(context, { polls: all }) {
  return card('Polls', h('span', { class: 'muted small' }, number(all.length)),
    all.length === 0 ? empty('swarm', 'Nothing was asked yet', 'What a chair asks its members shows here, with every answer.')
      : h('ol', { class: 'plain polls scroll', tabindex: 0, 'aria-label': 'Polls, the newest first' }, [...all].reverse().map((poll) => h('li', { key: `${poll.seq}` }, onePoll(context, poll)))));
}

/**
 * @param {Context} context
 * @param {PollState} poll
 */
function onePoll({ ui }, { seq, time, chair, kind, question, options, round, answers, decision }) {
  const given = [...answers.values()].filter((answer) => answer !== null);
  const counts = options.map((_option, index) => given.filter((answer) => answer?.option === index).length);
  const most = Math.max(0, ...counts);
  return [
    h('div', { class: 'poll-head' }, h('strong', { class: 'poll-question' }, briefShown(question, 200)), outcome(decision)),
    h('p', { class: 'muted small' }, entryLink(ui, seq), ` ${clock(time)} · ${kind === 'vote' ? `vote, round ${round}` : 'proposals'} · chair ${chair} · ${given.length} of ${answers.size} answered`),
    kind === 'vote' ? h('div', { class: 'tally' }, options.map((option, index) => bar(briefShown(option, 80), { count: counts[index] ?? 0, all: answers.size, key: index, isChosen: decision?.isDecided === true && counts[index] === most && most > 0 }))) : null,
    h('ul', { class: 'answers' }, [...answers].map(([agent, answer]) => h('li', { key: agent, class: answer === null ? 'is-open' : `is-${answer.kind}` }, h('span', { class: 'clip' }, agent), h('span', { class: 'clip' }, answerText(answer, options))))),
  ];
}

/**
 * @param {{ readonly kind: string, readonly option: number | null, readonly proposal: import('../../../src/protocol/state.js').ShownValue | null } | null} answer
 * @param {PollState['options']} options
 */
function answerText(answer, options) {
  if (answer === null) return '…';
  if (answer.kind === 'proposal') return briefShown(answer.proposal, 60);
  if (answer.kind === 'vote') return answer.option === null ? 'none' : briefShown(options[answer.option] ?? null, 60);
  return answer.kind;
}

/** @param {PollState['decision']} decision */
function outcome(decision) {
  if (decision === null) return h('span', { class: 'chip is-warm' }, 'open');
  return decision.isDecided ? h('span', { class: 'chip is-good', title: briefShown(decision.value, 300) }, `decided: ${briefShown(decision.value, 40)}`) : h('span', { class: 'chip' }, 'not decided');
}
