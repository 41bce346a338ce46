/** How many entries come in a second. */

const WINDOW_MS = 3_000;

export class Rate {
  /** @type {{ readonly at: number, readonly entries: number }[]} */
  #samples = [];

  /**
   * @param {number} entries
   * @param {number} now
   */
  add(entries, now) {
    this.#samples.push({ at: now, entries });
    this.#forget(now);
  }

  /**
   * @param {number} now
   * @returns {number} a second
   */
  perSecond(now) {
    this.#forget(now);
    let entries = 0;
    for (const sample of this.#samples) entries += sample.entries;
    return (entries * 1_000) / WINDOW_MS;
  }

  /** @param {number} now */
  #forget(now) {
    while (this.#samples[0] !== undefined && now - this.#samples[0].at > WINDOW_MS) this.#samples.shift();
  }
}
