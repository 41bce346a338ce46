import { h } from '../../view/dom.js';
import { button } from '../../view/parts.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('../../../src/protocol/state.js').ApprovalState} ApprovalState */

const MAX_REASON = 1_000;

/**
 * What somebody with the right token can say to a request.
 * @param {Context} context
 * @returns {(approval: ApprovalState) => import('../../view/dom.js').Child}
 */
export function createDecisions({ store, changed }) {
  /** @type {Map<number, string>} */
  const reasons = new Map();
  /** @type {Map<number, string>} */
  const failures = new Map();
  /** @type {Set<number>} */
  const sent = new Set();

  /**
   * @param {number} id
   * @param {boolean} approved
   */
  async function decide(id, approved) {
    sent.add(id);
    failures.delete(id);
    changed();
    try {
      await store.ask('DECIDE', { approval: id, approved, reason: reasons.get(id) ?? '' });
      reasons.delete(id);
    } catch (error) {
      failures.set(id, error instanceof Error ? error.message : String(error));
      sent.delete(id);
    }
    changed();
  }

  return ({ id }) => {
    if (store.hello?.canDecide !== true || store.past.at !== null) return null;
    const disabled = sent.has(id) || store.isStale;
    return h('div', { class: 'decision' },
      h('label', { class: 'field' }, h('span', null, 'Reason'), h('input', { class: 'input', maxlength: MAX_REASON, value: reasons.get(id) ?? '', disabled, oninput: (/** @type {Event} */ { target }) => { reasons.set(id, /** @type {HTMLInputElement} */ (target).value); } })),
      h('div', { class: 'button-row' }, button('Approve', () => { void decide(id, true); }, { class: 'is-good', icon: 'check', disabled }), button('Deny', () => { void decide(id, false); }, { class: 'is-bad', icon: 'close', disabled })),
      failures.has(id) ? h('p', { class: 'is-bad-text small', role: 'alert' }, failures.get(id) ?? '') : null);
  };
}
