/** Commands of agents in containers: one for each call, hardened, limited, and removed afterwards. */
export { DockerSandbox } from './docker-sandbox.js';
export { DEFAULT_IMAGE } from './preparation.js';
export { LABELS } from './labels.js';
export type { DockerSandboxOptions } from './options.js';
export { SANDBOX_ERROR_CODES, type SandboxErrorCode } from './errors.js';
export type { PullProgress } from './image.js';
export { DEFAULT_LIMITS, type ContainerLimits } from './limits.js';
export type { User } from './user.js';
