import type { OmniError } from '@omnipaw/kernel';
import { swarmError } from '../errors.js';

export function timeUp(swarm: string): OmniError {
  return swarmError('SWARM_TIMEOUT', `The swarm "${swarm}" has not come to its end in time. Give it more time (timeoutMs), more members, or less to do.`);
}
