import type Docker from 'dockerode';
import type { PullProgress } from './image.js';
import type { ContainerLimits } from './limits.js';
import type { User } from './user.js';

export interface DockerSandboxOptions {
  /** The directory that commands have as `/workspace`: the root of `hostTools`. The engine must see it under the same path. */
  readonly root: string;
  /** `node:22-alpine` unless given. It needs a `/bin/sh`. */
  readonly image?: string;
  /** Whether an image that the engine does not have may be pulled. False unless given. */
  readonly pull?: boolean;
  readonly onPull?: (progress: PullProgress) => void;
  readonly limits?: Partial<ContainerLimits>;
  /** Which of the engine's networks commands get: `none` unless given, and never that of the machine or of another container. A grant names a tool, so what may use a network is a tool of its own. */
  readonly network?: string;
  /** As whom commands run; never root. This process's user unless given, or the owner of the root where this process is root's. */
  readonly user?: User;
  /** How many containers wait for the next calls. 0 unless given; if there are some, call `close` at the end. */
  readonly warm?: number;
  /** The engine; unless given the one that `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` name, or the one of this machine. */
  readonly docker?: Docker;
}

/**
 * A host, a path, a tag, a digest: https://github.com/distribution/reference. What is none would become another question to
 * the engine.
 */
const IMAGE = /^(?:[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d+)?\/)?(?:[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*\/)*[a-z\d]+(?:(?:\.|__?|-+)[a-z\d]+)*(?::\w[\w.-]{0,127})?(?:@sha256:[a-f\d]{64})?$/;

/** What is none is a way to have the network of something else. */
const NETWORK = /^\w[\w.-]*$/;

type Rule = readonly [isFit: (given: unknown) => boolean, wanted: string];

const text: Rule = [(given) => typeof given === 'string' && given !== '', 'must be a text that is not empty'];
const object: Rule = [(given) => typeof given === 'object' && given !== null && !Array.isArray(given), 'must be an object'];

const RULES: Readonly<Record<keyof DockerSandboxOptions, Rule>> = {
  root: text,
  image: [(given) => typeof given === 'string' && IMAGE.test(given), 'must be the name of an image, as the engine lists it (node:22-alpine)'],
  pull: [(given) => typeof given === 'boolean', 'must be true or false'],
  onPull: [(given) => typeof given === 'function', 'must be a function'],
  limits: object,
  network: [(given) => typeof given === 'string' && NETWORK.test(given) && given !== 'host', "must be the name of one of the engine's networks; not host, or another container's: these are no networks of its own"],
  user: [isUser, 'must be { uid, gid }, two whole numbers from 0'],
  warm: [isCount, 'must be a whole number from 0'],
  docker: object,
};

/** Throws a `TypeError` that names the option, and says what it must be: one that is not read would be a limit that is none. */
export function assertOptions(options: DockerSandboxOptions): void {
  for (const [name, given] of Object.entries(options)) {
    if (!Object.hasOwn(RULES, name)) throw new TypeError(`DockerSandbox has no option ${JSON.stringify(name)}. There are: ${Object.keys(RULES).join(', ')}.`);
    const [isFit, wanted] = RULES[name as keyof DockerSandboxOptions];
    if (given !== undefined && !isFit(given)) throw new TypeError(`DockerSandbox: its option ${name} ${wanted}; found: ${found(given)}.`);
  }
}

function isCount(given: unknown): boolean {
  return Number.isSafeInteger(given) && Number(given) >= 0;
}

function isUser(given: unknown): boolean {
  const { uid, gid } = (given ?? {}) as Readonly<Record<string, unknown>>;
  return isCount(uid) && isCount(gid);
}

function found(given: unknown): string {
  return typeof given === 'function' ? 'a function' : JSON.stringify(given).slice(0, 200);
}
