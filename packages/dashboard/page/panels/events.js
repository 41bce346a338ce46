/** Entries as they come: all of them, or those that a filter lets pass. */
import { h } from '../view/dom.js';
import { number } from '../view/format.js';
import { button, empty } from '../view/parts.js';
import { VirtualList } from '../view/virtual-list.js';
import { EventFeed } from './events/event-feed.js';
import { filterBar } from './events/filter-bar.js';
import { eventHeader, eventRow } from './events/event-row.js';

/** @typedef {import('../app.js').Context} Context */

const ROW_PX = 30;
const PHONE_ROW_PX = 50;
const phone = matchMedia('(max-width: 760px)');

/**
 * @param {Context} context
 * @returns {import('./index.js').View}
 */
export function createEventsPanel(context) {
  const { ui, changed } = context;
  const feed = new EventFeed(context);
  const open = (/** @type {number} */ index) => {
    const row = feed.at(index);
    if (row !== undefined) ui.go({ entry: row.busSeq });
  };
  /** @type {VirtualList} */
  const list = new VirtualList({
    label: 'Entries of the log',
    rowPx: ROW_PX,
    header: eventHeader(),
    row: (index) => eventRow(feed.at(index), { isOpen: feed.at(index)?.busSeq === ui.entry, onclick: () => { list.active = index; open(index); } }),
    looked: (first, last) => { feed.want(first, last); },
    key: ({ key }) => {
      if (key === 'Enter' && list.active >= 0) open(list.active);
      return key === 'Enter';
    },
    select: (index) => { if (ui.entry !== null) open(index); },
    scrolled: () => {
      feed.isFollowing = list.isAtEnd && !feed.isPaused;
      changed();
    },
  });
  return () => {
    list.rowPx = phone.matches ? PHONE_ROW_PX : ROW_PX;
    feed.refresh();
    list.shift(feed.takeShift());
    list.count = feed.count;
    if (feed.isFollowing) list.scrollToEnd();
    // It has its size only when it stands in the page.
    queueMicrotask(() => {
      if (feed.isFollowing) list.scrollToEnd();
      list.draw();
    });
    return [filterBar(context, feed), h('div', { class: 'list-frame' }, list.element, feed.count === 0 ? nothing(feed) : null, followButton(feed, changed))];
  };
}

/** @param {EventFeed} feed */
function nothing(feed) {
  if (feed.isLooking) return h('div', { class: 'over' }, empty('search', 'Looking …', `Back to entry ${number(feed.lookedBackTo)}`));
  return h('div', { class: 'over' }, feed.isFiltered ? empty('search', 'Nothing fits', 'No entry passes this filter.') : empty('events', 'No entries yet', 'They appear here as soon as the first is written.'));
}

/**
 * @param {EventFeed} feed
 * @param {() => void} changed
 */
function followButton(feed, changed) {
  if (feed.isFollowing || feed.isPaused || feed.isPast || feed.count === 0) return null;
  return h('div', { class: 'float' }, button('Follow', () => { feed.isFollowing = true; changed(); }, { icon: 'down', class: 'is-primary' }));
}
