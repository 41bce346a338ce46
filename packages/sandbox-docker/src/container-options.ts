/**
 * How a container is made. The same for every call, so that one can be made before it is known for what: what differs comes in
 * by its standard input (`script.ts`).
 *
 * 1. It has the workspace and nothing else of the host, and can write there and to memory only: in `/tmp`, in `/dev/shm`, and
 *    where the image would have a volume.
 * 2. It has no capability, gets none by setuid files, is not root, and makes those calls of Linux only that `seccomp-profile.ts` names.
 * 3. It has no network but the loopback one, unless the operator names one.
 * 4. What it prints is kept by nobody but us: the engine's own log could fill its disk.
 */
import { randomUUID } from 'node:crypto';
import { posix } from 'node:path';
import type Docker from 'dockerode';
import type { ContainerLimits } from './limits.js';

/** Where the workspace is in a container. */
export const WORKSPACE = '/workspace';
/** What the names of containers begin with: labels are also had by whatever is made of an image that somebody has made of a container. */
export const NAME_PREFIX = 'omnipaw-';
/** A line that goes before a script. */
export const BEGIN = 'begin';
/** How a shell ends that hears nothing more of us: SIGPWR, by number, since not every shell knows the name. */
export const DISCONNECTED = 30;
/** Those that wait, of which timers have one each. */
const MAX_SIGNALS = 1_024;
/** What the types of dockerode do not know. */
const UNTYPED: { readonly bind: object; readonly host: object } = { bind: { NonRecursive: true }, host: { CgroupnsMode: 'private' } };
/** What a shell says of a file of the workspace that it is asked for, before it is told what to run. */
export const HERE = 'here';
/** A shell that is told nothing ends so, too: at the end of its input alone it would say 0. */
const WAITING = `read -r name && if [ -e "${WORKSPACE}/$name" ]; then echo ${HERE}; else echo elsewhere; fi && read -r line && [ "$line" = ${BEGIN} ] && exec /bin/sh -s; kill -${DISCONNECTED} $$`;

export interface ContainerPlan {
  readonly image: string;
  /** Directories for which the image wants some. */
  readonly volumes: readonly string[];
  /** A directory of the engine's machine. */
  readonly root: string;
  /** `uid:gid` */
  readonly user: string;
  readonly network: string;
  /** As the engine takes it: a profile, or the path of one. */
  readonly seccomp: string;
  readonly limits: ContainerLimits;
  readonly labels: Readonly<Record<string, string>>;
}

export function containerOptions({ image, volumes, root, user, network, seccomp, limits, labels }: ContainerPlan): Docker.ContainerCreateOptions {
  return {
    name: `${NAME_PREFIX}${randomUUID()}`,
    Image: image,
    Labels: { ...labels },
    User: user,
    Entrypoint: ['/bin/sh'],
    Cmd: ['-c', WAITING],
    Env: [`HOME=${WORKSPACE}`, 'LANG=C.UTF-8'],
    WorkingDir: WORKSPACE,
    OpenStdin: true,
    // The end of the one who is attached is the end of its standard input, and by that of the container.
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Healthcheck: { Test: ['NONE'] },
    HostConfig: { ...confinement(network, seccomp), ...ceilings(limits), Tmpfs: temporaries(volumes, limits), Mounts: [workspaceAt(root)] },
  };
}

/** A volume of the image's would be a way to the engine's disk. */
function temporaries(volumes: readonly string[], { tmpBytes }: ContainerLimits): Docker.HostConfig['Tmpfs'] {
  const places = ['/tmp', ...volumes.map((path) => posix.resolve('/', path)).filter((path) => path !== WORKSPACE)];
  return Object.fromEntries(places.map((path) => [path, `rw,noexec,nosuid,nodev,mode=1777,size=${tmpBytes}`]));
}

/** Without what is mounted below it. */
function workspaceAt(root: string): Docker.MountSettings {
  return { Type: 'bind', Source: root, Target: WORKSPACE, BindOptions: { Propagation: 'rprivate', ...UNTYPED.bind } };
}

function confinement(network: string, seccomp: string): Docker.HostConfig {
  return {
    NetworkMode: network,
    IpcMode: 'private',
    ...UNTYPED.host,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges', `seccomp=${seccomp}`],
    ReadonlyRootfs: true,
    Privileged: false,
    // Reaps what loses its parent, and makes the command an ordinary process, which signals can end.
    Init: true,
    LogConfig: { Type: 'none', Config: {} },
    RestartPolicy: { Name: 'no' },
  };
}

function ceilings({ memoryBytes, cpus, maxProcesses, maxOpenFiles, maxFileBytes, tmpBytes }: ContainerLimits): Docker.HostConfig {
  const limit = (Name: string, most: number): Docker.Ulimit => ({ Name, Soft: most, Hard: most });
  return {
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: Math.ceil(cpus * 1e9),
    PidsLimit: maxProcesses,
    ShmSize: tmpBytes,
    // Queues and signals are counted for all processes of a user, on the machine as well.
    Ulimits: [limit('nofile', maxOpenFiles), limit('fsize', maxFileBytes), limit('core', 0), limit('msgqueue', 0), limit('sigpending', MAX_SIGNALS)],
  };
}
