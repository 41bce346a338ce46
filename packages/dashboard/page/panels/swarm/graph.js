import { h } from '../../view/dom.js';
import { plural, short } from '../../view/format.js';
import { NODE_RADIUS, OPERATOR, SIZE } from './graph-layout.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('./graph-layout.js').Graph} Graph */

/**
 * @param {Context} context
 * @param {Graph} graph
 */
export function drawnGraph({ ui }, { nodes, edges }) {
  const chosen = nodes.some(({ id }) => id === ui.agent) ? ui.agent : null;
  return h('svg', { class: `graph${chosen === null ? '' : ' has-chosen'}`, viewBox: `0 0 ${SIZE} ${SIZE}`, role: 'group', 'aria-label': `Messages between ${plural(nodes.length, 'agent')}` },
    h('defs', null, ['', 'is-on', 'is-fresh'].map((tone) => h('marker', { id: `graph-arrow${tone}`, key: tone, viewBox: '0 0 8 8', refX: 5, refY: 4, markerWidth: 9, markerHeight: 9, markerUnits: 'userSpaceOnUse', orient: 'auto' }, h('path', { d: 'M0 .5L7.500 4L0 7.500z', class: `arrow ${tone}` })))),
    edges.map(({ id, from, to, sent, path, width, isFresh }) => {
      const isOn = from === chosen || to === chosen;
      return h('path', { key: id, d: path, class: `edge${isOn ? ' is-on' : ''}${isFresh ? ' is-fresh' : ''}`, style: { 'stroke-width': `${width}px` }, 'marker-end': `url(#graph-arrow${isOn ? 'is-on' : isFresh && chosen === null ? 'is-fresh' : ''})` }, h('title', null, `${from} → ${to}: ${plural(sent, 'message')}`));
    }),
    nodes.map((node) => drawnNode(node, { isChosen: node.id === chosen, choose: () => { ui.go({ agent: node.id === chosen ? null : node.id }); } })));
}

/**
 * @param {import('./graph-layout.js').GraphNode} node
 * @param {{ readonly isChosen: boolean, readonly choose: () => void }} options
 */
function drawnNode({ id, label, state, x, y, isCentral, isLeader }, { isChosen, choose }) {
  const onkeydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose();
  };
  const isAgent = id !== OPERATOR && state !== null;
  // All that is written on it, word by word, so that who speaks to the page can say what is seen.
  const name = `${initials(label)} ${clipped(label)}: ${id}, ${String(state).toLowerCase()}${isLeader ? ', leads' : ''}`;
  return h('g', { key: id, class: `node state-${(state ?? 'outside').toLowerCase()}${isChosen ? ' is-chosen' : ''}${isCentral ? ' is-central' : ''}`, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, ...(isAgent ? { role: 'button', tabindex: 0, 'aria-pressed': isChosen ? 'true' : 'false', 'aria-label': name, onclick: choose, onkeydown } : { role: 'img', 'aria-label': id }) },
    h('circle', { r: NODE_RADIUS }),
    h('text', { class: 'node-initials', 'text-anchor': 'middle', y: 5, 'aria-hidden': 'true' }, `${initials(label)} `),
    isLeader ? h('text', { class: 'node-crown', 'aria-hidden': 'true', 'text-anchor': 'middle', y: -NODE_RADIUS - 5 }, '♛') : null,
    h('text', { class: 'node-label', 'text-anchor': 'middle', y: NODE_RADIUS + 16 }, clipped(label)));
}

/** @param {string} label */
function clipped(label) {
  return label.length > 18 ? `${label.slice(0, 17)}…` : label;
}

/** The first letter, and the number at the end. @param {string} label */
function initials(label) {
  const number = /\d{1,3}$/.exec(label)?.[0] ?? '';
  return `${label.slice(0, number === '' ? 2 : 1).toUpperCase()}${number}`;
}

/** The same as a table. @param {Graph} graph */
export function messageTable({ edges }) {
  const sorted = [...edges].sort((one, other) => other.sent - one.sent).slice(0, 100);
  return h('div', { class: 'scroll table-frame', tabindex: 0, role: 'region', 'aria-label': 'Messages of each pair' }, h('table', { class: 'table' },
    h('thead', null, h('tr', null, ['From', 'To', 'Sent', 'Not received'].map((title, index) => h('th', { scope: 'col', key: title, class: index > 1 ? 'is-number' : null }, title)))),
    h('tbody', null, sorted.map(({ id, from, to, sent, waiting }) => h('tr', { key: id }, h('td', { class: 'clip' }, from), h('td', { class: 'clip' }, to), h('td', { class: 'is-number mono' }, short(sent)), h('td', { class: `is-number mono${waiting === 0 ? ' muted' : ''}` }, short(waiting)))))));
}
