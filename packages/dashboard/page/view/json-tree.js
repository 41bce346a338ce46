/** A value that can be opened, level by level. */
import { h, render } from './dom.js';
import { brief } from './format.js';

/** @typedef {import('./dom.js').Description} Description */

const MAX_ITEMS = 200;
const MAX_TEXT = 20_000;
const OPEN_LEVELS = 2;

/**
 * @param {unknown} value
 * @param {string} [name]
 * @param {number} [level]
 * @returns {Description}
 */
export function jsonTree(value, name, level = 0) {
  if (typeof value !== 'object' || value === null) return h('div', { class: 'json-line' }, label(name), leaf(value));
  const items = Object.entries(value);
  const brackets = Array.isArray(value) ? '[]' : '{}';
  if (items.length === 0) return h('div', { class: 'json-line' }, label(name), h('span', { class: 'muted' }, brackets));
  return h('details', { class: 'json', ...(level < OPEN_LEVELS ? { open: true } : {}), ontoggle: fill(value, level) },
    h('summary', null, label(name), h('span', { class: 'json-brief' }, brief(value, 80))),
    h('div', { class: 'json-items' }, level < OPEN_LEVELS ? children(items, level) : null));
}

/**
 * The fields of an object, without the object around them.
 * @param {object} value
 * @returns {Description}
 */
export function jsonFields(value) {
  const items = Object.entries(value);
  return h('div', null, items.length === 0 ? h('span', { class: 'muted' }, 'Nothing more is on record.') : children(items, 0));
}

/**
 * What is deeper is made when somebody opens it.
 * @param {object} value
 * @param {number} level
 */
function fill(value, level) {
  return (/** @type {Event} */ { currentTarget }) => {
    const details = /** @type {HTMLDetailsElement} */ (currentTarget);
    const items = details.querySelector(':scope > .json-items');
    if (!details.open || items === null || items.childNodes.length > 0) return;
    for (const item of children(Object.entries(value), level)) items.append(build(item));
  };
}

/**
 * @param {[string, unknown][]} items
 * @param {number} level
 * @returns {Description[]}
 */
function children(items, level) {
  const shown = items.slice(0, MAX_ITEMS).map(([name, value]) => jsonTree(value, name, level + 1));
  if (items.length > MAX_ITEMS) shown.push(h('div', { class: 'json-line muted' }, `… and ${items.length - MAX_ITEMS} more`));
  return shown;
}

/** @param {string | undefined} name */
function label(name) {
  return name === undefined ? null : h('span', { class: 'json-name' }, `${name}: `);
}

/** @param {unknown} value */
function leaf(value) {
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return h('span', { class: `json-${value === null ? 'null' : typeof value}` }, text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

/** @param {Description} item */
function build(item) {
  const holder = document.createElement('div');
  render(holder, item);
  return /** @type {Node} */ (holder.firstChild);
}
