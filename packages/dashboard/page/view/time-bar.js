/** The slider over the log: now is at its right end. */
import { h } from './dom.js';
import { clock, number } from './format.js';
import { button, iconButton } from './parts.js';

/** @typedef {import('../app.js').Context} Context */

/**
 * @param {Context} context
 * @returns {() => import('./dom.js').Child}
 */
export function createTimeBar({ store }) {
  return () => {
    const { past, live } = store;
    const last = Math.max(0, live.busSeq);
    const at = past.at ?? last;
    const go = (/** @type {number} */ to) => { to >= last ? past.leave() : past.travel(Math.max(0, to)); };
    const oninput = (/** @type {Event} */ { target }) => { go(Number(/** @type {HTMLInputElement} */ (target).value)); };
    return h('footer', { class: 'time-bar' },
      h('div', { class: 'time-steps' },
        iconButton('To the first entry', 'first', () => { go(0); }, at === 0),
        iconButton('One entry back', 'back', () => { go(at - 1); }, at === 0),
        iconButton('One entry on', 'next', () => { go(at + 1); }, past.at === null)),
      h('input', { type: 'range', class: 'time-slider', min: 0, max: last, step: 1, value: String(at), 'aria-label': 'Moment of the log, by entry', 'aria-valuetext': past.at === null ? `now, entry ${at}` : `entry ${at}`, oninput, style: { '--share': `${last === 0 ? 100 : (at / last) * 100}%` } }),
      h('div', { class: 'time-where' }, h('span', { class: 'mono' }, `#${number(at)}`), h('span', { class: 'muted time-of' }, past.at === null ? clock(store.state.time) : `of ${number(last)}`)),
      button('Live', () => { past.leave(); }, { class: past.at === null ? 'is-live-on' : 'is-primary', pressed: past.at === null }));
  };
}
