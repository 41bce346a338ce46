import { GRANT_ACTIONS, hardLimits, type CapabilityToken, type GrantAction, type PermissionRecord } from '../identity/index.js';
import type {} from '../header/index.js';
import type { JsonObject } from '../json/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import { coveringGrants, escalationIn, type Remaining } from './attenuate.js';
import { evaluate, grantIndexOf, type Evaluation, type Policy } from './evaluate.js';
import { assertPattern } from './grant.js';

interface Holding {
  readonly agentType: string;
  readonly token: CapabilityToken;
  readonly grants: CapabilityToken['grants'];
  /** Whether any use has to be counted. */
  readonly isLimited: boolean;
  /** Uses by grant index, children's reservations included; kept only for grants with a limit. */
  readonly uses: Map<number, number>;
  /** What is left to carve for children. */
  budget: Remaining['budget'];
  revoked: boolean;
}

interface SavedPermissions {
  readonly policies: readonly Policy[];
  readonly holdings: readonly {
    readonly agent: string;
    readonly agentType: string;
    readonly token: CapabilityToken;
    readonly uses: readonly (readonly [grantIndex: number, count: number])[];
    readonly budget: Remaining['budget'];
    readonly revoked: boolean;
  }[];
}

/** What an agent wants to do. */
interface Want {
  readonly action: GrantAction;
  readonly resource: string;
  /** Recorded time, milliseconds since the epoch. */
  readonly now: number;
  /** What it has been allowed in the same breath, and is not recorded yet. */
  readonly spent?: readonly PermissionRecord[];
}

const NOTHING_HELD: CapabilityToken = Object.freeze({ grants: Object.freeze([]), depth: 0 });
const DEFAULT_APPROVAL_TIMEOUT_MS = 15 * 60_000;

/**
 * Who may do what: a fold over the tokens that spawns recorded, their uses, and revocations.
 *
 * Owns INV-04's question and INV-06's; the answers stand in the entries of those who ask.
 */
export class PermissionModel implements Projection, Saved<SavedPermissions> {
  readonly #isFixed: boolean;
  #policies: readonly Policy[];
  readonly #holdings = new Map<string, Holding>();

  /** What the last header names, or what was given instead. */
  get policies(): readonly Policy[] {
    return this.#policies;
  }

  /** Goes by the policies that the log's headers name; by others, whatever they name, if some are given. */
  constructor(policies?: readonly Policy[]) {
    if (policies !== undefined) assertPolicies(policies);
    this.#isFixed = policies !== undefined;
    this.#policies = policies ?? [];
  }

  tokenOf(agent: string): CapabilityToken {
    return this.#holdings.get(agent)?.token ?? NOTHING_HELD;
  }

  /** Whether the agent's token is there, unexpired and unrevoked (INV-13). */
  isActive(agent: string, now: number): boolean {
    const holding = this.#holdings.get(agent);
    return holding !== undefined && !holding.revoked && (holding.token.notAfter === undefined || now <= holding.token.notAfter);
  }

  isRevoked(agent: string): boolean {
    return this.#holdings.get(agent)?.revoked ?? false;
  }

  evaluate(agent: string, want: Want): Evaluation {
    const holding = this.#holdings.get(agent);
    if (holding === undefined || !this.isActive(agent, want.now)) return INACTIVE;
    const { action, resource, now, spent } = want;
    const request = { agentType: holding.agentType, action, resource, now };
    if (spent === undefined) return evaluate(request, this.#policies, holding);
    return evaluate(request, this.#policies, { grants: holding.grants, uses: usesAfter(holding.uses, spent) });
  }

  /** Whether the agent's own token grants it, policies aside. */
  holds(agent: string, want: { readonly action: GrantAction; readonly resource: string; readonly now: number }): boolean {
    const holding = this.#holdings.get(agent);
    if (holding === undefined || !this.isActive(agent, want.now)) return false;
    return evaluate({ agentType: holding.agentType, ...want }, [], holding).record.decision === 'ALLOW';
  }

  /** Why a token may not be delegated by this agent, on the permission that it delegates by; undefined when it may (INV-06). */
  escalationIn(agent: string, asked: CapabilityToken, by: PermissionRecord): string | undefined {
    const holding = this.#holdings.get(agent);
    if (holding === undefined) return 'it holds no token';
    return escalationIn(asked, holding.token, remainingOf(holding, grantIndexOf(by)));
  }

  save(): SavedPermissions {
    const holdings = [...this.#holdings].map(([agent, { agentType, token, uses, budget, revoked }]) => ({
      agent, agentType, token, uses: [...uses], budget, revoked,
    }));
    return { policies: this.#policies, holdings };
  }

  load({ policies, holdings }: SavedPermissions): void {
    this.#policies = policies;
    for (const { agent, agentType, token, uses, budget, revoked } of holdings) {
      this.#hold(agent, agentType, token);
      Object.assign(this.#holdings.get(agent)!, { uses: new Map(uses), budget, revoked });
    }
  }

  apply(entry: Entry): void {
    if (entry.agent === null) this.#readHeader(entry);
    else this.#readUse(entry, entry.agent);
  }

  #readHeader(entry: Entry): void {
    if (this.#isFixed || (entry.kind !== 'LOG_OPENED' && entry.kind !== 'KERNEL_STARTED')) return;
    this.#policies = policiesIn(entry.data.config);
  }

  #readUse(entry: Entry, agent: string): void {
    if (entry.kind === 'AGENT_SPAWNED') {
      this.#hold(agent, entry.data.type, entry.data.token);
      const { parent, delegation } = entry.data;
      if (parent !== null && delegation !== undefined) this.#countUse(parent, delegation.permission);
      if (parent !== null) this.#carve(parent, entry.data.token);
      return;
    }
    if (entry.kind === 'TOKEN_REVOKED') {
      const holding = this.#holdings.get(agent);
      if (holding !== undefined) holding.revoked = true;
      return;
    }
    const { permission } = entry.data as { readonly permission?: PermissionRecord };
    if (permission?.decision === 'ALLOW') this.#countUse(agent, permission);
    if (entry.kind !== 'TOOL_CALLED' || entry.data.secrets === undefined) return;
    for (const used of Object.values(entry.data.secrets)) this.#countUse(agent, used);
  }

  #hold(agent: string, agentType: string, token: CapabilityToken): void {
    const { grants } = token;
    const budget = hardLimits(token.budget);
    const isLimited = grants.some(({ limit }) => limit !== undefined);
    this.#holdings.set(agent, { agentType, token, grants, isLimited, uses: new Map(), budget, revoked: false });
  }

