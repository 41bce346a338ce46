import type { Grant, OmniKernel } from '@omnipaw/kernel';
import { toolTo } from '../remote/index.js';
import type { SwarmDefinition } from './define-swarm.js';

export interface HostOptions {
  readonly swarm: SwarmDefinition;
  /** The most that members may do here, whatever a coordinator elsewhere says, beside talking to it and sharing memory. */
  readonly grants?: readonly (Grant | string)[];
}

/**
 * Lets members of a swarm be in this kernel whose coordinator is in another one. Once for each kernel and kind of swarm, before the
 * node is attached; what an earlier process has started of it goes on, with the grants that it had.
 */
export function hostSwarm(kernel: Pick<OmniKernel, 'spawn' | 'agent'>, { swarm, grants = [] }: HostOptions): void {
  const { steward, member } = swarm;
  try {
    kernel.agent(steward.type);
  } catch {
    const shared = 'shared:swarm-*/**';
    kernel.spawn(steward, null, {
      id: steward.type,
      grants: [...grants, `delegate:${member.type}`, `send:${member.type}-*`, 'send:*', `call:${toolTo('*')}`, `read:${shared}`, `write:${shared}`],
    });
  }
}
