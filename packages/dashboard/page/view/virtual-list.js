/**
 * A list of any length, of which only those rows are elements that can be seen.
 *
 * Browsers allow elements of some ten million pixels, which are not enough for millions of rows. So a list that is longer has two
 * positions: that of the scrollbar, and that in the list. Small steps move both by the same; a long jump, as by dragging the
 * scrollbar, goes to the same fraction of the list. When scrolling rests, the scrollbar is put where it belongs.
 */
import { h, render } from './dom.js';

const MAX_PX = 8_000_000;
const MORE_ROWS = 6;
/** Scrolling that has not gone on for so long has ended. Not every browser says so itself. */
const REST_MS = 160;

/**
 * @typedef {object} ListOptions
 * @property {string} label
 * @property {'grid' | 'treegrid'} [role]
 * @property {number} rowPx
 * @property {import('./dom.js').Description} header one row
 * @property {(index: number) => import('./dom.js').Description} row
 * @property {(first: number, last: number) => void} [looked] which rows can be seen
 * @property {(event: KeyboardEvent) => boolean} [key] whether a key was taken
 * @property {(index: number) => void} [select]
 * @property {() => void} [scrolled] by somebody
 */

export class VirtualList {
  count = 0;
  /** The row on which the keyboard is; -1 for none. */
  active = -1;
  #options;
  /** Where the top of what is seen stands in the list, in pixels. */
  #position = 0;
  #lastScroll = 0;
  #spacer = document.createElement('div');
  #window = document.createElement('div');
  #header = document.createElement('div');
  element = document.createElement('div');
  #id = `list-${String(Math.random()).slice(2, 10)}`;

  /** @param {ListOptions} options */
  constructor(options) {
    this.#options = options;
    const { element } = this;
    element.className = 'list';
    element.tabIndex = 0;
    element.role = options.role ?? 'grid';
    element.setAttribute('aria-label', options.label);
    this.#header.className = 'list-head';
    this.#header.role = this.#window.role = 'rowgroup';
    this.#spacer.className = 'list-space';
    this.#spacer.role = 'presentation';
    this.#window.className = 'list-window';
    this.#spacer.append(this.#window);
    element.append(this.#header, this.#spacer);
    element.addEventListener('scroll', () => { this.#onScroll(); }, { passive: true });
    element.addEventListener('keydown', (event) => { this.#onKey(event); });
    new ResizeObserver(() => { this.draw(); }).observe(element);
  }

  /** Whether the last row can be seen. */
  get isAtEnd() {
    return this.#position >= this.#mostPosition - this.#options.rowPx;
  }

  get first() {
    return Math.floor(this.#position / this.#options.rowPx);
  }

  /** How many rows there is room for. */
  get room() {
    return Math.max(1, Math.floor(this.#seenPx / this.#options.rowPx));
  }

  /** @param {number} rowPx */
  set rowPx(rowPx) {
    if (rowPx !== this.#options.rowPx) this.#options = { ...this.#options, rowPx };
  }

  /**
   * Rows have come before the others, or have gone there: what is seen stays.
   * @param {number} rows
   */
  shift(rows) {
    this.#position = Math.max(0, this.#position + rows * this.#options.rowPx);
    if (this.active >= 0) this.active = Math.max(0, this.active + rows);
  }

  scrollToEnd() {
    this.#position = this.#mostPosition;
  }

  /**
   * Moves as little as is needed for a row to be seen.
   * @param {number} index
   */
  reveal(index) {
    const top = index * this.#options.rowPx;
    if (top < this.#position) this.#position = top;
    else if (top + this.#options.rowPx > this.#position + this.#seenPx) this.#position = top + this.#options.rowPx - this.#seenPx;
  }

  /** Shows a row in the middle. @param {number} index */
  center(index) {
    this.#position = index * this.#options.rowPx - this.#seenPx / 2;
  }

  draw() {
    const { rowPx, row, header, looked } = this.#options;
    const { element } = this;
    if (element.clientHeight === 0) return;
    this.#position = Math.min(Math.max(0, this.#position), this.#mostPosition);
    this.#spacer.style.height = `${Math.min(this.#listPx, MAX_PX)}px`;
    this.#placeScrollbar();
    const first = Math.max(0, this.first - MORE_ROWS);
    const last = Math.min(this.count, this.first + this.room + 2 + MORE_ROWS) - 1;
    looked?.(first, last);
    element.setAttribute('aria-rowcount', String(this.count + 1));
    this.#window.style.transform = `translateY(${element.scrollTop + first * rowPx - this.#position}px)`;
    render(this.#header, header);
    const rows = [];
    for (let index = first; index <= last; index++) {
      const item = row(index);
      rows.push(h(item.tag, { ...item.props, role: 'row', id: `${this.#id}-${index}`, 'aria-rowindex': index + 2, class: `${item.props['class'] ?? ''} list-row${index === this.active ? ' is-active' : ''}` }, ...item.children));
    }
    render(this.#window, rows);
    const isShown = this.active >= first && this.active <= last;
    if (isShown) element.setAttribute('aria-activedescendant', `${this.#id}-${this.active}`);
    else element.removeAttribute('aria-activedescendant');
  }

  get #listPx() {
    return this.count * this.#options.rowPx;
  }

  get #seenPx() {
    return this.element.clientHeight - this.#header.offsetHeight;
  }

  get #mostPosition() {
    return Math.max(0, this.#listPx - this.#seenPx);
  }

  /** How far the scrollbar can go. */
  get #mostScroll() {
    return Math.max(0, Math.min(this.#listPx, MAX_PX) - this.#seenPx);
  }

  #placeScrollbar() {
    const isLong = this.#listPx > MAX_PX;
    // While somebody scrolls a long list, the scrollbar is theirs.
    if (isLong && this.#isScrolling) return;
    const wanted = isLong ? (this.#position / this.#mostPosition) * this.#mostScroll : this.#position;
    if (Math.abs(this.element.scrollTop - wanted) > 1) this.element.scrollTop = wanted;
    this.#lastScroll = this.element.scrollTop;
  }

  #isScrolling = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  #onScroll() {
    const { scrollTop } = this.element;
    const step = scrollTop - this.#lastScroll;
    // It was put there by this list itself.
    if (step === 0) return;
    this.#lastScroll = scrollTop;
    this.#isScrolling = true;
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => { this.#settle(); }, REST_MS);
    const isJump = this.#listPx > MAX_PX && Math.abs(step) > this.#seenPx;
    this.#position = isJump ? (scrollTop / this.#mostScroll) * this.#mostPosition : this.#position + step;
    this.#options.scrolled?.();
    this.draw();
  }

  #settle() {
    this.#isScrolling = false;
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (this.#options.key?.(event) === true || this.#move(event.key)) event.preventDefault();
  }

  /** @param {string} key */
  #move(key) {
    const start = this.active < 0 ? this.first : this.active;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: this.room, PageUp: -this.room, Home: -this.count, End: this.count };
    const step = Object.hasOwn(steps, key) ? steps[/** @type {keyof typeof steps} */ (key)] : undefined;
    if (step === undefined || this.count === 0) return false;
    this.active = Math.min(this.count - 1, Math.max(0, this.active < 0 && Math.abs(step) === 1 ? start : start + step));
    this.reveal(this.active);
    this.#options.scrolled?.();
    this.#options.select?.(this.active);
    this.draw();
    return true;
  }
}
