/** The log as a line: where something happened, how it was then, and how to go on from there otherwise. */
import { h } from '../view/dom.js';
import { clock, duration, moment, number } from '../view/format.js';
import { button, card, copyable, empty, entryLink, kindLabel, tile, tiles } from '../view/parts.js';
import { Around } from './timeline/around.js';
import { forkCommand } from './timeline/fork-command.js';
import { markKinds, marksOf } from './timeline/marks.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('./timeline/marks.js').Mark} Mark */

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createTimelinePanel(context) {
  const { store } = context;
  const around = new Around(context);
  return () => {
    const { live, past } = store;
    if (live.busSeq < 0) return empty('timeline', 'No entries yet', 'With the first one, time begins.');
    const at = past.at ?? live.busSeq;
    const marks = marksOf(live);
    around.refresh(at);
    return [
      numbers(context, at),
      card('What happened when', legend(), track(context, { marks, at }), jumps(context, { marks, at })),
      h('div', { class: 'split is-even' },
        card('Around this moment', h('span', { class: 'muted small' }, `entry ${number(at)}`), entriesAround(context, around, at)),
        card('Fork from here', null,
          h('p', null, 'Another log that has the first ', h('strong', null, number(at + 1)), ' entries of this one, and goes on by itself:'),
          copyable(forkCommand(store, at), 'Command that forks'),
          h('p', { class: 'muted small' }, 'Add ', h('code', null, '--patch JSON'), ' to change what entry ', number(at), ' says, and see what the agents make of it. The log that is shown stays as it is.'))),
    ];
  };
}

/**
 * @param {Context} context
 * @param {number} at
 */
function numbers({ store }, at) {
  const { state, live } = store;
  const running = [...state.lifecycle.counts].reduce((sum, [name, agents]) => sum + (name === 'TERMINATED' || name === 'FAULTED' ? 0 : agents), 0);
  const start = [...live.agents.values()][0]?.spawnedAt ?? live.time;
  return tiles(tile('Entry', number(at), { note: `of ${number(live.busSeq)}` }), tile('Time', clock(state.time).slice(0, 8), { note: `${clock(state.time).slice(8)} · ${moment(state.time).slice(0, 10)}` }), tile('Since the first agent', duration(Math.max(0, state.time - start))), tile('Agents then', number(state.agents.size), { note: `${number(running)} running` }), tile('Failed until then', number(state.failures), { tone: state.failures > 0 ? 'is-bad' : '' }));
}

function legend() {
  return h('ul', { class: 'legend' }, markKinds.map(({ kind, title }) => h('li', { key: kind }, h('span', { class: `legend-mark mark-${kind}`, 'aria-hidden': 'true' }), title)));
}

/**
 * @param {Context} context
 * @param {{ readonly marks: readonly Mark[], readonly at: number }} options
 */
function track({ store }, { marks, at }) {
  const last = Math.max(1, store.live.busSeq);
  const onclick = (/** @type {MouseEvent} */ { currentTarget, clientX }) => {
    const { left, width } = /** @type {Element} */ (currentTarget).getBoundingClientRect();
    store.past.travel(Math.round(Math.min(1, Math.max(0, (clientX - left) / width)) * store.live.busSeq));
  };
  return h('div', { class: 'track', onclick, 'aria-hidden': 'true' },
    markKinds.map(({ kind }) => h('div', { class: 'track-lane', key: kind }, marks.filter((mark) => mark.kind === kind).map(({ seq, title }) => h('span', { key: seq, class: `track-mark mark-${kind}`, title: `#${seq} ${title}`, style: { left: `${(seq / last) * 100}%` } })))),
    h('span', { class: 'track-now', style: { left: `${(at / last) * 100}%` } }));
}

/**
 * @param {Context} context
 * @param {{ readonly marks: readonly Mark[], readonly at: number }} options
 */
function jumps({ store }, { marks, at }) {
  const before = marks.filter(({ seq }) => seq < at).at(-1);
  const next = marks.find(({ seq }) => seq > at);
  const bad = marks.filter(({ kind, seq }) => kind === 'failure' && seq < at).at(-1);
  const go = (/** @type {Mark | undefined} */ mark) => () => { if (mark !== undefined) store.past.travel(mark.seq); };
  return h('div', { class: 'button-row pad' }, button('Mark before', go(before), { icon: 'back', disabled: before === undefined }), button('Next mark', go(next), { icon: 'next', disabled: next === undefined }), button('Failure before', go(bad), { icon: 'warning', disabled: bad === undefined }));
}

/**
 * @param {Context} context
 * @param {Around} around
 * @param {number} at
 */
function entriesAround({ ui, store }, { rows }, at) {
  if (rows.length === 0) return h('p', { class: 'muted pad' }, 'Loading …');
  return h('ol', { class: 'plain around' }, rows.map(({ busSeq, kind, agent, text, hasFailed }) => h('li', { key: busSeq, class: `${busSeq === at ? 'is-here' : ''}${busSeq > at ? ' is-later' : ''}${hasFailed ? ' has-failed' : ''}`, 'aria-current': busSeq === at ? 'true' : null },
    entryLink(ui, busSeq), kindLabel(kind), h('span', { class: 'clip' }, agent ?? 'kernel'), h('span', { class: 'muted clip around-text' }, text),
    busSeq === at ? null : button('Go', () => { store.past.travel(busSeq); }, { class: 'is-small' }))));
}
