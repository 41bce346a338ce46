import type { AgentContext, Instruction, Json, OmniError, Operation, Tool } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { nodeOfTool, remoteAddressOf, toolTo } from './address.js';

/** What is given to the tool that writes to another node. */
export interface Outgoing {
  readonly to: string;
  readonly channel: string;
  readonly body: unknown;
  /** To another node, after so long it is given up at the latest; the node's own patience decides unless given. */
  readonly withinMs?: number | undefined;
}

/** Letters to other nodes that are on their way together. */
const SENT_AT_ONCE = 32;

/**
 * Sends to an agent wherever it is: `yield* deliver(ctx, { to: 'b/worker-1', channel, body })`.
 *
 * An agent of this kernel needs the grant `send:<agent>`, one of another kernel `call:swarm.to.<node>`. Throws what
 * refuses the message, `MAILBOX_FULL` or `DEAD_LETTER`, here or there; and `NODE_UNREACHABLE`: nobody has said that it arrived.
 */
export function deliver(ctx: Pick<AgentContext, 'send' | 'tool'>, { to, channel, body, withinMs }: Outgoing): Operation<void> {
  const address = remoteAddressOf(to);
  if (address === undefined) return ctx.send(to, body, channel);
  const tool: Pick<Tool<Outgoing, void>, 'name'> = { name: toolTo(address.node) };
  return ctx.tool(tool as Tool<Outgoing, void>, { to: address.agent, channel, body, ...(withinMs === undefined ? {} : { withinMs }) });
}

/**
 * Sends to several, and answers for each what refused it; undefined for what arrived. Those elsewhere are told together, so that
 * nobody waits for a node that another one's letter waits for.
 */
export function* deliverAll(ctx: Pick<AgentContext, 'send' | 'tool' | 'allSettled'>, letters: readonly Outgoing[]): Generator<Instruction, readonly (OmniError | undefined)[]> {
  const refusals = new Map<Outgoing, OmniError>();
  const elsewhere = letters.filter(({ to }) => remoteAddressOf(to) !== undefined);
  for (const letter of letters) {
    if (remoteAddressOf(letter.to) !== undefined) continue;
    try {
      yield* deliver(ctx, letter);
    } catch (error) {
      refusals.set(letter, error as OmniError);
    }
  }
  for (let start = 0; start < elsewhere.length; start += SENT_AT_ONCE) {
    const sent = elsewhere.slice(start, start + SENT_AT_ONCE);
    const settled = yield* ctx.allSettled(sent.map((letter) => deliver(ctx, letter)));
    for (const [index, answer] of settled.entries()) if (answer.status === 'rejected') refusals.set(sent[index]!, answer.reason);
  }
  return letters.map((letter) => refusals.get(letter));
}

/** What a call sends to another node, by the address that its program used; undefined for a call of any other tool. */
export function outgoingIn({ tool, args }: { readonly tool: string; readonly args: Json }): (Outgoing & { readonly body: Json }) | undefined {
  const node = nodeOfTool(tool);
  const { to, channel, body } = fieldsOf(args);
  return node !== undefined && typeof to === 'string' && typeof channel === 'string' ? { to: `${node}/${to}`, channel, body: (body ?? null) as Json } : undefined;
}
