/** What a container may use. Bytes, unless a name says otherwise. */
export interface ContainerLimits {
  /** Together with what is in `/tmp`; there is no swap. 512 MiB unless given. */
  readonly memoryBytes: number;
  /** Processors, also parts of one. 1 unless given. */
  readonly cpus: number;
  /** Processes and threads at once. 256 unless given. */
  readonly maxProcesses: number;
  /** Files that one process has open. 1024 unless given. */
  readonly maxOpenFiles: number;
  /** Of one file. 1 GiB unless given. */
  readonly maxFileBytes: number;
  /** In `/tmp`. 64 MiB unless given. */
  readonly tmpBytes: number;
  /** By how much the disk of the workspace may become fuller while a command runs, whoever writes; never by more than half of what is free. 2 GiB unless given. */
  readonly maxDiskBytes: number;
}

const MiB = 1024 * 1024;

export const DEFAULT_LIMITS: ContainerLimits = Object.freeze({
  memoryBytes: 512 * MiB,
  cpus: 1,
  maxProcesses: 256,
  maxOpenFiles: 1024,
  maxFileBytes: 1024 * MiB,
  tmpBytes: 64 * MiB,
  maxDiskBytes: 2048 * MiB,
});

/** Throws a `TypeError` for a limit that is none. */
export function limitsFrom(given: Partial<ContainerLimits>): ContainerLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) throw new TypeError(`There is no limit "${name}" of a container. There are: ${Object.keys(DEFAULT_LIMITS).join(', ')}.`);
    const isFit = name === 'cpus' ? value > 0 && Number.isFinite(value) : Number.isSafeInteger(value) && value > 0;
    if (!isFit) throw new TypeError(`The limit ${name} of a container is ${String(value)}; it must be ${name === 'cpus' ? 'above 0' : 'a whole number above 0'}.`);
  }
  return limits;
}
