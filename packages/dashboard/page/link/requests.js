/** Questions to the server, and their answers. */

/** @typedef {(message: object) => void} Send */

export class RequestError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** Asks no more at once than the server takes; the others wait for their turn. */
export class Requests {
  /** @type {Send | undefined} */
  #send;
  #most = 1;
  #id = 0;
  /** @type {Map<number, { readonly resolve: (payload: any) => void, readonly reject: (error: RequestError) => void }>} */
  #open = new Map();
  /** @type {{ readonly message: object, readonly id: number }[]} */
  #waiting = [];

  /**
   * @param {Send} send
   * @param {number} most how many may be open
   */
  connected(send, most) {
    this.#send = send;
    this.#most = most;
  }

  /** All that was asked is lost. */
  disconnected() {
    this.#send = undefined;
    this.#waiting = [];
    const lost = [...this.#open.values()];
    this.#open.clear();
    for (const { reject } of lost) reject(new RequestError('DISCONNECTED', 'The connection was lost.'));
  }

  /**
   * Rejects with a {@link RequestError}.
   * @param {'HISTORY' | 'STATE' | 'ENTRY' | 'DECIDE'} type
   * @param {object} payload
   * @returns {Promise<any>}
   */
  ask(type, payload) {
    if (this.#send === undefined) return Promise.reject(new RequestError('DISCONNECTED', 'There is no connection.'));
    const id = ++this.#id;
    this.#waiting.push({ id, message: { type, id, payload } });
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#next();
    });
  }

  /** @param {{ readonly type: string, readonly id: number, readonly payload: any }} answer */
  answered({ type, id, payload }) {
    const asked = this.#open.get(id);
    if (asked === undefined) return;
    this.#open.delete(id);
    if (type === 'REPLY') asked.resolve(payload);
    else asked.reject(new RequestError(String(payload.code), String(payload.message)));
    this.#next();
  }

  #next() {
    while (this.#send !== undefined && this.#waiting.length > 0 && this.#open.size - this.#waiting.length < this.#most) {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#send(next.message);
    }
  }
}
