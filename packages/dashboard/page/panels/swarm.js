/** Who writes to whom, who leads, and what is voted on. */
import { h } from '../view/dom.js';
import { number, plural } from '../view/format.js';
import { agentLink, button, card, empty, stateChip, tile, tiles } from '../view/parts.js';
import { graphOf, leaderOf } from './swarm/graph-layout.js';
import { drawnGraph, messageTable } from './swarm/graph.js';
import { elections, polls } from './swarm/votes.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/state.js').SwarmState} SwarmState */

const MAX_TABS = 12;

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createSwarmPanel(context) {
  const { store, changed } = context;
  /** The swarm that was chosen; null for all messages. @type {{ id: string | null, isChosen: boolean }} */
  const choice = { id: null, isChosen: false };
  const choose = (/** @type {string | null} */ id) => {
    Object.assign(choice, { id, isChosen: true });
    changed();
  };
  return () => {
    const { swarms, edges } = store.state;
    if (swarms.size === 0 && edges.size === 0) return empty('swarm', 'Nobody talks yet', 'Messages between agents appear here as a graph, with elections and votes of swarms beside it.');
    const names = [...swarms.keys()].reverse();
    const id = choice.isChosen && (choice.id === null || swarms.has(choice.id)) ? choice.id : (names.find((name) => isAtWork(store.state, name)) ?? names[0] ?? null);
    const swarm = id === null ? undefined : swarms.get(id);
    const graph = graphOf(store.state, id);
    return [
      h('div', { class: 'bar tabs', role: 'group', 'aria-label': 'Swarms' }, names.slice(0, MAX_TABS).map((name) => tab(name, id, choose)), tab(null, id, choose)),
      swarm === undefined ? null : numbers(swarm, graph),
      h('div', { class: 'split is-even' },
        h('div', { class: 'stack' }, card('Messages', h('span', { class: 'muted small' }, 'Thicker lines: more of them'), h('div', { class: 'graph-frame' }, drawnGraph(context, graph)), graph.hidden > 0 ? h('p', { class: 'muted small pad' }, `${plural(graph.hidden, 'agent')} with fewer messages not drawn.`) : null),
          card('By pair', null, messageTable(graph))),
        h('div', { class: 'stack' }, swarm === undefined ? null : [elections(swarm), polls(context, swarm), seats(context, swarm)])),
    ];
  };
}

/**
 * @param {import('../../src/protocol/state.js').DashboardState} state
 * @param {string} name
 */
function isAtWork({ swarms, agents }, name) {
  return [...(swarms.get(name)?.seats.values() ?? [])].some((seat) => agents.get(seat.agents.at(-1) ?? '')?.state !== 'TERMINATED');
}

/**
 * @param {string | null} name
 * @param {string | null} chosen
 * @param {(id: string | null) => void} choose
 */
function tab(name, chosen, choose) {
  return h('span', { key: name ?? 'all messages' }, button(name ?? 'All messages', () => { choose(name); }, { pressed: name === chosen, class: name === chosen ? 'is-on' : '' }));
}

/**
 * @param {SwarmState} swarm
 * @param {import('./swarm/graph-layout.js').Graph} graph
 */
function numbers(swarm, { edges }) {
  const { strategy, tasks, seats, polls: asked } = swarm;
  const sent = edges.reduce((sum, edge) => sum + edge.sent, 0);
  return tiles(
    strategy === null ? null : tile('Strategy', strategy.replace(/_/g, ' ').toLowerCase()),
    tasks === null ? null : tile('Tasks', number(tasks)),
    tile('Seats', number(seats.size)),
    tile('Messages', number(sent)),
    tile('Polls', number(asked.length)),
    tile('Leader', leaderOf(swarm) ?? '—'));
}

/**
 * @param {Context} context
 * @param {SwarmState} swarm
 */
function seats({ store, ui }, swarm) {
  const { seats: all, coordinator } = swarm;
  const leader = leaderOf(swarm);
  const rows = [...(coordinator === null ? [] : [{ slot: 'coordinator', agents: [coordinator] }]), ...all.values()];
  return card('Seats', null, h('div', { class: 'scroll table-frame', tabindex: 0, role: 'region', 'aria-label': 'Who sits where' }, h('table', { class: 'table' },
    h('thead', null, h('tr', null, ['Seat', 'Agent', 'State', 'Restarts'].map((title) => h('th', { scope: 'col', key: title, class: title === 'Restarts' ? 'is-number' : null }, title)))),
    h('tbody', null, rows.map(({ slot, agents }) => {
      const id = String(agents.at(-1));
      return h('tr', { key: slot }, h('td', null, slot, id === leader ? h('span', { class: 'crown', title: 'leads' }, ' ♛') : null), h('td', null, agentLink(ui, id)), h('td', null, stateChip(store.state.agents.get(id)?.state ?? 'DEFINED')), h('td', { class: 'is-number mono muted' }, number(agents.length - 1)));
    })))));
}
