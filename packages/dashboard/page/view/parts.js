/** Small things that panels are made of. */
import { familyOf } from '../data/kinds.js';
import { h } from './dom.js';
import { number } from './format.js';
import { icon } from './icons.js';

/** @typedef {import('./dom.js').Child} Child */
/** @typedef {import('./ui.js').Ui} Ui */

/** @param {string} state of an agent */
export function stateChip(state) {
  return h('span', { class: `chip state-${state.toLowerCase().replace(/[^a-z]/g, '')}` }, h('span', { class: 'dot', 'aria-hidden': 'true' }), state.toLowerCase());
}

/** @param {string} kind of an entry */
export function kindLabel(kind) {
  return h('span', { class: `kind family-${familyOf(kind)}` }, kind);
}

/**
 * @param {Ui} ui
 * @param {string | null} agent
 */
export function agentLink(ui, agent) {
  if (agent === null) return h('span', { class: 'muted' }, 'kernel');
  return h('button', { class: 'link', type: 'button', title: agent, onclick: () => { ui.go({ agent }); } }, agent);
}

/**
 * @param {Ui} ui
 * @param {number} seq
 */
export function entryLink(ui, seq) {
  return h('button', { class: 'link mono', type: 'button', 'aria-label': `#${number(seq)}, open this entry`, onclick: () => { ui.go({ entry: seq }); } }, `#${number(seq)}`);
}

/**
 * @param {string} label
 * @param {Child} value
 * @param {{ readonly note?: Child, readonly tone?: string }} [more]
 */
export function tile(label, value, { note = null, tone = '' } = {}) {
  return h('div', { class: `tile ${tone}` }, h('dt', null, label), h('dd', null, h('span', { class: 'tile-value' }, value), note === null ? null : h('span', { class: 'tile-note' }, note)));
}

/** @param {...Child} tiles */
export function tiles(...tiles) {
  return h('dl', { class: 'tiles' }, ...tiles);
}

/**
 * @param {string} title
 * @param {Child} actions
 * @param {...Child} children
 */
export function card(title, actions, ...children) {
  return h('section', { class: 'card', 'aria-label': title }, h('header', { class: 'card-head' }, h('h2', null, title), actions), h('div', { class: 'card-body' }, ...children));
}

/**
 * What stands where there is nothing yet.
 * @param {string} name of an icon
 * @param {string} title
 * @param {Child} [text]
 */
export function empty(name, title, text = null) {
  return h('div', { class: 'empty' }, icon(name), h('p', { class: 'empty-title' }, title), text === null ? null : h('p', { class: 'muted' }, text));
}

/**
 * A bar of how much is used.
 * @param {number} used
 * @param {number} hard
 * @param {{ readonly soft?: number | null, readonly label: string }} options
 */
export function meter(used, hard, { soft = null, label }) {
  const share = hard === 0 ? 1 : Math.min(1, used / hard);
  const tone = used >= hard ? 'is-bad' : (soft !== null ? used >= soft : share > 0.8) ? 'is-warm' : '';
  return h('div', { class: `meter ${tone}`, role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': hard, 'aria-valuenow': Math.min(used, hard), 'aria-valuetext': `${number(used)} of ${number(hard)}` },
    h('span', { class: 'meter-fill', style: { width: `${share * 100}%` } }),
    soft === null || hard === 0 ? null : h('span', { class: 'meter-mark', style: { left: `${Math.min(100, (soft / hard) * 100)}%` } }));
}

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {{ readonly icon?: string, readonly class?: string, readonly pressed?: boolean, readonly disabled?: boolean }} [more]
 */
export function button(label, onclick, more = {}) {
  return h('button', { type: 'button', class: `button ${more.class ?? ''}`, onclick, disabled: more.disabled ?? false, ...(more.pressed === undefined ? {} : { 'aria-pressed': more.pressed ? 'true' : 'false' }) }, more.icon === undefined ? null : icon(more.icon), label);
}

/**
 * @param {string} label
 * @param {string} name of an icon
 * @param {() => void} onclick
 * @param {boolean} [disabled]
 */
export function iconButton(label, name, onclick, disabled = false) {
  return h('button', { type: 'button', class: 'button is-icon', 'aria-label': label, title: label, onclick, disabled }, icon(name));
}

/**
 * A command, or a hash, to be copied.
 * @param {string} text
 * @param {string} label
 */
export function copyable(text, label) {
  const copy = (/** @type {MouseEvent} */ { currentTarget }) => {
    const button = /** @type {HTMLElement} */ (currentTarget);
    void navigator.clipboard.writeText(text).then(() => {
      button.classList.add('is-done');
      setTimeout(() => { button.classList.remove('is-done'); }, 1_200);
    }, () => undefined);
  };
  return h('div', { class: 'copyable' },
    h('code', { tabindex: 0, role: 'textbox', 'aria-readonly': 'true', 'aria-label': label }, text),
    h('button', { type: 'button', class: 'button is-icon', 'aria-label': `Copy: ${label}`, title: 'Copy', onclick: copy }, icon('copy')));
}

/**
 * @param {string} label
 * @param {string} value
 * @param {(value: string) => void} changed
 */
export function searchBox(label, value, changed) {
  return h('label', { class: 'search' }, icon('search'), h('input', { type: 'search', placeholder: label, 'aria-label': label, value, maxlength: 200, spellcheck: 'false', autocomplete: 'off', oninput: (/** @type {Event} */ { target }) => { changed(/** @type {HTMLInputElement} */ (target).value); } }));
}
