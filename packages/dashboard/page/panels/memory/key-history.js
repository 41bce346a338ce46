/** All that a key has ever been, as far as it was asked for. */

/** @typedef {import('../../app.js').Context} Context */
/** @typedef {import('../../../src/protocol/messages.js').StoredEntry} StoredEntry */
/** @typedef {{ readonly key: string, readonly agent: string | null, readonly namespace: string | null }} Key */

const PAGE = 30;

export class KeyHistory {
  /** @type {Key | null} */
  of = null;
  /** The newest first. @type {StoredEntry[]} */
  versions = [];
  /** Before which entry there may be more. @type {number | null} */
  next = null;
  isLoading = false;
  #madeFor = '';
  #context;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** @param {Key} key */
  open(key) {
    this.of = key;
    this.#context.changed();
  }

  close() {
    this.of = null;
  }

  /**
   * @param {{ readonly agent: string | null, readonly namespace: string | null }} scope
   * @param {string} key
   */
  isOf({ agent, namespace }, key) {
    return this.of?.key === key && this.of.agent === agent && this.of.namespace === namespace;
  }

  /** Begins anew when another key is wanted, or was written again. */
  refresh() {
    const { store } = this.#context;
    if (this.of === null || store.link.state.status !== 'live') return;
    const { key, agent, namespace } = this.of;
    const memory = namespace === null ? store.state.agents.get(agent ?? '')?.memory : store.state.shared.get(namespace);
    const wanted = JSON.stringify([key, agent, namespace, memory?.get(key)?.seq ?? null, store.epoch]);
    if (wanted === this.#madeFor) return;
    this.#madeFor = wanted;
    this.versions = [];
    this.next = store.state.busSeq + 1;
    void this.more();
  }

  async more() {
    const { store, changed } = this.#context;
    const [madeFor, of] = [this.#madeFor, this.of];
    if (of === null) return;
    this.isLoading = true;
    const filter = { key: of.key, ...(of.agent === null ? {} : { agent: of.agent }), ...(of.namespace === null ? {} : { namespace: of.namespace }) };
    try {
      const { lines, next } = await store.ask('HISTORY', { before: this.next, limit: PAGE, filter });
      if (madeFor !== this.#madeFor) return;
      for (const line of lines.reverse()) this.versions.push(JSON.parse(line));
      this.next = next;
    } catch {
      this.#madeFor = '';
    }
    this.isLoading = false;
    changed();
  }
}
