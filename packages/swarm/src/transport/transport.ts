import type { Json } from '@omnipaw/kernel';

/** A message on its way from an agent of one kernel to an agent of another one. */
export interface Letter {
  /** The same however often it is sent: the key of the call that sent it. */
  readonly id: string;
  /** `node/agent` */
  readonly from: string;
  /** The agent, on the node that it is sent to. */
  readonly to: string;
  readonly channel: string;
  readonly body: Json;
  /** The office that its sender holds, by what its own kernel knows: another kernel may know better, and refuse the letter. */
  readonly office?: LetterOffice;
}

/** Of a leader: see `Election`. */
export interface LetterOffice {
  readonly swarm: string;
  readonly term: number;
}

/** Puts a letter into a mailbox. Resolves when it is durable there; rejects with what refuses it. */
export type DeliverLetter = (letter: Letter) => Promise<void>;

/** A node's connection to all others. */
export interface TransportLink {
  /**
   * Resolves when the other kernel has the letter on its disk.
   *
   * Rejects with that kernel's refusal, or with `NODE_UNREACHABLE` when nobody has said in time that it arrived, be the node gone or silent: it may have.
   * After `withinMs`, if given, the letter is given up at the latest.
   */
  send(node: string, letter: Letter, withinMs?: number): Promise<void>;
  /** Leaves the swarm; what was not answered is rejected with `NODE_UNREACHABLE`. */
  close(): Promise<void>;
}

/**
 * How kernels reach one another.
 *
 * 1. At least once: a letter is delivered until somebody says what became of it, also to a kernel that was started in place of one that died.
 * 2. In order: letters of one node to another one are delivered in the order of `send`, as long as nobody was given up. A copy
 *    may come later.
 * 3. A delivery that fails with a TRANSIENT error is no refusal: the kernel was about to go, and the next one gets the letter.
 *
 * The suite in `@omnipaw/swarm/conformance` has what every transport must hold to.
 */
export interface SwarmTransport {
  /** Makes a node known under its name, in place of an earlier one; throws a TypeError for a name that can be none. */
  join(node: string, deliver: DeliverLetter): Promise<TransportLink>;
}
