import { h } from '../../view/dom.js';
import { clock, number } from '../../view/format.js';
import { kindLabel } from '../../view/parts.js';

/** @typedef {import('../../data/row.js').Row} Row */

const COLUMNS = /** @type {const} */ ([['seq', 'Entry'], ['time', 'Time'], ['agent', 'Agent'], ['kind', 'Kind'], ['text', 'What']]);

export function eventHeader() {
  return h('div', { role: 'row', class: 'event-row list-headings', 'aria-rowindex': 1 }, COLUMNS.map(([name, title]) => h('span', { role: 'columnheader', class: `cell cell-${name}` }, title)));
}

/**
 * @param {Row | undefined} row undefined while it is fetched
 * @param {{ readonly isOpen: boolean, readonly onclick: () => void }} options
 */
export function eventRow(row, { isOpen, onclick }) {
  if (row === undefined) return h('div', { class: 'event-row is-loading' }, h('span', { role: 'gridcell', class: 'cell' }, '…'));
  const { busSeq, time, agent, kind, text, hasFailed } = row;
  return h('div', { class: `event-row${hasFailed ? ' has-failed' : ''}${isOpen ? ' is-open' : ''}`, onclick, 'aria-selected': isOpen ? 'true' : 'false' },
    h('span', { role: 'gridcell', class: 'cell cell-seq mono' }, number(busSeq)),
    h('span', { role: 'gridcell', class: 'cell cell-time mono' }, clock(time)),
    h('span', { role: 'gridcell', class: 'cell cell-agent', title: agent ?? 'kernel' }, agent ?? 'kernel'),
    h('span', { role: 'gridcell', class: 'cell cell-kind' }, kindLabel(kind)),
    h('span', { role: 'gridcell', class: 'cell cell-text' }, text));
}
