/** Wires in memory and in virtual time, which lose, repeat and hold back what they carry, as chance has it, and are cut where somebody wants it. */
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
  readonly #patienceMs: number;
  readonly #nodes = new Map<string, WireListener>();
  /** `from>to` */
  readonly #cut = new Set<string>();
  /** By node that is frozen, what it does when it goes on. */
  readonly #held = new Map<string, (() => void)[]>();
  trouble: Trouble;

  constructor(time: VirtualTime, trouble: Trouble, patienceMs = 1_000) {
    this.#time = time;
    this.trouble = trouble;
    this.#patienceMs = patienceMs;
  }

  transport(): SwarmTransport {
    return wireTransport((node, listener) => {
      this.kill(node);
      for (const [other, its] of this.#nodes) {
        its.arrived(node);
        listener.arrived(other);
      }
      this.#nodes.set(node, listener);
      const isThere = (): boolean => this.#nodes.get(node) === listener;
      return Promise.resolve({
        post: (to, text) => { this.#when(node, () => { if (isThere()) this.#carry(node, to, text); }); },
        close: () => { if (isThere()) this.kill(node); },
      });
    }, { ports: this.#time.ports, patienceMs: this.#patienceMs });
  }

  kill(node: string): void {
    this.#held.delete(node);
    if (!this.#nodes.delete(node)) return;
    for (const listener of this.#nodes.values()) listener.left(node);
  }

  /** What one node says to another one gets lost, and nobody is told; the other way round it need not. */
  cut(from: string, to: string): void {
    this.#cut.add(`${from}>${to}`);
  }

  heal(from: string, to: string): void {
    this.#cut.delete(`${from}>${to}`);
  }

  /** A node is there, and neither says nor hears anything, as if its process had been stopped. */
  freeze(node: string): void {
    if (!this.#held.has(node)) this.#held.set(node, []);
  }

  /** It goes on with all that it was about to say, and to hear. */
  thaw(node: string): void {
    const held = this.#held.get(node) ?? [];
    this.#held.delete(node);
    for (const act of held) act();
  }

  #when(node: string, act: () => void): void {
    const held = this.#held.get(node);
    if (held === undefined) act();
    else held.push(act);
  }

  #carry(from: string, to: string, text: string): void {
    const { lost, twice, delayMs } = this.trouble;
    if (this.#cut.has(`${from}>${to}`) || this.#chance(100) < lost) return;
    const copies = this.#chance(100) < twice ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#time.ports.timers.set(this.#chance(delayMs + 1), () => {
        // Whoever is there by then.
        this.#when(to, () => { this.#nodes.get(to)?.received(from, text); });
      });
    }
  }

  #chance(below: number): number {
    return Number.parseInt(this.#time.ports.random.hex(4), 16) % below;
  }
}
