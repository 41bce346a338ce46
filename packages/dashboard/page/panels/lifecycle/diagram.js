import { h } from '../../view/dom.js';
import { number, short } from '../../view/format.js';
import { BOX_HEIGHT, BOX_WIDTH } from './box.js';

/** @typedef {import('./layout.js').Drawing} Drawing */
/** @typedef {import('./layout.js').Way} Way */
/** @typedef {import('../../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../../../src/protocol/state.js').AgentState} AgentState */
/** @typedef {{ readonly state: DashboardState, readonly agent: AgentState | undefined, readonly dot: SVGElement }} Shown */

/**
 * @param {Drawing} drawing
 * @param {Shown} shown
 */
export function diagram({ width, height, places, ways }, shown) {
  const { state, agent, dot } = shown;
  const summary = [...state.lifecycle.counts].filter(([, agents]) => agents > 0).map(([name, agents]) => `${name}: ${agents}`).join(', ');
  const passed = new Set(agent?.path.map(({ from, to }) => `${from} ${to}`));
  return h('svg', { class: `fsm${agent === undefined ? '' : ' has-way'}`, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `States of agents. ${summary}` },
    h('defs', null, arrow('arrow', 'arrow'), arrow('arrow-on', 'arrow is-on')),
    ways.map((way) => drawnWay(way, { state, isPassed: passed.has(way.id) })),
    dot,
    [...places.values()].map((place) => box(place, { agents: state.lifecycle.counts.get(place.name) ?? 0, isHere: agent?.state === place.name })));
}

/**
 * @param {string} id
 * @param {string} name
 */
function arrow(id, name) {
  return h('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 10, markerHeight: 10, markerUnits: 'userSpaceOnUse', orient: 'auto' }, h('path', { d: 'M0 0.800L7.500 4L0 7.200z', class: name }));
}

/**
 * @param {Way} way
 * @param {{ readonly state: DashboardState, readonly isPassed: boolean }} options
 */
function drawnWay({ id, from, triggers, path, labelX, labelY, anchor: side }, { state, isPassed }) {
  const times = triggers.reduce((sum, trigger) => sum + (state.lifecycle.taken.get(`${from} ${trigger}`) ?? 0), 0);
  return h('g', { key: id, class: `way${times > 0 ? ' is-taken' : ''}${isPassed ? ' is-passed' : ''}` },
    h('path', { d: path, class: 'way-line', 'marker-end': isPassed ? 'url(#arrow-on)' : 'url(#arrow)' }),
    h('text', { x: labelX, y: labelY, class: 'way-label', 'text-anchor': side }, triggers.join(', '), times === 0 ? null : h('tspan', { class: 'way-times' }, ` ${short(times)}`)));
}

/**
 * @param {import('./layout.js').Place} place
 * @param {{ readonly agents: number, readonly isHere: boolean }} options
 */
function box({ name, x, y }, { agents, isHere }) {
  return h('g', { key: `box ${name}`, class: `fsm-box state-${name.toLowerCase()}${agents > 0 ? ' has-agents' : ''}${isHere ? ' is-here' : ''}`, transform: `translate(${x} ${y})` },
    h('rect', { width: BOX_WIDTH, height: BOX_HEIGHT, rx: 12 }),
    h('text', { x: 16, y: BOX_HEIGHT / 2 + 4, class: 'fsm-name' }, name.toLowerCase()),
    h('text', { x: BOX_WIDTH - 16, y: BOX_HEIGHT / 2 + 6, class: 'fsm-count', 'text-anchor': 'end' }, number(agents)));
}
