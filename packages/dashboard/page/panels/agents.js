/** Who is there, as a tree of who has delegated to whom. */
import { h } from '../view/dom.js';
import { number } from '../view/format.js';
import { button, empty, searchBox, tile, tiles } from '../view/parts.js';
import { VirtualList } from '../view/virtual-list.js';
import { agentDetails } from './agents/agent-details.js';
import { agentHeader, agentRow } from './agents/agent-row.js';
import { AgentTree } from './agents/agent-tree.js';

/** @typedef {import('../app.js').Context} Context */

const ROW_PX = 38;
const PHONE_ROW_PX = 56;
const phone = matchMedia('(max-width: 760px)');

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createAgentsPanel(context) {
  const { store, ui, changed } = context;
  const tree = new AgentTree(changed);
  const select = (/** @type {number} */ index) => {
    const found = tree.at(index);
    if (found !== undefined) ui.go({ agent: found.agent.id });
  };
  /** @type {VirtualList} */
  const list = new VirtualList({
    label: 'Agents',
    role: 'treegrid',
    rowPx: ROW_PX,
    header: agentHeader(),
    row: (index) => agentRow(tree.at(index), { context, tree, onclick: () => { list.active = index; select(index); } }),
    key: ({ key }) => onKey(tree, { key, index: list.active, select }),
    select,
  });
  return () => {
    tree.refresh(store.state);
    list.rowPx = phone.matches ? PHONE_ROW_PX : ROW_PX;
    list.count = tree.count;
    queueMicrotask(() => { list.draw(); });
    const agent = ui.agent === null ? undefined : store.state.agents.get(ui.agent);
    return [
      numbers(context),
      h('div', { class: `split${agent === undefined ? '' : ' has-side'}` },
        h('section', { class: 'card is-full', 'aria-label': 'Tree of agents' },
          h('div', { class: 'bar' }, searchBox('Find an agent', tree.text, (text) => { tree.find(text); }),
            button('Running only', () => { tree.toggleEnded(); }, { pressed: tree.isWithoutEnded, class: tree.isWithoutEnded ? 'is-on' : '' }),
            h('span', { class: 'bar-space' }), h('span', { class: 'muted small count' }, `${number(tree.count)} of ${number(store.state.agents.size)}`)),
          h('div', { class: 'list-frame' }, list.element, tree.count > 0 ? null : h('div', { class: 'over' }, empty('agents', store.state.agents.size === 0 ? 'No agents yet' : 'None fits', store.state.agents.size === 0 ? 'They appear here when the first is spawned.' : null)))),
        agent === undefined ? null : agentDetails(context, agent)),
    ];
  };
}

/**
 * @param {AgentTree} tree
 * @param {{ readonly key: string, readonly index: number, readonly select: (index: number) => void }} pressed
 */
function onKey(tree, { key, index, select }) {
  const found = tree.at(index);
  if (found === undefined) return false;
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    tree.fold(found.agent.id, key === 'ArrowLeft');
    return true;
  }
  if (key === 'Enter') select(index);
  return key === 'Enter';
}

/** @param {Context} context */
function numbers({ store }) {
  const { agents, lifecycle, kinds, failures, busSeq } = store.state;
  const inState = (/** @type {string} */ state) => lifecycle.counts.get(state) ?? 0;
  const faulted = inState('FAULTED');
  return tiles(
    tile('Agents', number(agents.size), { note: `${number(inState('TERMINATED'))} ended` }),
    tile('Active', number(inState('ACTIVE')), { tone: inState('ACTIVE') > 0 ? 'is-good' : '' }),
    tile('Waiting', number(inState('WAITING'))),
    tile('Faulted', number(faulted), { tone: faulted > 0 ? 'is-bad' : '' }),
    tile('Tool calls', number(kinds.get('TOOL_CALLED') ?? 0)),
    tile('Entries', number(busSeq + 1), { note: `${number(failures)} failed` }));
}
