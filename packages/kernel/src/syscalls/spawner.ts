import { OmniError } from '../errors/index.js';
import { assertCounts, assertOptions, type DelegationOptions, type DelegationProtocol } from '../delegation/index.js';
import type { Settings } from '../header/index.js';
import type { AgentRegistry, CapabilityToken, IdentityEntries, PermissionRecord, Quota } from '../identity/index.js';
import type { InvariantChecker } from '../invariants/index.js';
import { toJson, toJsonWithin, type JsonObject } from '../json/index.js';
import type { LifecycleController } from '../lifecycle/index.js';
import type { Emit } from '../logging/index.js';
import type { PermissionModel } from '../permissions/index.js';
import { toGrants } from '../permissions/index.js';
import type { Ports } from '../ports/index.js';
import type { AgentDefinition } from '../programs/index.js';
import { requireBoolean } from './require.js';

/** What an operator gives a root agent, on an authority that has no limits of its own; nothing unless named. */
export interface SpawnOptions extends Omit<DelegationOptions, 'depth' | 'monitor'> {
  /** Levels of children below the agent; 8 unless given. */
  readonly depth?: number;
}

export interface SpawnerOptions {
  readonly agents: AgentRegistry<AgentDefinition>;
  readonly delegation: DelegationProtocol;
  readonly permissions: PermissionModel;
  readonly lifecycle: Pick<LifecycleController, 'stateOf' | 'decide'>;
  readonly invariants: InvariantChecker;
  readonly ports: Ports;
  readonly emit: Emit;
  readonly propose: Emit;
  readonly note: Emit;
  /** The digest of an agent type's program. */
  readonly digestOf: (type: string) => string;
  readonly settings: Settings;
  /** Throws what a guard has against a quota. */
  readonly assertQuota: (quota: Quota) => void;
}

/** A spawn that a delegation asks for, with where it stands in its delegator's life. */
export interface ChildRequest {
  readonly type: string;
  readonly input: unknown;
  readonly asked: DelegationOptions;
  readonly parent: string;
  readonly tick: number;
  readonly call: number;
  readonly now: number;
  readonly permission: PermissionRecord;
}

const ROOT_DEPTH = 8;
const SEED_BYTES = 12;

/** Brings agents into being: decides their token, records the spawn, activates them. */
export class Spawner {
  readonly #options: SpawnerOptions;

  constructor(options: SpawnerOptions) {
    this.#options = options;
  }

  /** An agent without a parent, on an operator's authority. */
  spawnRoot(type: string, input: unknown, asked: SpawnOptions): string {
    const { delegation, ports, emit } = this.#options;
    assertOptions(asked);
    const { expiresInMs, quota } = asked;
    const claims = {
      grants: toGrants(asked.grants ?? []),
      depth: asked.depth ?? ROOT_DEPTH,
      ...(expiresInMs === undefined ? {} : { notAfter: ports.clock.now() + expiresInMs }),
      ...(quota === undefined ? {} : { budget: quota }),
    };
    const token = toJsonWithin(claims, this.#options.settings.limits.maxValueBytes, 'The token of an agent') as unknown as CapabilityToken;
    assertCounts(token);
    const id = delegation.decideChildId(type, asked);
    const seed = ports.random.hex(SEED_BYTES);
    this.#record(id, { ...this.#common(type, input, asked), parent: null, seed, token }, emit);
    return id;
  }

  /** A root agent that is on record already. */
  spawnRecorded({ agent, data }: { readonly agent: string; readonly data: IdentityEntries['AGENT_SPAWNED'] }): void {
    this.#record(agent, data, this.#options.emit);
  }

  /** A child; throws `PRIVILEGE_ESCALATION_ATTEMPT` and what else the delegation protocol refuses. */
  spawnChild(request: ChildRequest): string {
    const { delegation, permissions, invariants, ports, propose } = this.#options;
    const { type, parent, tick, call, permission, asked, now } = request;
    const token = delegation.decideToken(parent, asked, { now, permission });
    const id = delegation.decideChildId(type, asked);
    invariants.assert('INV-13', permissions.isActive(parent, now), () => `by a child of agent "${parent}", whose token is void.`);
    const common = this.#common(type, request.input, asked);
    // Derived, not drawn: a tick draws no chance from outside, so that it replays.
    const seed = ports.codec.sha256(`${parent}/${String(tick)}/${String(call)}/${id}`).slice(0, SEED_BYTES * 2);
    const monitor = requireBoolean(asked.monitor ?? false, 'DELEGATE', 'option monitor') ? { monitor: true as const } : {};
    this.#record(id, { ...common, parent, delegation: { tick, call, permission }, seed, token, ...monitor }, propose);
    return id;
  }

  /** The agent begins anew; throws `SERIALIZATION_ERROR`, `VALUE_TOO_LARGE` for an input that can't be. */
  continueAgent({ agent, tick, input, seed }: { readonly agent: string; readonly tick: number; readonly input: unknown; readonly seed: string }): void {
    const { type } = this.#options.agents.get(agent);
    const { program, input: recorded } = this.#common(type, input, {});
    this.#options.note({ kind: 'AGENT_CONTINUED', agent, data: { tick, program, input: recorded, seed } });
  }

  #common(type: string, givenInput: unknown, asked: SpawnOptions): SpawnCommon {
    const { agents, lifecycle, digestOf, settings } = this.#options;
    const { maxValueBytes } = settings.limits;
    const { version } = agents.definition(type);
    const input = toJsonWithin(givenInput === undefined ? null : givenInput, maxValueBytes, `The input of an agent of type "${type}"`);
    const metadata = toJsonWithin(asked.metadata ?? {}, maxValueBytes, 'The metadata of an agent') as JsonObject;
    const quota = toJson(asked.quota ?? {}) as unknown as Quota;
    this.#options.assertQuota(quota);
    // DEFINED is where every agent starts, so the transition is the same for all.
    const transition = lifecycle.decide('', 'spawn');
    return { type, program: { version, digest: digestOf(type) }, input, quota, metadata, transition };
  }

  #record(id: string, data: IdentityEntries['AGENT_SPAWNED'], record: Emit): void {
    const { lifecycle, emit } = this.#options;
    if (lifecycle.stateOf(id) !== 'DEFINED') {
      throw new OmniError('AGENT_ALREADY_EXISTS', `There is an agent "${id}" already. Choose another id, or none.`);
    }
    record({ kind: 'AGENT_SPAWNED', agent: id, data });
    emit({ kind: 'AGENT_ACTIVATED', agent: id, data: { transition: lifecycle.decide(id, 'activate') } });
  }
}

type SpawnCommon = Pick<IdentityEntries['AGENT_SPAWNED'], 'type' | 'program' | 'input' | 'quota' | 'metadata' | 'transition'>;
