/** Commands of agents in containers: one for each call, hardened, limited, and removed afterwards. */
export { DEFAULT_IMAGE, DockerSandbox, LABELS } from './docker-sandbox.js';
export type { DockerSandboxOptions } from './options.js';
export { SANDBOX_ERROR_CODES, type SandboxErrorCode } from './errors.js';
export type { PullProgress } from './image.js';
export { DEFAULT_LIMITS, type ContainerLimits } from './limits.js';
export type { User } from './user.js';
