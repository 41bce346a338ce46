import { worstLimit } from '../../data/limits.js';
import { h } from '../../view/dom.js';
import { duration, number, short } from '../../view/format.js';
import { icon } from '../../view/icons.js';
import { meter, stateChip } from '../../view/parts.js';
import { waitingText } from './waiting.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('./agent-tree.js').TreeRow} TreeRow */

const COLUMNS = /** @type {const} */ ([['agent', 'Agent'], ['state', 'State'], ['doing', 'Doing'], ['quota', 'Quota'], ['number', 'Ticks'], ['number', 'Calls'], ['number', 'Failed']]);

export function agentHeader() {
  return h('div', { role: 'row', class: 'agent-row list-headings', 'aria-rowindex': 1 }, COLUMNS.map(([name, title]) => h('span', { role: 'columnheader', class: `cell cell-${name}` }, title)));
}

/**
 * @param {TreeRow | undefined} found
 * @param {{ readonly context: Context, readonly tree: import('./agent-tree.js').AgentTree, readonly onclick: () => void }} options
 */
export function agentRow(found, { context, tree, onclick }) {
  if (found === undefined) return h('div', { class: 'agent-row' }, h('span', { role: 'gridcell' }, '…'));
  const { agent, level, hasChildren, isFolded } = found;
  const { store, ui } = context;
  const isSelected = ui.agent === agent.id;
  const failed = agent.used.failures;
  return h('div', { class: `agent-row${isSelected ? ' is-open' : ''}${agent.state === 'TERMINATED' ? ' is-ended' : ''}`, onclick, 'aria-level': level + 1, 'aria-selected': isSelected ? 'true' : 'false', ...(hasChildren ? { 'aria-expanded': isFolded ? 'false' : 'true' } : {}) },
    h('span', { role: 'gridcell', class: 'cell cell-agent', style: { 'padding-left': `${Math.min(level, 12) * 18}px` } },
      fold(found, tree), h('span', { class: 'agent-name', title: agent.id }, agent.id), agent.type === '' || agent.id.startsWith(`${agent.type}-`) ? null : h('span', { class: 'muted agent-type' }, agent.type)),
    h('span', { role: 'gridcell', class: 'cell cell-state' }, stateChip(agent.state)),
    h('span', { role: 'gridcell', class: 'cell cell-doing' }, doing(agent, store.past.at === null ? store.now : store.state.time)),
    h('span', { role: 'gridcell', class: 'cell cell-quota' }, quota(context, agent)),
    h('span', { role: 'gridcell', class: 'cell cell-number mono' }, short(agent.used.ticks)),
    h('span', { role: 'gridcell', class: 'cell cell-number mono' }, short(agent.used.toolCalls)),
    h('span', { role: 'gridcell', class: `cell cell-number mono${failed > 0 ? ' is-bad-text' : ' muted'}` }, number(failed)));
}

/**
 * @param {TreeRow} row
 * @param {import('./agent-tree.js').AgentTree} tree
 */
function fold({ agent, hasChildren, isFolded }, tree) {
  if (!hasChildren) return h('span', { class: 'fold', 'aria-hidden': 'true' });
  const onclick = (/** @type {Event} */ event) => {
    event.stopPropagation();
    tree.fold(agent.id, !isFolded);
  };
  return h('span', { class: `fold${isFolded ? '' : ' is-unfolded'}`, onclick, 'aria-hidden': 'true' }, icon('next'));
}

/**
 * @param {import('../../../src/protocol/state.js').AgentState} agent
 * @param {number} now
 */
function doing({ waitingFor, outcome, state }, now) {
  const waiting = waitingFor[0];
  if (waiting !== undefined) {
    const more = waitingFor.length > 1 ? ` and ${waitingFor.length - 1} more` : '';
    return [h('span', { class: 'clip' }, waitingText(waiting) + more), h('span', { class: 'muted mono small' }, ` ${duration(now - waiting.time)}`)];
  }
  if (outcome !== null && !outcome.ok) return h('span', { class: `clip ${state === 'FAULTED' ? 'is-bad-text' : 'muted'}`, title: outcome.error.message }, outcome.error.code);
  if (outcome !== null) return h('span', { class: 'muted' }, 'done');
  return h('span', { class: 'muted' }, state === 'ACTIVE' ? 'running' : '');
}

/**
 * @param {Context} context
 * @param {import('../../../src/protocol/state.js').AgentState} agent
 */
function quota({ store }, agent) {
  const worst = worstLimit(store.state, agent);
  if (worst === null) return h('span', { class: 'muted' }, '—');
  return [meter(worst.used, worst.hard, { soft: worst.soft, label: `${worst.name} of ${agent.id}` }), h('span', { class: 'muted small clip' }, worst.name)];
}
