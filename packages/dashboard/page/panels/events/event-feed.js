/** Which entries the list has: by a filter, up to a moment, while it goes on or is paused. */
import { MatchedRows } from '../../data/matched-rows.js';

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('../../data/row.js').Row} Row */
/** @typedef {{ readonly text: string, readonly kinds: readonly string[], readonly failed: boolean }} Choice */

export class EventFeed {
  /** @type {Choice} */
  choice = { text: '', kinds: [], failed: false };
  isFollowing = true;
  /** The number of the entry at which the list was paused. @type {number | null} */
  #pausedAt = null;
  /** @type {MatchedRows | null} */
  #matched = null;
  #madeFor = '';
  #context;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    context.store.observers.add((entry, line) => {
      if (!this.isPaused && !this.isPast) this.#matched?.offer(entry, line);
    });
  }

  get isPaused() {
    return this.#pausedAt !== null;
  }

  get isPast() {
    return this.#context.store.past.at !== null;
  }

  get isFiltered() {
    const { text, kinds, failed } = this.choice;
    return text !== '' || kinds.length > 0 || failed || this.#context.ui.agent !== null;
  }

  get isLooking() {
    return this.#matched?.isLoading === true || (this.#matched?.count === 0 && this.#matched.next !== null);
  }

  get lookedBackTo() {
    return this.#matched?.next ?? 0;
  }

  /** How many entries have come since it was paused. */
  get missed() {
    return this.#pausedAt === null ? 0 : this.#context.store.live.busSeq - this.#pausedAt;
  }

  get count() {
    return this.#matched === null ? this.#lastSeq + 1 : this.#matched.count;
  }

  /** @param {Partial<Choice>} choice */
  choose(choice) {
    this.choice = { ...this.choice, ...choice };
    this.isFollowing = !this.isPaused;
    this.#context.changed();
  }

  togglePause() {
    this.#pausedAt = this.isPaused ? null : this.#context.store.live.busSeq;
    this.isFollowing = !this.isPaused;
    this.#context.changed();
  }

  /** Looks anew if something else is wanted than before. */
  refresh() {
    const { store, ui, changed } = this.#context;
    const { text, kinds, failed } = this.choice;
    const wanted = JSON.stringify([text, kinds, failed, ui.agent, store.epoch, store.past.at, this.#pausedAt]);
    if (wanted === this.#madeFor) return;
    this.#madeFor = wanted;
    const filter = { ...(ui.agent === null ? {} : { agent: ui.agent }), ...(text === '' ? {} : { text }), ...(kinds.length === 0 ? {} : { kinds }), ...(failed ? { failed } : {}) };
    this.#matched = this.isFiltered ? new MatchedRows({ ask: store.ask, filter, before: this.#lastSeq + 1, changed }) : null;
    if (this.isPast) this.isFollowing = true;
  }

  /**
   * @param {number} index
   * @returns {Row | undefined}
   */
  at(index) {
    return this.#matched === null ? this.#context.store.rows.at(index) : this.#matched.at(index);
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  want(first, last) {
    if (this.#context.store.link.state.status !== 'live') return;
    if (this.#matched === null) this.#context.store.rows.want(first, last);
    else this.#matched.want(first);
  }

  takeShift() {
    return this.#matched?.takeShift() ?? 0;
  }

  /** The last entry that may be shown. */
  get #lastSeq() {
    const { past, live } = this.#context.store;
    return past.at ?? this.#pausedAt ?? live.busSeq;
  }
}
