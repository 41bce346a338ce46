/**
 * Nodes in the threads of one process: a broker in one of them has a port to each, and passes texts on. Nothing is shared.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { fieldsOf } from './fields.js';
import { assertNodeName } from './remote/index.js';
import { wireTransport, type SwarmTransport, type Wire, type WireListener } from './transport/index.js';

/** From a node to the broker, and from the broker to a node. */
type Passed =
  | { readonly kind: 'text'; readonly node: string; readonly text: string }
  | { readonly kind: 'arrived' | 'left'; readonly node: string };

/** Passes on what nodes write to one another, and tells them who is there. Does nothing else, so any thread has time for it. */
export class ThreadBroker {
  readonly #ports = new Map<string, MessagePort>();

  /**
   * The port of a node, for {@link threadTransport} in its thread, to be given there by `workerData` and `transferList`. Whoever
   * had that name before is cut off: a thread that is started in place of one that died gets what that one has not answered.
   */
  connect(node: string): MessagePort {
    assertNodeName(node);
    this.disconnect(node);
    const { port1: port, port2: given } = new MessageChannel();
    for (const [other, its] of this.#ports) {
      pass(its, { kind: 'arrived', node });
      pass(port, { kind: 'arrived', node: other });
    }
    this.#ports.set(node, port);
    port.on('message', (message: unknown) => { this.#passOn(node, message); });
    port.on('close', () => { if (this.#ports.get(node) === port) this.disconnect(node); });
    // Nobody has to be kept alive by it: there is nothing to pass on when all others have ended.
    port.unref();
    return given;
  }

  /** Cuts all nodes off. */
  close(): void {
    for (const node of [...this.#ports.keys()]) this.disconnect(node);
  }

  /** Cuts a node off, as when its thread ends. */
  disconnect(node: string): void {
    const port = this.#ports.get(node);
    if (port === undefined) return;
    this.#ports.delete(node);
    port.close();
    for (const other of this.#ports.values()) pass(other, { kind: 'left', node });
  }

  #passOn(from: string, message: unknown): void {
    const { node, text } = fieldsOf(message);
    const port = typeof node === 'string' ? this.#ports.get(node) : undefined;
    // To somebody who is not there: the sender knows, and sends again when there is.
    if (port !== undefined && typeof text === 'string') pass(port, { kind: 'text', node: from, text });
  }
}

export interface ThreadTransportOptions {
  /** For how long a letter waits for a node that is not there, 10 seconds unless given; for one that is there and does not answer, six times as long. */
  readonly patienceMs?: number;
}

/** The transport of a node whose thread was given this port by a {@link ThreadBroker}; for one `join`. */
export function threadTransport(port: MessagePort, options: ThreadTransportOptions = {}): SwarmTransport {
  return wireTransport((_, listener) => Promise.resolve(openPort(port, listener)), options);
}

function openPort(port: MessagePort, listener: WireListener): Wire {
  port.on('message', (message: Passed) => {
    if (message.kind === 'text') listener.received(message.node, message.text);
    else listener[message.kind](message.node);
  });
  return {
    post: (node, text) => { pass(port, { kind: 'text', node, text }); },
    close: () => { port.close(); },
  };
}

function pass(port: MessagePort, message: Passed): void {
  port.postMessage(message);
}
