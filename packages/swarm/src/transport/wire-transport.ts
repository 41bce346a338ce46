/**
 * A transport over whatever carries texts from node to node: makes at least once, and in order, of what may be lost, come
 * twice, or overtake.
 */
import { nodePorts, type Ports } from '@omnipaw/kernel';
import { assertNodeName } from '../remote/index.js';
import { decodeFrame } from './frames.js';
import { Inbox } from './inbox.js';
import { Outbox } from './outbox.js';
import type { DeliverLetter, Letter, SwarmTransport, TransportLink } from './transport.js';

/** A node's end of whatever carries texts. */
export interface Wire {
  /** To another node; it may be lost, come twice, or overtake others. */
  post(node: string, text: string): void;
  close(): void;
}

/** What a wire tells the node that has opened it. */
export interface WireListener {
  /** A text that another node has posted; that it was this node the wire vouches for. */
  received(from: string, text: string): void;
  /** A node is there: one that was not, or another one in its place. */
  arrived(node: string): void;
  /** A node is not there any more. */
  left(node: string): void;
}

export type OpenWire = (node: string, listener: WireListener) => Promise<Wire>;

export interface WireTransportOptions {
  readonly ports?: Pick<Ports, 'clock' | 'timers'>;
  /** For how long a letter waits for a node that is not there, 10 seconds unless given; for one that is there and does not answer, six times as long. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 10_000;
/** Of the newest link that was made here. */
let latestEpoch = 0;


export function wireTransport(open: OpenWire, options: WireTransportOptions = {}): SwarmTransport {
  return Object.freeze({
    async join(node: string, deliver: DeliverLetter): Promise<TransportLink> {
      assertNodeName(node);
      const link = new WireLink({ node, deliver, ...options });
      link.wire = await open(node, link);
      return link;
    },
  });
}

interface LinkOptions extends WireTransportOptions {
  readonly node: string;
  readonly deliver: DeliverLetter;
}

class WireLink implements TransportLink, WireListener {
  wire: Wire | undefined;
  readonly #options: LinkOptions;
  readonly #epoch: number;
  readonly #outboxes = new Map<string, Outbox>();
  readonly #inboxes = new Map<string, Inbox>();
  #isClosed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#epoch = newEpoch(options.ports ?? nodePorts);
  }

  send(node: string, letter: Letter, withinMs?: number): Promise<void> {
    const { node: own } = this.#options;
    if (!letter.from.startsWith(`${own}/`)) throw new TypeError(`A letter of node "${own}" is from "${own}/<agent>"; found ${JSON.stringify(letter.from)}.`);
    return this.#outboxTo(node).send(letter, withinMs);
  }

  close(): Promise<void> {
    this.#isClosed = true;
    for (const outbox of this.#outboxes.values()) outbox.close();
    this.wire?.close();
    return Promise.resolve();
  }

  received(from: string, text: string): void {
    const frame = this.#isClosed ? undefined : decodeFrame(text);
    if (frame?.kind === 'answer') this.#outboxTo(from).answered(frame.epoch, frame.seq, frame.error);
    // Nobody writes in the name of another node.
    if (frame?.kind === 'letter' && frame.letter.from.startsWith(`${from}/`)) this.#inboxOf(from).receive(frame);
  }

  arrived(node: string): void {
    if (!this.#isClosed) this.#outboxTo(node).arrived();
  }

  left(node: string): void {
    if (!this.#isClosed) this.#outboxTo(node).left();
  }

  #outboxTo(peer: string): Outbox {
    const { ports: { timers } = nodePorts, patienceMs = PATIENCE_MS } = this.#options;
    const outbox = this.#outboxes.get(peer) ?? new Outbox({ peer, epoch: this.#epoch, timers, patienceMs, post: (text) => { this.#post(peer, text); } });
    if (this.#isClosed) outbox.close();
    this.#outboxes.set(peer, outbox);
    return outbox;
  }

  #inboxOf(peer: string): Inbox {
    const inbox = this.#inboxes.get(peer) ?? new Inbox({ deliver: this.#options.deliver, post: (text) => { this.#post(peer, text); } });
    this.#inboxes.set(peer, inbox);
    return inbox;
  }

  #post(peer: string, text: string): void {
    if (!this.#isClosed) this.wire?.post(peer, text);
  }
}

/**
 * Larger than that of any earlier link: a node that is started again is so later, and two of one process differ even if they
 * are made at once. Where a clock was set back meanwhile, the others don't hear the node until it has caught up.
 */
function newEpoch({ clock }: Pick<Ports, 'clock'>): number {
  latestEpoch = Math.max(clock.now(), latestEpoch + 1);
  return latestEpoch;
}
