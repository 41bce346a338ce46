/** What agents may use, what they have used, and which limits were met. */
import { limitUses, share } from '../data/limits.js';
import { h } from '../view/dom.js';
import { clock, number, short } from '../view/format.js';
import { agentLink, button, card, empty, entryLink, meter, stateChip, tile, tiles } from '../view/parts.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/state.js').AgentState} AgentState */
/** @typedef {import('../data/limits.js').LimitUse} LimitUse */
/** @typedef {{ readonly agent: AgentState, readonly uses: readonly LimitUse[], readonly worst: number }} Budget */

const MAX_SHOWN = 200;

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createQuotasPanel(context) {
  const { store, changed } = context;
  const choice = { isRunningOnly: false };
  const toggle = () => {
    choice.isRunningOnly = !choice.isRunningOnly;
    changed();
  };
  return () => {
    const budgets = budgetsOf(context).filter(({ agent }) => !choice.isRunningOnly || agent.state !== 'TERMINATED');
    const { limitsMet } = store.state;
    return [
      totals(context),
      h('div', { class: 'split is-wide-left' },
        card('Budgets', button('Running only', toggle, { pressed: choice.isRunningOnly, class: `is-small${choice.isRunningOnly ? ' is-on' : ''}` }),
          budgets.length === 0 ? empty('quotas', 'No limits', 'No agent that is shown was given a limit. Defaults of a quota are not in the log.')
            : h('ul', { class: 'plain budgets scroll', tabindex: 0, 'aria-label': 'Budgets, the nearest to its end first' }, budgets.slice(0, MAX_SHOWN).map((budget) => oneBudget(context, budget)))),
        card('Limits met', h('span', { class: 'muted small' }, number(limitsMet.length)),
          limitsMet.length === 0 ? empty('check', 'None was met', 'Warnings of soft limits and ends by hard ones appear here.')
            : h('ol', { class: 'plain met scroll', tabindex: 0, 'aria-label': 'Limits that were met, the newest first' }, [...limitsMet].reverse().map((met) => oneMet(context, met))))),
    ];
  };
}

/** @param {Context} context */
function totals({ store }) {
  const sum = { toolCalls: 0, tokens: 0, cost: 0, cpuUs: 0, memoryKeys: 0 };
  for (const { used } of store.state.agents.values()) for (const name of /** @type {(keyof typeof sum)[]} */ (Object.keys(sum))) sum[name] += used[name];
  const hard = store.state.limitsMet.filter(({ isHard }) => isHard).length;
  return tiles(tile('Tool calls', short(sum.toolCalls)), tile('Tokens', short(sum.tokens)), tile('Cost', short(sum.cost)), tile('CPU', `${short(sum.cpuUs / 1_000)} ms`), tile('Memory keys', short(sum.memoryKeys)), tile('Over a limit', number(hard), { tone: hard > 0 ? 'is-bad' : '' }));
}

/**
 * @param {Context} context
 * @returns {Budget[]}
 */
function budgetsOf({ store }) {
  /** @type {Budget[]} */
  const budgets = [];
  for (const agent of store.state.agents.values()) {
    if (agent.limits.size === 0) continue;
    const uses = limitUses(store.state, agent);
    budgets.push({ agent, uses, worst: Math.max(...uses.map(({ used, hard }) => (used === null ? 0 : share(used, hard)))) });
  }
  return budgets.sort((one, other) => Number(one.agent.state === 'TERMINATED') - Number(other.agent.state === 'TERMINATED') || other.worst - one.worst);
}

/**
 * @param {Context} context
 * @param {Budget} budget
 */
function oneBudget({ ui }, { agent, uses }) {
  return h('li', { key: agent.id },
    h('div', { class: 'budget-head' }, agentLink(ui, agent.id), stateChip(agent.state)),
    h('div', { class: 'budget-limits' }, uses.map(({ name, used, hard, soft }) => h('div', { class: 'budget-limit', key: name },
      h('div', { class: 'limit-line' }, h('span', { class: 'clip', title: name }, name), h('span', { class: 'mono muted' }, used === null ? `≤ ${short(hard)}` : `${short(used)} / ${short(hard)}`)),
      used === null ? h('div', { class: 'meter is-unknown', title: 'What was used of it is not in the log.' }) : meter(used, hard, { soft, label: `${name} of ${agent.id}` })))));
}

/**
 * @param {Context} context
 * @param {import('../../src/protocol/state.js').LimitMet} met
 */
function oneMet({ ui }, { seq, time, agent, isHard, resource, who, used, limit }) {
  return h('li', { key: seq },
    h('div', { class: 'met-head' }, h('span', { class: `chip ${isHard ? 'is-bad' : 'is-warm'}` }, isHard ? 'exceeded' : 'warned'), h('strong', null, resource), h('span', { class: 'mono muted' }, `${short(used)} of ${short(limit)}`)),
    h('div', { class: 'muted small' }, entryLink(ui, seq), ` ${clock(time)} `, agentLink(ui, agent), who === agent ? null : [' by the limit of ', agentLink(ui, who)]));
}
