/** What an engine says of itself, and whether that will do. */
import { sandboxError } from './errors.js';

/** Of `GET /info`, as far as it counts here. */
export interface EngineInfo {
  readonly SecurityOptions?: readonly string[] | null;
  readonly MemoryLimit?: boolean;
  readonly PidsLimit?: boolean;
  readonly CpuCfsQuota?: boolean;
  /** Podman's only. */
  readonly BuildahVersion?: string;
}

const LIMITS = { MemoryLimit: 'memory', PidsLimit: 'processes', CpuCfsQuota: 'processors' } as const;

/** Whether the engine is a user's own, who is known as root in it. */
export function isRootless(info: EngineInfo): boolean {
  return isNamed(info, 'rootless');
}

export function isPodman({ BuildahVersion }: EngineInfo): boolean {
  return BuildahVersion !== undefined;
}

/** Throws `SANDBOX_REFUSED` for an engine that can't say which calls of Linux a container may make, or that would leave a limit out, and say so in a warning that nobody reads. */
export function assertConfines(info: EngineInfo): void {
  if (!isNamed(info, 'seccomp')) {
    throw sandboxError('SANDBOX_REFUSED', 'The engine has no seccomp, without which a container may make all calls of Linux. Use one that has it: docker info lists it below Security Options.', { details: { unkept: ['seccomp'] } });
  }
  const unkept = Object.entries(LIMITS).filter(([name]) => info[name as keyof typeof LIMITS] === false).map(([, what]) => what);
  if (unkept.length === 0) return;
  throw sandboxError('SANDBOX_REFUSED', `The engine can't limit what a container takes of: ${unkept.join(', ')}. Give it those cgroups; an engine without root needs cgroups of version 2, delegated to its user.`, { details: { unkept } });
}

function isNamed({ SecurityOptions }: EngineInfo, name: string): boolean {
  return (SecurityOptions ?? []).some((option) => option.split(',').includes(`name=${name}`));
}
