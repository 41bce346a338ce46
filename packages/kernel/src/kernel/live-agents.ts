import type { LifecycleState } from '../lifecycle/index.js';
import type { KernelState } from './state.js';

const ENDED: ReadonlySet<LifecycleState> = new Set(['TERMINATED', 'FAULTED']);

/** Those whose programs still have something to do. */
export function liveAgents({ state }: { readonly state: Pick<KernelState, 'agents' | 'lifecycle'> }): ReadonlySet<string> {
  const live = new Set<string>();
  for (const { id } of state.agents.all()) if (!ENDED.has(state.lifecycle.stateOf(id))) live.add(id);
  return live;
}
