import { defineTool, OmniError, unchecked, type Json, type OmniKernel, type Tool, type ToolContext } from '@omnipaw/kernel';
import { swarmError } from '../errors.js';
import type { SwarmExtension, SwarmLedger } from '../extension/index.js';
import { addressOf } from '../names.js';
import { assertNodeName, toolTo, type Outgoing, type RemoteBody } from '../remote/index.js';
import { unreachable } from './outbox.js';
import type { Letter, SwarmTransport, TransportLink } from './transport.js';

export interface SwarmNodeOptions {
  /** The name of this kernel among the others: its agents are `node/agent` there. */
  readonly node: string;
  /** The other nodes: for each there will be a tool, `swarm.to.<node>`. */
  readonly peers: readonly string[];
  readonly transport: SwarmTransport;
  /** The one that the kernel has: it knows from the log which letters have arrived. */
  readonly extension: Pick<SwarmExtension, 'ledger'>;
}

/** What a node needs of its kernel. */
export type NodeKernel = Pick<OmniKernel, 'send' | 'flush'>;

/** A kernel among others. */
export interface SwarmNode {
  readonly name: string;
  /** For the kernel, to write to the other nodes. */
  readonly tools: readonly Tool[];
  /** Joins the other nodes, and takes their letters. Whoever is to get some must have been started: what comes too early is refused. */
  attach(kernel: NodeKernel): Promise<void>;
  /** Leaves the other nodes. Stop the kernel first: calls under way are then made again by the next one. */
  close(): Promise<void>;
}

/** Nothing but the link's patience ends a call, or that of its caller: that a busy node takes long is no reason. */
const TIMEOUT_MS = 24 * 60 * 60_000;
/** What comes there is from the kernel itself, and never from elsewhere. */
const KERNEL_CHANNELS: ReadonlySet<string> = new Set(['approval', 'breach', 'exit']);

/**
 * Makes a kernel one of several: `const node = swarmNode({ node: 'a', peers: ['b'], transport, extension })`, then
 * `createKernel({ tools: [...node.tools], extensions: [extension] })` and `await node.attach(kernel)`.
 */
export function swarmNode({ node, peers, transport, extension }: SwarmNodeOptions): SwarmNode {
  for (const name of [node, ...peers]) assertNodeName(name);
  let join: (link: Promise<TransportLink>) => void;
  // The kernel takes up calls of before when it boots, and they wait for whoever can carry them out.
  const link = new Promise<TransportLink>((resolve) => { join = resolve; });
  let hasJoined = false;
  return Object.freeze({
    name: node,
    tools: Object.freeze(peers.filter((peer) => peer !== node).map((peer) => toolFor(peer, { node, link, ledger: extension.ledger }))),
    async attach(kernel: NodeKernel): Promise<void> {
      hasJoined = true;
      join(transport.join(node, (letter) => take(kernel, extension, letter)));
      await link;
    },
    async close(): Promise<void> {
      if (hasJoined) await (await link).close();
    },
  });
}

function toolFor(peer: string, { node, link, ledger }: { readonly node: string; readonly link: Promise<TransportLink>; readonly ledger: SwarmLedger }): Tool {
  return defineTool({
    name: toolTo(peer),
    description: `Sends a message to an agent on node "${peer}".`,
    input: unchecked<Outgoing>(),
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    // The link itself has patience; who calls decides what becomes of a node that is gone.
    retry: { limit: 0, backoffMs: 0 },
    run: async ({ to, channel, body, withinMs }: Outgoing, { agent, idempotencyKey }: ToolContext) => {
      const office = ledger.officeOf(agent);
      const letter: Letter = { id: idempotencyKey, from: `${node}/${agent}`, to, channel, body: body as Json, ...(office === undefined ? {} : { office }) };
      await (await link).send(peer, letter, withinMs);
    },
  });
}

/** Puts a letter into its mailbox, once: what the log has is there already. */
async function take(kernel: NodeKernel, { ledger }: Pick<SwarmExtension, 'ledger'>, letter: Letter): Promise<void> {
  const { id, from, to, channel, body } = letter;
  if (KERNEL_CHANNELS.has(channel)) throw new OmniError('INVALID_INSTRUCTION', `The channel "${channel}" is the kernel's own, and nobody writes on it from elsewhere. Choose another name.`);
  refuseStale(ledger, letter);
  const message: RemoteBody = { kind: 'remote', from, id, body };
  try {
    if (!ledger.letters.has(to, id)) kernel.send(to, message, channel);
    await kernel.flush();
  } catch (error) {
    const { code } = error as OmniError;
    if (code === 'KERNEL_STOPPED' || code === 'KERNEL_HALTED') throw unreachable('this one');
    throw error;
  }
}

/**
 * A leader that was cut off leads on by what its own kernel knows; where its successor is known, nothing comes of that. The words of
 * elections pass: by the answers to them it learns that it is over.
 */
function refuseStale(ledger: SwarmLedger, { from, channel, office }: Letter): void {
  if (office === undefined || addressOf(channel)?.topic === 'election') return;
  const { swarm, term } = office;
  const newest = ledger.newestElected(swarm);
  if (term >= newest) return;
  throw swarmError('STALE_TERM', `Agent "${from}" holds the office of term ${term} in swarm "${swarm}", and this node knows that in term ${newest} another one was elected. Nothing that it writes is taken here until it has given the office up.`, { details: { swarm, agent: from, term, newest } });
}
