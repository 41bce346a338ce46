/** All about one agent. */
import { limitUses } from '../../data/limits.js';
import { h } from '../../view/dom.js';
import { briefShown, duration, moment, number, short } from '../../view/format.js';
import { agentLink, button, entryLink, iconButton, meter, stateChip } from '../../view/parts.js';
import { waitingText } from './waiting.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('../../../src/protocol/state.js').AgentState} AgentState */

const MAX_GRANTS = 40;
const MAX_CHILDREN = 30;

/**
 * @param {Context} context
 * @param {AgentState} agent
 */
export function agentDetails(context, agent) {
  const { ui, store } = context;
  return h('section', { class: 'card side', 'aria-label': `Agent ${agent.id}`, key: 'side' },
    h('header', { class: 'card-head' }, h('h2', { class: 'clip', title: agent.id }, agent.id), stateChip(agent.state), iconButton('Close', 'close', () => { ui.go({ agent: null }); })),
    h('div', { class: 'card-body scroll', tabindex: 0, role: 'region', 'aria-label': 'Details of the agent' },
      h('div', { class: 'button-row' }, button('Events', () => { ui.go({ panel: 'events' }); }, { icon: 'events', class: 'is-small' }), button('Lifecycle', () => { ui.go({ panel: 'lifecycle' }); }, { icon: 'lifecycle', class: 'is-small' }), button('Memory', () => { ui.go({ panel: 'memory' }); }, { icon: 'memory', class: 'is-small' })),
      facts(ui, agent), waitings(ui, agent, store.past.at === null ? store.now : store.state.time), limits(context, agent), counts(agent), grants(agent)));
}

/**
 * @param {Context['ui']} ui
 * @param {AgentState} agent
 */
function facts(ui, { type, parent, children, spawnedSeq, spawnedAt, lastSeq, lastAt, swarm, slot, outcome, isRevoked }) {
  const pair = (/** @type {string} */ name, /** @type {import('../../view/dom.js').Child} */ value) => [h('dt', null, name), h('dd', null, value)];
  return h('dl', { class: 'pairs' },
    pair('Type', type),
    pair('Parent', parent === null ? h('span', { class: 'muted' }, 'operator') : agentLink(ui, parent)),
    children.length === 0 ? null : pair('Children', [children.slice(0, MAX_CHILDREN).map((child) => [agentLink(ui, child), ' ']), children.length > MAX_CHILDREN ? `and ${number(children.length - MAX_CHILDREN)} more` : null]),
    swarm === null ? null : pair('Swarm', `${swarm}${slot === null ? '' : ` as ${slot}`}`),
    pair('Spawned', [entryLink(ui, spawnedSeq), ` ${moment(spawnedAt)}`]),
    pair('Last entry', [entryLink(ui, lastSeq), ` ${moment(lastAt)}`]),
    isRevoked ? pair('Token', h('span', { class: 'is-bad-text' }, 'revoked')) : null,
    outcome === null ? null : pair('Outcome', outcome.ok ? h('code', { class: 'wrap' }, briefShown(outcome.value, 300)) : [h('strong', { class: 'is-bad-text' }, outcome.error.code), ` ${outcome.error.message}`]));
}

/**
 * @param {Context['ui']} ui
 * @param {AgentState} agent
 * @param {number} now
 */
function waitings(ui, { waitingFor }, now) {
  if (waitingFor.length === 0) return null;
  return [h('h3', null, 'Waits for'), h('ul', { class: 'plain' }, waitingFor.map((waiting) => h('li', { key: `${waiting.tick}/${waiting.call}` },
    h('span', null, waitingText(waiting)), h('span', { class: 'muted small' }, ` for ${duration(now - waiting.time)}${waiting.deadline === null ? '' : `, at most ${duration(waiting.deadline - now)} more`} `), entryLink(ui, waiting.since),
    waiting.progress === null ? null : h('div', { class: 'muted small clip' }, briefShown(waiting.progress)))))];
}

/**
 * @param {Context} context
 * @param {AgentState} agent
 */
function limits({ store }, agent) {
  const uses = limitUses(store.state, agent);
  if (uses.length === 0) return null;
  return [h('h3', null, 'Limits'), h('ul', { class: 'plain limits' }, uses.map(({ name, used, hard, soft }) => h('li', { key: name },
    h('div', { class: 'limit-line' }, h('span', null, name), h('span', { class: 'mono muted' }, used === null ? `at most ${short(hard)}` : `${short(used)} / ${short(hard)}`)),
    used === null ? null : meter(used, hard, { soft, label: name }))))];
}

/** @param {AgentState} agent */
function counts({ used, mailboxSize }) {
  const all = { Ticks: used.ticks, 'Tool calls': used.toolCalls, Tokens: used.tokens, Cost: used.cost, 'CPU ms': used.cpuUs / 1_000, 'Memory keys': used.memoryKeys, Sent: used.messagesSent, Received: used.messagesReceived, 'In mailbox': mailboxSize, Refused: used.refusals, Failed: used.failures };
  return [h('h3', null, 'Used by itself'), h('dl', { class: 'counts' }, Object.entries(all).map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', { class: `mono${value === 0 ? ' muted' : ''}` }, short(value)))))];
}

/** @param {AgentState} agent */
function grants({ grants: given }) {
  if (given.length === 0) return null;
  return [h('h3', null, 'Grants'), h('ul', { class: 'grants' }, given.slice(0, MAX_GRANTS).map((grant, index) => h('li', { key: index, class: 'mono' }, grant)), given.length > MAX_GRANTS ? h('li', { class: 'muted' }, `and ${number(given.length - MAX_GRANTS)} more`) : null)];
}
