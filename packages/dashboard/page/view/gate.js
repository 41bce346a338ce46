/** What is there before anything can be shown: waiting, or a token to be given. */
import { isToken } from '../link/token.js';
import { h } from './dom.js';
import { brandIcon } from './icons.js';

/** @typedef {import('../app.js').Context} Context */

const HOW_TO = 'Open the address that the command has printed, or paste it here: what comes after # is the key.';

/** @param {Context} context */
export function gate(context) {
  const { state } = context.store.link;
  const isWaiting = state.status !== 'refused';
  return h('section', { class: 'gate', key: 'gate', 'aria-label': 'Connection' },
    brandIcon(),
    h('h1', null, 'OmniPaw'),
    isWaiting ? waiting(state) : form(context, state.status === 'refused' ? state.why : null));
}

/** @param {import('../link/link.js').LinkState} state */
function waiting(state) {
  const text = state.status === 'waiting' ? `${state.why} Trying again soon …` : state.status === 'loading' ? 'The log is being read …' : 'Connecting …';
  return h('p', { class: 'gate-text', role: 'status' }, h('span', { class: 'spinner', 'aria-hidden': 'true' }), text);
}

/**
 * @param {Context} context
 * @param {string | null} why
 */
function form({ useToken }, why) {
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const text = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get('token')).trim();
    // A whole address is as good as what stands at its end.
    const token = text.slice(text.lastIndexOf('#') + 1);
    if (isToken(token)) useToken(token);
  };
  return h('form', { class: 'gate-form', onsubmit: submit },
    h('p', { class: 'gate-text' }, why === null || why === '' ? HOW_TO : `${why} ${HOW_TO}`),
    h('label', { class: 'field' }, h('span', null, 'Address or token'), h('input', { name: 'token', type: 'password', required: true, autocomplete: 'off', autofocus: true })),
    h('button', { class: 'button is-primary', type: 'submit' }, 'Connect'));
}
