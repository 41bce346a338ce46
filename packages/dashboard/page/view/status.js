/** How things stand with the connection, the chain and the moment that is shown. */
import { h } from './dom.js';
import { duration, moment, number } from './format.js';
import { icon } from './icons.js';
import { button } from './parts.js';

/** @typedef {import('../app.js').Context} Context */

/** @type {Readonly<Record<string, string>>} */
const LOGS = { loading: 'Loading', live: 'Live', ended: 'Ended', broken: 'Log broken' };

/** @param {Context} context */
export function linkChip({ store }) {
  const { link, head, isBehind } = store;
  const status = link.state.status;
  if (status === 'waiting') return statusChip('is-bad', `Reconnecting in ${secondsTo(link.state.retryAt)}`);
  if (status === 'refused') return statusChip('is-bad', 'Refused');
  if (status === 'connecting') return statusChip('is-warm', 'Connecting');
  const log = head?.log ?? 'loading';
  if (isBehind && log === 'live') return statusChip('is-warm', 'Catching up');
  return statusChip(log === 'live' ? 'is-good is-live' : log === 'broken' ? 'is-bad' : log === 'loading' ? 'is-warm' : '', LOGS[log] ?? log);
}

/** @param {Context} context */
export function integrityChip({ store, ui }) {
  const { integrity } = store;
  const [tone = '', text = ''] = integrity.broken !== null ? ['is-bad', `Broken at ${number(integrity.broken.busSeq)}`]
    : integrity.isWhole ? ['is-good', 'Verified'] : integrity.isAuditing ? ['is-warm', 'Verifying'] : ['', 'Verified since here'];
  return h('button', { type: 'button', class: `status status-integrity ${tone}`, 'aria-label': text, onclick: () => { ui.go({ panel: 'integrity' }); } }, icon('integrity'), h('span', null, text));
}

/**
 * @param {string} tone
 * @param {string} text
 */
function statusChip(tone, text) {
  return h('span', { class: `status status-link ${tone}`, role: 'status' }, h('span', { class: 'dot', 'aria-hidden': 'true' }), h('span', null, text));
}

/** @param {number} at of `performance.now()` */
function secondsTo(at) {
  return `${Math.max(0, Math.ceil((at - performance.now()) / 1_000))} s`;
}

/**
 * What must not be overlooked.
 * @param {Context} context
 */
export function notices(context) {
  return h('div', { class: 'notices', 'aria-live': 'polite' }, staleNotice(context), pastNotice(context), brokenNotice(context), problemNotice(context));
}

/** @param {Context} context */
function staleNotice({ store }) {
  if (!store.isStale) return null;
  const { link } = store;
  const why = link.state.status === 'waiting' || link.state.status === 'refused' ? link.state.why : 'Connecting.';
  return h('div', { class: 'notice is-bad', key: 'stale' }, icon('warning'),
    h('p', null, h('strong', null, 'What you see is stale. '), `${why} Last heard ${duration(performance.now() - link.heardAt)} ago.`),
    link.state.status === 'waiting' ? button('Connect now', () => { link.connectNow(); }) : null);
}

/** @param {Context} context */
function pastNotice({ store }) {
  const { past } = store;
  if (past.at === null) return null;
  const when = past.state === null ? '' : `, ${moment(past.state.time)}`;
  return h('div', { class: 'notice is-past', key: 'past' }, icon('timeline'),
    h('p', null, past.failure === null ? null : h('strong', null, `${past.failure} `), past.isLoading ? 'Going to ' : 'All panels show how it was after ', h('strong', null, `entry ${number(past.at)}`), when, '.'),
    button('Back to now', () => { past.leave(); }));
}

/** @param {Context} context */
function brokenNotice({ store, ui }) {
  const { broken } = store.integrity;
  if (broken === null || ui.panel === 'integrity') return null;
  return h('div', { class: 'notice is-bad', role: 'alert', key: 'broken' }, icon('warning'),
    h('p', null, h('strong', null, `The chain is broken at entry ${number(broken.busSeq)}. `), broken.why),
    button('See where', () => { ui.go({ panel: 'integrity' }); }));
}

/** The newest of them; those before are with the integrity of the log. @param {Context} context */
function problemNotice({ store, changed }) {
  const problem = store.problems.at(-1);
  if (problem === undefined || problem.at <= dismissedAt) return null;
  return h('div', { class: 'notice is-warm', key: 'problem' }, icon('warning'),
    h('p', null, h('strong', { class: 'mono' }, problem.code), ` ${problem.message}`),
    button('Dismiss', () => { dismissedAt = problem.at; changed(); }));
}

let dismissedAt = 0;
