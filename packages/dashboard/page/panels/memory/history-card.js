import { h } from '../../view/dom.js';
import { brief, moment, number } from '../../view/format.js';
import { agentLink, button, card, empty, entryLink, iconButton } from '../../view/parts.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('./key-history.js').KeyHistory} KeyHistory */

/**
 * @param {Context} context
 * @param {KeyHistory} history
 */
export function historyCard({ ui, changed }, history) {
  const { of, versions, next, isLoading } = history;
  if (of === null) return card('History', null, empty('timeline', 'What was it before?', 'Choose a key to see every version of it, who wrote it, and when.'));
  const close = () => {
    history.close();
    changed();
  };
  return card(`History of ${of.key}`, iconButton('Close the history', 'close', close),
    h('ol', { class: 'plain versions scroll', tabindex: 0, 'aria-label': `Versions of ${of.key}, the newest first` }, versions.map(({ busSeq, time, agent, kind, data }) => h('li', { key: busSeq },
      h('div', { class: 'version-head' }, entryLink(ui, busSeq), typeof data['version'] === 'number' ? h('span', { class: 'chip' }, `v${number(data['version'])}`) : null, agentLink(ui, agent), h('span', { class: 'muted small mono' }, moment(time))),
      h('code', { class: 'wrap' }, kind === 'MEMORY_DELETED' ? 'deleted' : brief(data['value'], 600))))),
    isLoading ? h('p', { class: 'muted small pad' }, 'Loading …') : next === null ? null : h('div', { class: 'pad' }, button('Older versions', () => { void history.more(); })));
}
