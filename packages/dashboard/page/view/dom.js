/**
 * Elements from descriptions.
 *
 * 1. Text only ever becomes text: nothing here, nor anywhere in the page, parses markup.
 * 2. What is on the page already is changed in place, so that focus, scrolling and what is selected stay.
 */

/** @typedef {Readonly<Record<string, any>>} Props */
/** @typedef {{ readonly tag: string, readonly key: string | undefined, readonly props: Props, readonly children: readonly Item[] }} Description */
/** @typedef {Description | string | Node} Item */
/** @typedef {Item | number | false | null | undefined} One */
/** What stands in lists, and lists of lists, stands as if they were none. @typedef {One | readonly (One | readonly any[])[]} Child */

const SVG = 'http://www.w3.org/2000/svg';
/** @type {readonly never[]} */
const NONE = [];
/** What was asked for last, by element. @type {WeakMap<Node, Description>} */
const shown = new WeakMap();
/** State of inputs, which is no attribute. */
const PROPERTIES = new Set(['value', 'checked', 'disabled', 'open', 'indeterminate', 'hidden', 'selected']);

/**
 * Describes an element. `key` among the props names it among its siblings; `on…` are listeners, `style` has properties of CSS.
 * @param {string} tag
 * @param {Props | null} [props]
 * @param {...Child} children
 * @returns {Description}
 */
export function h(tag, props, ...children) {
  const key = props?.['key'];
  return { tag, key: key === undefined ? undefined : String(key), props: props ?? {}, children: children.length === 0 ? NONE : flat(children, []) };
}

/**
 * @param {readonly Child[]} children
 * @param {Item[]} into
 * @returns {Item[]}
 */
function flat(children, into) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) flat(child, into);
    else if (typeof child === 'number') into.push(String(child));
    else into.push(/** @type {Item} */ (child));
  }
  return into;
}

/**
 * Makes the children of an element what is described.
 * @param {Element} parent
 * @param {...Child} children
 */
export function render(parent, ...children) {
  patch(parent, flat(children, []));
}

/**
 * @param {Element} parent
 * @param {readonly Item[]} items
 */
function patch(parent, items) {
  const keyed = keptByKey(parent, items);
  let current = parent.firstChild;
  for (const item of items) {
    const node = nodeFor(item, { parent, current, keyed });
    if (node === current) current = current?.nextSibling ?? null;
    else parent.insertBefore(node, current);
    if (isDescription(item)) update(/** @type {Element} */ (node), item);
  }
  while (current !== null) {
    const next = current.nextSibling;
    current.remove();
    current = next;
  }
}

/**
 * Elements with keys that stay; those that don't are removed first, so that the others need not be moved around them.
 * @param {Element} parent
 * @param {readonly Item[]} items
 */
function keptByKey(parent, items) {
  const wanted = new Set();
  for (const item of items) if (isDescription(item) && item.key !== undefined) wanted.add(item.key);
  /** @type {Map<string, Element>} */
  const kept = new Map();
  for (const child of [...parent.children]) {
    const key = shown.get(child)?.key;
    if (key === undefined) continue;
    if (wanted.has(key)) kept.set(key, child);
    else child.remove();
  }
  return kept;
}

/**
 * @param {Item} item
 * @param {{ readonly parent: Element, readonly current: ChildNode | null, readonly keyed: Map<string, Element> }} place
 * @returns {Node}
 */
function nodeFor(item, { parent, current, keyed }) {
  if (item instanceof Node) return item;
  if (typeof item === 'string') {
    if (!(current instanceof Text)) return document.createTextNode(item);
    if (current.data !== item) current.data = item;
    return current;
  }
  const found = item.key === undefined ? current : keyed.get(item.key);
  const before = found instanceof Element ? shown.get(found) : undefined;
  if (found instanceof Element && before?.tag === item.tag && before.key === item.key) return found;
  const isSvg = item.tag === 'svg' || (parent.namespaceURI === SVG && parent.tagName !== 'foreignObject');
  return isSvg ? document.createElementNS(SVG, item.tag) : document.createElement(item.tag);
}

/**
 * @param {Item} item
 * @returns {item is Description}
 */
function isDescription(item) {
  return typeof item === 'object' && !(item instanceof Node);
}

/**
 * @param {Element} element
 * @param {Description} item
 */
function update(element, item) {
  const before = shown.get(element);
  if (before === item) return;
  shown.set(element, item);
  if (before !== undefined) for (const name in before.props) if (!(name in item.props)) set(element, name, null);
  patchUnlessMounted(element, item);
  for (const name in item.props) {
    const value = item.props[name];
    if (before === undefined || PROPERTIES.has(name) || before.props[name] !== value) set(element, name, value);
  }
}

/**
 * The children of a place where something else has its own are its own.
 * @param {Element} element
 * @param {Description} item
 */
function patchUnlessMounted(element, item) {
  if (item.props['isMount'] !== true) patch(element, item.children);
}

/**
 * @param {any} element
 * @param {string} name
 * @param {any} value
 */
function set(element, name, value) {
  if (name === 'key' || name === 'isMount') return;
  if (name.startsWith('on')) element[name.toLowerCase()] = value ?? null;
  else if (name === 'style') setStyle(element, value ?? {});
  else if (PROPERTIES.has(name) && name in element) {
    if (element[name] !== (value ?? (name === 'value' ? '' : false))) element[name] = value ?? (name === 'value' ? '' : false);
  } else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? '' : String(value));
}

/**
 * @param {HTMLElement | SVGElement} element
 * @param {Readonly<Record<string, string>>} style
 */
function setStyle({ style: declared }, style) {
  for (const name of [...declared]) if (!(name in style)) declared.removeProperty(name);
  for (const [name, value] of Object.entries(style)) if (declared.getPropertyValue(name) !== value) declared.setProperty(name, value);
}
