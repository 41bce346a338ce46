/** The frame around the panels. */
import { createDrawer } from './drawer.js';
import { h } from './dom.js';
import { gate } from './gate.js';
import { brandIcon, icon } from './icons.js';
import { iconButton } from './parts.js';
import { integrityChip, linkChip, notices } from './status.js';
import { createTimeBar } from './time-bar.js';
import { short } from './format.js';
import { PANELS } from './ui.js';

/** @typedef {import('../app.js').Context} Context */
/** @typedef {import('./ui.js').PanelName} PanelName */

/** @type {Readonly<Record<PanelName, string>>} */
const TITLES = { agents: 'Agents', events: 'Events', memory: 'Memory', lifecycle: 'Lifecycle', swarm: 'Swarm', quotas: 'Quotas', approvals: 'Approvals', timeline: 'Timeline', integrity: 'Integrity' };

/**
 * @param {Context} context
 * @param {import('../panels/index.js').Panels} panels
 * @returns {() => import('./dom.js').Child}
 */
export function createShell(context, panels) {
  const drawer = createDrawer(context);
  const timeBar = createTimeBar(context);
  return () => {
    const { store, ui } = context;
    const isRefused = store.link.state.status === 'refused';
    document.title = titleOf(context);
    if (!store.hasState) return h('div', { class: 'lonely', key: 'gate' }, gate(context));
    return h('div', { class: `app${store.isStale ? ' is-stale' : ''}${store.past.at === null ? '' : ' is-past'}`, key: 'app' },
      h('a', { class: 'skip', href: '#panel', onclick: skip }, 'Skip to the panel'),
      top(context),
      navigation(context),
      h('main', { id: 'panel', tabindex: -1, 'aria-labelledby': 'panel-title' },
        isRefused ? gate(context) : null,
        notices(context),
        h('div', { class: `panel panel-${ui.panel}`, key: ui.panel }, h('h1', { id: 'panel-title', class: 'unseen' }, TITLES[ui.panel]), panels[ui.panel]())),
      drawer(),
      timeBar());
  };
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById('panel')?.focus();
}

/** @param {Context} context */
function titleOf({ store, ui }) {
  const mark = store.integrity.broken !== null ? '✗ ' : store.isStale ? '… ' : '';
  return `${mark}${TITLES[ui.panel]} · OmniPaw`;
}

/** @param {Context} context */
function top(context) {
  const { store, ui } = context;
  const { hello, live } = store;
  const where = hello?.source.directory ?? (hello?.source.kind === 'kernel' ? 'kernel of this process' : 'log');
  return h('header', { class: 'top' },
    h('div', { class: 'brand' }, brandIcon(), h('span', null, 'OmniPaw')),
    h('div', { class: 'source' }, h('span', { class: 'source-name', title: where }, where), live.log === null ? null : h('span', { class: 'muted mono source-id' }, live.log.logId.slice(0, 12))),
    h('div', { class: 'top-end' },
      h('span', { class: 'rate', title: 'Entries a second' }, h('strong', null, short(store.rate.perSecond(performance.now()))), ' /s'),
      integrityChip(context),
      linkChip(context),
      iconButton(`Theme: ${ui.theme}`, ui.theme === 'dark' ? 'moon' : ui.theme === 'light' ? 'sun' : 'auto', () => { ui.nextTheme(); })));
}

/** @param {Context} context */
function navigation(context) {
  const { ui } = context;
  return h('nav', { class: 'nav', 'aria-label': 'Panels' },
    PANELS.map((panel) => h('a', { key: panel, href: `#/${panel}`, class: 'nav-item', 'aria-current': ui.panel === panel ? 'page' : null, onclick: (/** @type {Event} */ event) => { event.preventDefault(); ui.go({ panel }); } },
      icon(panel), h('span', { class: 'nav-title' }, TITLES[panel]), badge(context, panel))));
}

/**
 * @param {Context} context
 * @param {PanelName} panel
 */
function badge({ store }, panel) {
  const { state, integrity } = store;
  if (panel === 'agents') return count(running(state), '');
  if (panel === 'approvals') return count([...state.approvals.values()].filter(({ decision }) => decision === null).length, 'is-warm');
  if (panel === 'quotas') return count(state.limitsMet.filter(({ isHard }) => isHard).length, 'is-bad');
  if (panel === 'integrity' && integrity.broken !== null) return h('span', { class: 'badge is-bad' }, 'broken');
  return null;
}

/** @param {import('../../src/protocol/state.js').DashboardState} state */
function running({ lifecycle: { counts } }) {
  let sum = 0;
  for (const [state, agents] of counts) if (state !== 'TERMINATED' && state !== 'FAULTED') sum += agents;
  return sum;
}

/**
 * @param {number} value
 * @param {string} tone
 */
function count(value, tone) {
  return value === 0 ? null : h('span', { class: `badge ${tone}` }, short(value));
}
