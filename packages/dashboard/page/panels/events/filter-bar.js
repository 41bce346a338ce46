import { familyOf } from '../../data/kinds.js';
import { h } from '../../view/dom.js';
import { number, short } from '../../view/format.js';
import { icon } from '../../view/icons.js';
import { button, searchBox } from '../../view/parts.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('./event-feed.js').EventFeed} EventFeed */

/**
 * @param {Context} context
 * @param {EventFeed} feed
 */
export function filterBar(context, feed) {
  const { choice } = feed;
  return h('div', { class: 'bar', role: 'search', 'aria-label': 'Filter entries' },
    searchBox('Search in entries', choice.text, (text) => { feed.choose({ text }); }),
    agentChoice(context),
    kindChoice(context, feed),
    button('Failed only', () => { feed.choose({ failed: !choice.failed }); }, { icon: 'warning', pressed: choice.failed, class: choice.failed ? 'is-on is-failed' : '' }),
    h('span', { class: 'bar-space' }),
    h('span', { class: 'muted small count' }, feed.isFiltered ? `${number(feed.count)}${feed.isLooking || feed.lookedBackTo > 0 ? '+' : ''} found` : `${number(feed.count)} entries`),
    button(feed.isPaused ? `Go on${feed.missed > 0 ? ` (${short(feed.missed)} new)` : ''}` : 'Pause', () => { feed.togglePause(); }, { icon: feed.isPaused ? 'play' : 'pause', pressed: feed.isPaused, class: feed.isPaused ? 'is-on' : '' }));
}

/** The agent that is selected everywhere. @param {Context} context */
function agentChoice({ store, ui }) {
  const known = [...store.state.agents.keys()];
  const set = (/** @type {Event} */ { target }) => {
    const { value } = /** @type {HTMLInputElement} */ (target);
    if (value === '') ui.go({ agent: null });
    else if (store.state.agents.has(value)) ui.go({ agent: value });
  };
  return h('span', { class: 'choice' },
    h('input', { class: 'input', list: 'agents-known', 'aria-label': 'Agent', placeholder: 'Any agent', value: ui.agent ?? '', key: `agent-${ui.agent ?? ''}`, onchange: set, spellcheck: 'false', autocomplete: 'off' }),
    h('datalist', { id: 'agents-known' }, known.slice(0, 500).map((agent) => h('option', { key: agent, value: agent }))),
    ui.agent === null ? null : h('button', { type: 'button', class: 'button is-icon is-small', 'aria-label': 'Any agent', onclick: () => { ui.go({ agent: null }); } }, icon('close')));
}

/**
 * @param {Context} context
 * @param {EventFeed} feed
 */
function kindChoice({ store }, feed) {
  const { kinds } = feed.choice;
  const toggle = (/** @type {string} */ kind) => { feed.choose({ kinds: kinds.includes(kind) ? kinds.filter((one) => one !== kind) : [...kinds, kind].slice(-100) }); };
  const counted = [...store.state.kinds].sort(([one], [other]) => (one < other ? -1 : 1));
  const label = kinds.length === 0 ? 'Any kind' : kinds.length === 1 ? String(kinds[0]) : `${kinds.length} kinds`;
  return h('details', { class: 'menu', onkeydown: closeOnEscape, onfocusout: closeWhenLeft },
    h('summary', { class: `button${kinds.length > 0 ? ' is-on' : ''}` }, label),
    h('div', { class: 'menu-body' },
      kinds.length === 0 ? null : button('Any kind', () => { feed.choose({ kinds: [] }); }, { class: 'is-small' }),
      counted.map(([kind, times]) => h('label', { class: 'check', key: kind },
        h('input', { type: 'checkbox', checked: kinds.includes(kind), onchange: () => { toggle(kind); } }),
        h('span', { class: `kind family-${familyOf(kind)}` }, kind), h('span', { class: 'muted mono check-count' }, short(times))))));
}

/** @param {KeyboardEvent} event */
function closeOnEscape({ key, currentTarget }) {
  if (key !== 'Escape') return;
  const menu = /** @type {HTMLDetailsElement} */ (currentTarget);
  menu.open = false;
  menu.querySelector('summary')?.focus();
}

/** @param {FocusEvent} event */
function closeWhenLeft({ currentTarget, relatedTarget }) {
  const menu = /** @type {HTMLDetailsElement} */ (currentTarget);
  if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
}