  /** What a child gets of a limited good, its parent no longer has. */
  #carve(parent: string, token: CapabilityToken): void {
    const holding = this.#holdings.get(parent);
    if (holding === undefined) return;
    const covering = coveringGrants(token.grants, holding.token.grants, remainingOf(holding).uses);
    for (const [position, index] of covering.entries()) {
      const { limit } = token.grants[position]!;
      if (index !== undefined && limit !== undefined) holding.uses.set(index, (holding.uses.get(index) ?? 0) + limit);
    }
    const carved = new Map(Object.entries(hardLimits(token.budget)));
    holding.budget = Object.fromEntries(
      Object.entries(holding.budget).map(([name, left]) => [name, left - (carved.get(name) ?? 0)]),
    );
  }

  #countUse(agent: string, permission: PermissionRecord): void {
    const holding = this.#holdings.get(agent);
    if (holding?.isLimited !== true) return;
    const index = grantIndexOf(permission);
    if (index !== undefined) holding.uses.set(index, (holding.uses.get(index) ?? 0) + 1);
  }
}

/** `spending` is the grant that is about to be used once more: that use can't be handed out. */
function remainingOf(holding: Holding, spending?: number): Remaining {
  const used = (index: number): number => (holding.uses.get(index) ?? 0) + (index === spending ? 1 : 0);
  return {
    uses: (index) => (holding.token.grants[index]?.limit ?? Infinity) - used(index),
    budget: holding.budget,
  };
}

/** The policies that a header names: what counts is what is on record, so that a replay decides as the kernel did. */
function policiesIn({ policies }: JsonObject): readonly Policy[] {
  const recorded = (policies ?? []) as unknown as readonly Policy[];
  assertPolicies(recorded);
  return recorded;
}

/** Throws a TypeError for a policy that plain JavaScript got wrong. */
export function assertPolicies(policies: readonly Policy[]): void {
  for (const policy of policies) checkPolicy(policy);
}

const INACTIVE: Evaluation = Object.freeze({ record: Object.freeze({ decision: 'DENY', by: 'token' }) });

function checkPolicy(policy: Policy): void {
  const { name, effect, action, resource, agentType, approver, timeoutMs } = policy;
  assertPattern(resource);
  if (agentType !== undefined) assertPattern(agentType);
  assertOneOf(`The action of policy "${name}"`, action, ['*', ...GRANT_ACTIONS]);
  assertOneOf(`The effect of policy "${name}"`, effect, ['DENY', 'ESCALATE', 'ALLOW']);
  if (approver !== undefined) assertOneOf(`The approver of policy "${name}"`, approver, ['parent', 'operator']);
  if (timeoutMs !== undefined && !(Number.isSafeInteger(timeoutMs) && timeoutMs > 0)) {
    throw new TypeError(`The timeoutMs of policy "${name}" is ${String(timeoutMs)}; it must be a whole number from 1.`);
  }
}

function assertOneOf(what: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw new TypeError(`${what} is ${JSON.stringify(value)}; use ${known.join(', ')}.`);
}

/** How long an ESCALATE of this policy waits for its answer. */
export function approvalTimeoutMs(policy: Policy | undefined): number {
  return policy?.timeoutMs ?? DEFAULT_APPROVAL_TIMEOUT_MS;
}

function usesAfter(uses: ReadonlyMap<number, number>, spent: readonly PermissionRecord[]): ReadonlyMap<number, number> {
  const counted = new Map(uses);
  for (const record of spent) {
    const index = grantIndexOf(record);
    if (index !== undefined) counted.set(index, (counted.get(index) ?? 0) + 1);
  }
  return counted;
}
