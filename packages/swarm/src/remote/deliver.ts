import type { AgentContext, Json, Operation, Tool } from '@omnipaw/kernel';
import { fieldsOf } from '../fields.js';
import { nodeOfTool, remoteAddressOf, toolTo } from './address.js';

/** What is given to the tool that writes to another node. */
export interface Outgoing {
  readonly to: string;
  readonly channel: string;
  readonly body: unknown;
}

/**
 * Sends to an agent wherever it is: `yield* deliver(ctx, { to: 'b/worker-1', channel, body })`.
 *
 * An agent of this kernel needs the grant `send:<agent>`, one of another kernel `call:swarm.to.<node>`. Throws what
 * refuses the message, `MAILBOX_FULL` or `DEAD_LETTER`, here or there; and `NODE_UNREACHABLE`: nobody has said that it arrived.
 */
export function deliver(ctx: Pick<AgentContext, 'send' | 'tool'>, { to, channel, body }: Outgoing): Operation<void> {
  const address = remoteAddressOf(to);
  if (address === undefined) return ctx.send(to, body, channel);
  const tool: Pick<Tool<Outgoing, void>, 'name'> = { name: toolTo(address.node) };
  return ctx.tool(tool as Tool<Outgoing, void>, { to: address.agent, channel, body });
}

/** What a call sends to another node, by the address that its program used; undefined for a call of any other tool. */
export function outgoingIn({ tool, args }: { readonly tool: string; readonly args: Json }): (Outgoing & { readonly body: Json }) | undefined {
  const node = nodeOfTool(tool);
  const { to, channel, body } = fieldsOf(args);
  return node !== undefined && typeof to === 'string' && typeof channel === 'string' ? { to: `${node}/${to}`, channel, body: (body ?? null) as Json } : undefined;
}
