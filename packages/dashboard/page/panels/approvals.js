/** What agents want to be allowed, and who has said what to it. */
import { h } from '../view/dom.js';
import { brief, briefShown, clock, duration, number } from '../view/format.js';
import { agentLink, card, empty, entryLink } from '../view/parts.js';
import { createDecisions } from './approvals/decisions.js';
import { unlock } from './approvals/unlock.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/state.js').ApprovalState} ApprovalState */

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createApprovalsPanel(context) {
  const { store } = context;
  const decisions = createDecisions(context);
  return () => {
    const all = [...store.state.approvals.values()];
    const open = all.filter(({ decision }) => decision === null);
    const decided = all.filter(({ decision }) => decision !== null).reverse();
    return h('div', { class: 'split is-wide-left' },
      card('Waiting for a decision', h('span', { class: 'muted small' }, number(open.length)),
        store.hello?.canDecide === true ? null : unlock(context),
        open.length === 0 ? empty('approvals', 'Nobody asks', 'When a policy says ESCALATE, the agent waits and its question appears here.')
          : h('ul', { class: 'plain requests scroll', tabindex: 0, 'aria-label': 'Open requests' }, open.map((approval) => h('li', { key: approval.id, class: 'request' }, question(context, approval), decisions(approval))))),
      card('Decided', h('span', { class: 'muted small' }, number(decided.length)),
        decided.length === 0 ? empty('timeline', 'Nothing yet') : h('ol', { class: 'plain met scroll', tabindex: 0, 'aria-label': 'Decided, the newest first' }, decided.map((approval) => answered(context, approval)))));
  };
}

/**
 * @param {Context} context
 * @param {ApprovalState} approval
 */
function question({ store, ui }, { id, time, agent, action, resource, approver, policy, instruction, deadline }) {
  const now = store.past.at === null ? store.now : store.state.time;
  const grants = store.state.agents.get(agent)?.grants ?? [];
  return [
    h('div', { class: 'request-head' }, agentLink(ui, agent), ' wants to ', h('strong', null, action), ' ', h('code', null, resource)),
    h('dl', { class: 'pairs' },
      h('dt', null, 'Asks for'), h('dd', null, h('code', { class: 'wrap' }, briefShown(instruction, 600))),
      h('dt', null, 'Policy'), h('dd', null, policy),
      approver === 'operator' || approver === '' ? null : [h('dt', null, 'Approver'), h('dd', null, approver)],
      h('dt', null, 'Grants'), h('dd', { class: 'mono small' }, grants.length === 0 ? 'none' : brief(grants.join('  '), 200)),
      h('dt', null, 'Since'), h('dd', null, entryLink(ui, id), ` ${clock(time)}`, deadline > 0 ? h('span', { class: deadline - now < 60_000 ? 'is-bad-text' : 'muted' }, deadline > now ? ` · ${duration(deadline - now)} left` : ' · out of time') : null)),
  ];
}

/**
 * @param {Context} context
 * @param {ApprovalState} approval
 */
function answered({ ui }, { id, agent, action, resource, decision }) {
  if (decision === null) return null;
  const tone = decision.how === 'approved' ? 'is-good' : decision.how === 'denied' ? 'is-bad' : '';
  return h('li', { key: id },
    h('div', { class: 'met-head' }, h('span', { class: `chip ${tone}` }, decision.how), h('span', null, action, ' ', h('code', null, resource))),
    h('div', { class: 'muted small' }, entryLink(ui, decision.seq), ` ${clock(decision.time)} `, agentLink(ui, agent), decision.by === '' ? null : ` · by ${decision.by}`, decision.reason === '' ? null : ` · “${brief(decision.reason, 200)}”`));
}
