/** Wires in memory and in virtual time, which lose, repeat and hold back what they carry, as chance has it. */
import { wireTransport, type SwarmTransport, type WireListener } from '@omnipaw/swarm';
import type { VirtualTime } from '@omnipaw/testing';

export interface Trouble {
  /** Of a hundred texts, so many are lost, and so many come twice. */
  readonly lost: number;
  readonly twice: number;
  /** For how long a text is on its way, at the most; later ones overtake. */
  readonly delayMs: number;
}

export const NO_TROUBLE: Trouble = { lost: 0, twice: 0, delayMs: 0 };

export class LossyWires {
  readonly #time: VirtualTime;
  readonly #trouble: Trouble;
  readonly #patienceMs: number;
  readonly #nodes = new Map<string, WireListener>();

  constructor(time: VirtualTime, trouble: Trouble, patienceMs = 1_000) {
    this.#time = time;
    this.#trouble = trouble;
    this.#patienceMs = patienceMs;
  }

  transport(): SwarmTransport {
    const { timers } = this.#time.ports;
    return wireTransport((node, listener) => {
      this.kill(node);
      for (const [other, its] of this.#nodes) {
        its.arrived(node);
        listener.arrived(other);
      }
      this.#nodes.set(node, listener);
      const isThere = (): boolean => this.#nodes.get(node) === listener;
      return Promise.resolve({
        post: (to, text) => { if (isThere()) this.#carry(node, to, text); },
        close: () => { if (isThere()) this.kill(node); },
      });
    }, { timers, patienceMs: this.#patienceMs });
  }

  kill(node: string): void {
    if (!this.#nodes.delete(node)) return;
    for (const listener of this.#nodes.values()) listener.left(node);
  }

  #carry(from: string, to: string, text: string): void {
    const { lost, twice, delayMs } = this.#trouble;
    if (this.#chance(100) < lost) return;
    const copies = this.#chance(100) < twice ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      // Whoever is there by then.
      this.#time.ports.timers.set(this.#chance(delayMs + 1), () => { this.#nodes.get(to)?.received(from, text); });
    }
  }

  #chance(below: number): number {
    return Number.parseInt(this.#time.ports.random.hex(4), 16) % below;
  }
}
