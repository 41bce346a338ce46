import { nodePorts } from './node/index.js';
import { VERSION } from './version.js';
import { OmniKernel, type KernelConfig, type KernelHost } from './kernel/index.js';

/**
 * Starts a kernel on Node: `const kernel = await createKernel({ log: new FileLogStore('./log'), agents, tools })`.
 *
 * Rejects as {@link OmniKernel.boot} does. `host` replaces clock, randomness and timers, for tests and simulations.
 */
export function createKernel(config: KernelConfig, host: Partial<KernelHost> = {}): Promise<OmniKernel> {
  const onProblem = config.onProblem ?? ((problem) => { process.emitWarning(problem); });
  return OmniKernel.boot({ ...config, onProblem }, { ports: nodePorts, kernelVersion: VERSION, ...host });
}
