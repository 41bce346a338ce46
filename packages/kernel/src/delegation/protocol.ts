import { OmniError } from '../errors/index.js';
import type { AgentRegistry, AgentType, CapabilityToken, Grant, PermissionRecord, Quota } from '../identity/index.js';
import { assertPlainName } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import { toJson } from '../json/index.js';
import { covers, toGrants, type PermissionModel } from '../permissions/index.js';

/** Names in a quota. */
const MAX_LIMITS = 100;

/** What a delegator gives a child; nothing unless named. */
export interface DelegationOptions {
  /** Must be a subset of what the delegator holds (INV-06). */
  readonly grants?: readonly (Grant | string)[];
  /** Levels of children that the child may have in turn; 0 unless given. */
  readonly depth?: number;
  /** How long the child may run, in milliseconds; as long as its delegator unless given. */
  readonly expiresInMs?: number;
  /** Carved out of the delegator's budget: what the child gets, the delegator no longer has. */
  readonly quota?: Quota;
  /** The child's id; derived from its type unless given. */
  readonly id?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Whether the delegator gets a message when the child ends, however it ends: on the channel `exit`, with `{ agent, error }`, the code of the error or null. */
  readonly monitor?: boolean;
}

export interface DelegationProtocolOptions {
  readonly agents: Pick<AgentRegistry<AgentType>, 'has' | 'get' | 'childrenOf' | 'nextId'>;
  readonly permissions: Pick<PermissionModel, 'tokenOf' | 'escalationIn'>;
  readonly invariants: InvariantChecker;
}

/** Decides what a child may be given, and who loses what when a token is revoked. */
export class DelegationProtocol {
  readonly #options: DelegationProtocolOptions;

  constructor(options: DelegationProtocolOptions) {
    this.#options = options;
  }

  /**
   * The token of a child; throws `PRIVILEGE_ESCALATION_ATTEMPT` for anything beyond the delegator's own (INV-06).
   *
   * `now` is the recorded time of the delegator's tick, milliseconds since the epoch; `permission` is what it delegates by.
   */
  decideToken(
    parent: string,
    asked: DelegationOptions,
    { now, permission }: { readonly now: number; readonly permission: PermissionRecord },
  ): CapabilityToken {
    assertOptions(asked, 'monitor');
    const { permissions } = this.#options;
    const own = permissions.tokenOf(parent);
    const notAfter = asked.expiresInMs === undefined ? own.notAfter : now + asked.expiresInMs;
    // Through toJson, since a program made these: copied, frozen and free of surprises.
    const token = toJson({
      grants: toGrants(asked.grants ?? []).map((grant) => withinLifetime(grant, own.grants)),
      depth: asked.depth ?? 0,
      ...(notAfter === undefined ? {} : { notAfter }),
      ...(asked.quota === undefined ? {} : { budget: asked.quota }),
    }) as unknown as CapabilityToken;
    assertCounts(token);
    const escalation = permissions.escalationIn(parent, token, permission);
    if (escalation === undefined) return token;
    throw new OmniError(
      'PRIVILEGE_ESCALATION_ATTEMPT',
      `Agent "${parent}" tried to delegate more than it may: ${escalation}. Delegate a subset of its own token.`,
      { details: { agent: parent, escalation } },
    );
  }

  /** The id of a child that is about to be spawned; unique, so that nobody has two parents (INV-08). */
  decideChildId(type: string, asked: DelegationOptions): string {
    const { agents } = this.#options;
    // Read once: whoever gives the options may answer differently the second time.
    const { id } = asked;
    if (id === undefined) return agents.nextId(type);
    assertPlainName('Agent id', id);
    if (agents.has(id)) {
      throw new OmniError('AGENT_ALREADY_EXISTS', `There is an agent "${id}" already. Choose another id, or none.`, {
        details: { agent: id },
      });
    }
    return id;
  }

  /** An agent and all below it, children before their parents: the order in which tokens are revoked. */
  descendantsFirst(agent: string): readonly string[] {
    const parentsFirst = new Set<string>();
    const open = [agent];
    for (let id = open.pop(); id !== undefined; id = open.pop()) {
      if (parentsFirst.has(id)) this.#options.invariants.breached('INV-08', `by a cycle through agent "${id}".`);
      parentsFirst.add(id);
      for (const child of this.#options.agents.childrenOf(id)) open.push(child);
    }
    return [...parentsFirst].reverse();
  }
}

/** A child's grant ends with the grant that it comes from, unless it names an earlier end itself. */
function withinLifetime(grant: Grant, own: readonly Grant[]): Grant {
  if (grant.notAfter !== undefined) return grant;
  const ends = own.filter((held) => isSource(held, grant)).map(({ notAfter = Infinity }) => notAfter);
  const notAfter = Math.max(...ends);
  return Number.isFinite(notAfter) ? { ...grant, notAfter } : grant;
}

function isSource(held: Grant, grant: Grant): boolean {
  return held.action === grant.action && covers(held.resource, grant.resource) && (held.limit === undefined || grant.limit !== undefined);
}

/** Of every new agent, whether or not it has a delegator. */
const OPTIONS: readonly (keyof DelegationOptions)[] = Object.freeze(['grants', 'depth', 'expiresInMs', 'quota', 'id', 'metadata']);

/** Throws a TypeError for an option that there is none of: what is written otherwise would be no limit at all. */
export function assertOptions(asked: object, ...more: readonly (keyof DelegationOptions)[]): void {
  const known: ReadonlySet<string> = new Set([...OPTIONS, ...more]);
  const unknown = Object.entries(asked).find(([name, value]) => value !== undefined && !known.has(name));
  if (unknown === undefined) return;
  throw new TypeError(`There is no option ${JSON.stringify(unknown[0])} for a new agent. Options: ${[...known].join(', ')}.`);
}

/** Throws a TypeError for a limit that is no whole number. */
export function assertCounts({ depth, notAfter, budget }: CapabilityToken): void {
  if (budget !== undefined && (!isRecord(budget) || Object.keys(budget).length > MAX_LIMITS)) {
    throw new TypeError(`A quota is an object of limits by name, such as { maxTicks: 50 }, with ${String(MAX_LIMITS)} at the most.`);
  }
  const limits = Object.entries(budget ?? {}).flatMap(([name, limit]): [string, number][] => {
    return isRecord(limit) ? [[`${name}.hard`, limit.hard], ...Object.entries(limit).map(([part, value]): [string, number] => [`${name}.${part}`, value])] : [[name, limit]];
  });
  // One by one: a limit may be named `depth`, too.
  for (const [name, value] of [['depth', depth], ['notAfter', notAfter ?? 0], ...limits] as const) {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new TypeError(`A token names ${name} ${String(value)}; it must be a whole number from 0.`);
    }
  }
}

function isRecord<Value>(value: Value): value is Value & object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
