/** What agents keep, each for itself and with others, and how it came to be. */
import { h } from '../view/dom.js';
import { briefShown, clock, number, plural } from '../view/format.js';
import { agentLink, card, empty, entryLink, searchBox } from '../view/parts.js';
import { KeyHistory } from './memory/key-history.js';
import { historyCard } from './memory/history-card.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/state.js').KeyState} KeyState */
/** A memory: that of an agent, or one that is shared. @typedef {{ readonly id: string, readonly agent: string | null, readonly namespace: string | null, readonly keys: ReadonlyMap<string, KeyState> }} Scope */

const MAX_SHOWN = 300;

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createMemoryPanel(context) {
  const { store, ui, changed } = context;
  const history = new KeyHistory(context);
  const chosen = { scope: '', text: '' };
  return () => {
    const scopes = scopesOf(store.state);
    const scope = scopes.find(({ id }) => id === (ui.agent === null ? chosen.scope : `agent ${ui.agent}`)) ?? scopes.find(({ id }) => id === chosen.scope) ?? scopes[0];
    if (scope === undefined) return empty('memory', 'Nothing is kept yet', 'Keys appear here when agents write to their memory, or share it.');
    const choose = (/** @type {Scope} */ one) => {
      chosen.scope = one.id;
      history.close();
      ui.go({ agent: one.agent });
      changed();
    };
    history.refresh();
    return h('div', { class: 'split has-nav' },
      card('Memories', h('span', { class: 'muted small' }, number(scopes.length)),
        h('ul', { class: 'plain scopes scroll', tabindex: 0, 'aria-label': 'Memories' }, scopes.slice(0, MAX_SHOWN).map((one) => scopeItem(one, { isChosen: one.id === scope.id, choose })))),
      h('div', { class: 'stack' }, keysCard(context, { scope, history, text: chosen.text, find: (text) => { chosen.text = text; changed(); } }), historyCard(context, history)));
  };
}

/**
 * @param {import('../../src/protocol/state.js').DashboardState} state
 * @returns {Scope[]}
 */
function scopesOf({ shared, agents }) {
  const scopes = [...shared].map(([namespace, keys]) => ({ id: `shared ${namespace}`, agent: /** @type {string | null} */ (null), namespace: /** @type {string | null} */ (namespace), keys: /** @type {ReadonlyMap<string, KeyState>} */ (keys) }));
  for (const { id, memory } of agents.values()) if (memory.size > 0) scopes.push({ id: `agent ${id}`, agent: id, namespace: null, keys: memory });
  return scopes;
}

/**
 * @param {Scope} scope
 * @param {{ readonly isChosen: boolean, readonly choose: (scope: Scope) => void }} options
 */
function scopeItem(scope, { isChosen, choose }) {
  const { id, agent, namespace, keys } = scope;
  return h('li', { key: id }, h('button', { type: 'button', class: `scope${isChosen ? ' is-chosen' : ''}`, 'aria-current': isChosen ? 'true' : null, onclick: () => { choose(scope); } },
    h('span', { class: 'scope-kind' }, namespace === null ? 'own' : 'shared'), h('span', { class: 'clip', title: agent ?? namespace }, agent ?? namespace), h('span', { class: 'muted mono small' }, number(keys.size))));
}

/**
 * @param {Context} context
 * @param {{ readonly scope: Scope, readonly history: KeyHistory, readonly text: string, readonly find: (text: string) => void }} options
 */
function keysCard({ ui }, { scope, history, text, find }) {
  const fitting = [...scope.keys].filter(([key]) => key.toLowerCase().includes(text.toLowerCase()));
  const open = (/** @type {string} */ key) => { history.open({ key, agent: scope.agent, namespace: scope.namespace }); };
  return card(scope.agent ?? scope.namespace ?? '', searchBox('Find a key', text, find),
    h('div', { class: 'scroll table-frame', tabindex: 0, role: 'region', 'aria-label': 'Keys' }, h('table', { class: 'table is-wide' },
      h('thead', null, h('tr', null, ['Key', 'Value', 'Version', 'By', 'When', 'Entry'].map((title) => h('th', { scope: 'col', key: title, class: title === 'Version' ? 'is-number' : null }, title)))),
      h('tbody', null, fitting.slice(0, MAX_SHOWN).map(([key, value]) => h('tr', { key, class: history.isOf(scope, key) ? 'is-open' : value.isDeleted === true ? 'is-ended' : null },
        h('th', { scope: 'row' }, h('button', { type: 'button', class: 'link mono', 'aria-label': `History of ${key}`, onclick: () => { open(key); } }, key)),
        h('td', { class: 'mono value' }, value.isDeleted === true ? h('span', { class: 'muted' }, 'deleted') : briefShown(value, 120)),
        h('td', { class: 'is-number mono' }, number(value.version)), h('td', null, agentLink(ui, value.by)), h('td', { class: 'mono muted' }, clock(value.time)), h('td', null, entryLink(ui, value.seq))))))),
    fitting.length > MAX_SHOWN ? h('p', { class: 'muted small' }, `The first ${plural(MAX_SHOWN, 'key')} of ${number(fitting.length)}.`) : fitting.length === 0 ? h('p', { class: 'muted small pad' }, 'No key fits.') : null);
}
