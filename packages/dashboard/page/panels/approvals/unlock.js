/** How to become somebody who may decide. */
import { sessionOf } from '../../link/session.js';
import { isToken } from '../../link/token.js';
import { h } from '../../view/dom.js';
import { icon } from '../../view/icons.js';

/** @typedef {import('../../app.js').Context} Context */

/** @type {string | null} */
let failure = null;

/** @param {Context} context */
export function unlock(context) {
  const { hello } = context.store;
  if (hello?.source.kind === 'directory') return h('p', { class: 'note' }, icon('lock'), 'This log is only read here. Decide where its kernel runs.');
  if (hello?.scope === 'write') return h('p', { class: 'note' }, icon('lock'), 'There is no kernel here that could be told.');
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    void tryToken(context, String(new FormData(form).get('token')).trim());
    form.reset();
  };
  return h('form', { class: 'note', onsubmit: submit }, icon('lock'),
    h('p', null, 'Your token is for reading. Deciding needs the one for writing.'),
    h('input', { class: 'input', type: 'password', name: 'token', 'aria-label': 'Token for writing', placeholder: 'Token for writing', autocomplete: 'off', required: true }),
    h('button', { class: 'button', type: 'submit' }, 'Unlock'),
    failure === null ? null : h('p', { class: 'is-bad-text small', role: 'alert' }, failure));
}

/**
 * The one that works is kept until the other is known to be better.
 * @param {Context} context
 * @param {string} token
 */
async function tryToken({ useToken, changed }, token) {
  failure = null;
  try {
    const session = isToken(token) ? await sessionOf(token) : null;
    if (session?.scope === 'write') useToken(token);
    else failure = 'That is not the token for writing.';
  } catch {
    failure = 'The server does not answer.';
  }
  changed();
}
