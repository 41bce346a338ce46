import { OmniError, type OmniKernel } from '@omnipaw/kernel';
import { PROGRAMS } from './interpreters.js';
import type { Order, Root } from './scenarios.js';

export function spawnRoot(kernel: OmniKernel, { type, script, grants, expiresInMs }: Root): string {
  return kernel.spawn(PROGRAMS[type], script, { grants, ...(expiresInMs === null ? {} : { expiresInMs }), quota: { maxTicks: 5 } }).id;
}

/** Gives an order; answers the code of the error if it is refused. */
export function obey(kernel: OmniKernel, order: Order): string | undefined {
  try {
    give(kernel, order);
    return undefined;
  } catch (error) {
    if (error instanceof OmniError) return error.code;
    throw error;
  }
}

function give(kernel: OmniKernel, { command, target, script }: Order): void {
  if (command === 'spawn') {
    kernel.spawn(PROGRAMS.worker, script, { grants: ['call:*', 'send:*'] });
    return;
  }
  const { agents } = kernel.snapshot();
  const id = agents[target % agents.length]?.id ?? 'nobody';
  switch (command) {
    case 'send':
      kernel.send(id, { from: 'an operator' });
      break;
    case 'revoke':
      kernel.revoke(id, 'an order');
      break;
    case 'approve':
    case 'deny': {
      const [approval] = kernel.approvals();
      if (approval !== undefined) kernel.decide(approval.id, { approved: command === 'approve' });
      break;
    }
    default:
      kernel[command](id, 'an order');
  }
}
