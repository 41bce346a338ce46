/** The states that agents go through, drawn from the table that the kernel itself obeys. */
import { h } from '../view/dom.js';
import { clock, number } from '../view/format.js';
import { agentLink, button, card, empty, entryLink, stateChip } from '../view/parts.js';
import { Dot } from './lifecycle/dot.js';
import { diagram } from './lifecycle/diagram.js';
import { layoutOf } from './lifecycle/layout.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/state.js').AgentState} AgentState */

const MAX_AGENTS = 60;

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createLifecyclePanel(context) {
  const { store, ui } = context;
  const dot = new Dot();
  /** @type {{ of: object | null, drawing: import('./lifecycle/layout.js').Drawing | null }} */
  const laidOut = { of: null, drawing: null };
  return () => {
    const table = store.hello?.lifecycle;
    if (table === undefined) return empty('lifecycle', 'Not known yet');
    if (laidOut.of !== table) Object.assign(laidOut, { of: table, drawing: layoutOf(table) });
    const drawing = /** @type {import('./lifecycle/layout.js').Drawing} */ (laidOut.drawing);
    const agent = ui.agent === null ? undefined : store.state.agents.get(ui.agent);
    dot.follow(agent, drawing);
    return [
      h('div', { class: 'lifecycle-top' }, card('Lifecycle', agent === undefined ? h('span', { class: 'muted small' }, 'Numbers in the boxes are agents') : h('span', { class: 'small' }, 'The way of ', h('strong', null, agent.id)),
        h('div', { class: 'drawing', tabindex: 0, role: 'region', 'aria-label': 'Diagram of the lifecycle' }, diagram(drawing, { state: store.state, agent, dot: dot.element })),
        everywhere(drawing))),
      h('div', { class: 'split is-even' }, agent === undefined ? chooser(context) : way(context, agent), taken(context, table)),
    ];
  };
}

/** @param {import('./lifecycle/layout.js').Drawing} drawing */
function everywhere({ everywhere: all }) {
  return all.map(({ trigger, to }) => h('p', { class: 'muted small drawing-note', key: trigger }, h('code', null, trigger), ` leads from every other state to ${to}, and is not drawn.`));
}

/** Those that still do something come first. @param {Context} context */
function chooser({ store, ui }) {
  const all = [...store.state.agents.values()];
  const sorted = all.filter(({ state }) => state !== 'TERMINATED').concat(all.filter(({ state }) => state === 'TERMINATED')).slice(0, MAX_AGENTS);
  return card('Follow an agent', null,
    sorted.length === 0 ? empty('agents', 'No agents yet') : h('ul', { class: 'plain chooser scroll', tabindex: 0, 'aria-label': 'Agents' }, sorted.map(({ id, state }) => h('li', { key: id }, agentLink(ui, id), stateChip(state)))));
}

/**
 * @param {Context} context
 * @param {AgentState} agent
 */
function way({ ui }, { id, path, state }) {
  return card(id, [stateChip(state), button('Others', () => { ui.go({ agent: null }); }, { class: 'is-small' })],
    h('ol', { class: 'plain steps scroll', tabindex: 0, 'aria-label': `Way of ${id}, the newest first` }, [...path].reverse().map(({ seq, time, trigger, from, to }) => h('li', { key: seq },
      h('span', { class: 'step-line' }, h('code', null, trigger), h('span', { class: 'muted small' }, ` ${from.toLowerCase()} →`), stateChip(to)),
      h('span', { class: 'muted small' }, entryLink(ui, seq), ` ${clock(time)}`)))));
}

/**
 * @param {Context} context
 * @param {import('../../src/protocol/messages.js').HelloPayload['lifecycle']} table
 */
function taken({ store }, { transitions }) {
  const rows = Object.entries(transitions).flatMap(([from, row]) => Object.entries(row).map(([trigger, to]) => ({ from, trigger, to, times: store.state.lifecycle.taken.get(`${from} ${trigger}`) ?? 0 })));
  const used = rows.filter(({ times }) => times > 0).sort((one, other) => other.times - one.times);
  return card('Transitions', h('span', { class: 'muted small' }, `${used.length} of ${rows.length} taken`),
    used.length === 0 ? empty('lifecycle', 'None was taken yet') : h('div', { class: 'scroll table-frame', tabindex: 0, role: 'region', 'aria-label': 'Transitions and how often they were taken' }, h('table', { class: 'table' },
      h('thead', null, h('tr', null, ['From', 'Trigger', 'To', 'Taken'].map((title) => h('th', { scope: 'col', key: title, class: title === 'Taken' ? 'is-number' : null }, title)))),
      h('tbody', null, used.map(({ from, trigger, to, times }) => h('tr', { key: `${from} ${trigger}` }, h('td', null, from.toLowerCase()), h('td', null, h('code', null, trigger)), h('td', null, to.toLowerCase()), h('td', { class: 'is-number mono' }, number(times))))))));
}
