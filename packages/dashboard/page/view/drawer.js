/** One entry, with all that is in it and what it has to do with others. */
import { checkHash } from '../data/check-entry.js';
import { h } from './dom.js';
import { moment, number, shortHash } from './format.js';
import { icon } from './icons.js';
import { jsonFields } from './json-tree.js';
import { agentLink, button, copyable, entryLink, iconButton, kindLabel } from './parts.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {import('../../src/protocol/requests.js').LinkedEntry} LinkedEntry */
/** @typedef {{ readonly entry: StoredEntry, readonly line: string, readonly tree: import('./dom.js').Description, readonly causes: readonly LinkedEntry[], readonly effects: readonly LinkedEntry[], readonly check: import('../data/check-entry.js').Check }} Opened */

/**
 * @param {Context} context
 * @returns {() => import('./dom.js').Child}
 */
export function createDrawer(context) {
  const { store, ui, changed } = context;
  /** @type {{ seq: number | null, epoch: number, opened: Opened | null, failure: string | null }} */
  const now = { seq: null, epoch: -1, opened: null, failure: null };

  /** @param {number} seq */
  async function load(seq) {
    try {
      const { line, causes, effects } = await store.ask('ENTRY', { busSeq: seq });
      const entry = /** @type {StoredEntry} */ (JSON.parse(line));
      const check = await checkHash(line, store.ask);
      if (now.seq === seq) now.opened = { entry, line, causes, effects, check, tree: jsonFields(entry.data) };
    } catch (error) {
      if (now.seq === seq) now.failure = error instanceof Error ? error.message : String(error);
      // It is asked for again when the connection is there again.
      now.epoch = -1;
    }
    changed();
  }

  return () => {
    const isNew = now.seq !== ui.entry || now.epoch !== store.epoch;
    if (isNew && ui.entry !== null && store.link.state.status === 'live') {
      if (now.seq !== ui.entry) now.opened = null;
      Object.assign(now, { seq: ui.entry, epoch: store.epoch, failure: null });
      void load(ui.entry);
    }
    if (ui.entry === null) {
      now.seq = now.opened = null;
      return null;
    }
    const close = () => { ui.go({ entry: null }); };
    return h('aside', { class: 'drawer', 'aria-label': `Entry ${ui.entry}`, key: 'drawer', onkeydown: (/** @type {KeyboardEvent} */ { key }) => { if (key === 'Escape') close(); } },
      h('header', { class: 'drawer-head' }, h('h2', null, `Entry ${number(ui.entry)}`),
        iconButton('The entry before', 'back', () => { ui.go({ entry: Math.max(0, Number(ui.entry) - 1) }); }, ui.entry === 0),
        iconButton('The next entry', 'next', () => { ui.go({ entry: Number(ui.entry) + 1 }); }, ui.entry >= store.live.busSeq),
        iconButton('Close', 'close', close)),
      h('div', { class: 'drawer-body', tabindex: 0, role: 'region', 'aria-label': 'Details' }, now.opened === null ? h('p', { class: 'muted' }, now.failure ?? 'Loading …') : body(context, now.opened)));
  };
}

/**
 * @param {Context} context
 * @param {Opened} opened
 */
function body({ ui, store }, { entry, line, tree, causes, effects, check }) {
  return [
    h('div', { class: 'facts' }, kindLabel(entry.kind), h('span', { class: 'muted mono' }, moment(entry.time))),
    h('dl', { class: 'pairs' }, h('dt', null, 'Agent'), h('dd', null, agentLink(ui, entry.agent))),
    h('h3', null, 'Data'), h('div', { class: 'json-box' }, tree),
    h('h3', null, 'Hash link'), hashLink(ui, entry, check),
    h('h3', null, 'Led to by'), linked(ui, causes, 'Nothing on record led to it.'),
    h('h3', null, 'Led to'), linked(ui, effects, 'Nothing on record follows from it.'),
    h('div', { class: 'drawer-actions' }, button('Show this moment', () => { store.past.travel(entry.busSeq); }, { icon: 'timeline' })),
    h('h3', null, 'Stored line'), copyable(line.length > 20_000 ? `${line.slice(0, 20_000)}…` : line, 'Stored line'),
  ];
}

/**
 * @param {import('./ui.js').Ui} ui
 * @param {StoredEntry} entry
 * @param {import('../data/check-entry.js').Check} check
 */
function hashLink(ui, { busSeq, prev, hash }, { isGood, text }) {
  return h('div', { class: `hash-link ${isGood === null ? '' : isGood ? 'is-good' : 'is-bad'}` },
    h('div', { class: 'hash-block' }, h('span', { class: 'muted' }, busSeq === 0 ? 'genesis' : entryLink(ui, busSeq - 1)), h('code', { title: prev }, shortHash(prev))),
    h('span', { class: 'hash-arrow', 'aria-hidden': 'true' }, '→'),
    h('div', { class: 'hash-block' }, h('span', { class: 'muted' }, `#${number(busSeq)}`), h('code', { title: hash }, shortHash(hash))),
    h('p', { class: 'hash-verdict' }, icon(isGood === false ? 'warning' : 'check'), text));
}

/**
 * @param {import('./ui.js').Ui} ui
 * @param {readonly LinkedEntry[]} entries
 * @param {string} none
 */
function linked(ui, entries, none) {
  if (entries.length === 0) return h('p', { class: 'muted small' }, none);
  return h('ul', { class: 'linked' }, entries.map(({ busSeq, agent, kind }) => h('li', { key: busSeq }, entryLink(ui, busSeq), kindLabel(kind), h('span', { class: 'muted clip' }, agent ?? 'kernel'))));
}
