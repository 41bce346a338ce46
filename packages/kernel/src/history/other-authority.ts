import type { PermissionRecord } from '../identity/index.js';
import type { Json } from '../json/index.js';
import type { Entry } from '../logging/index.js';
import { assertPolicies, PermissionModel, type Policy } from '../permissions/index.js';
import { actionsIn, actorOf, type Action } from './actions.js';
import { GrantChanges, type GrantChange } from './grant-changes.js';
import { TickTimes } from './tick-times.js';

export interface OtherAuthorityOptions {
  /** Instead of those on record. */
  readonly policies?: readonly Policy[];
  /** On top of these. */
  readonly addedPolicies?: readonly Policy[];
  readonly grants?: readonly GrantChange[];
}

/** An action with how it would be decided. */
export interface Decided extends Action {
  readonly permission: PermissionRecord;
  /** Why a child's token says too much, where the delegation as such is allowed. */
  readonly escalation?: string;
}

/**
 * Who may do what under other policies and grants: the same model, folded over the same log, with what would be different.
 *
 * Uses of limited grants are counted as they would be: by the grant that allows it now, and not at all if none does.
 */
export class OtherAuthority {
  readonly #model: PermissionModel;
  readonly #added: readonly Policy[];
  readonly #changes: GrantChanges;
  readonly #tickTimes = new TickTimes();

  /** Throws a TypeError for what is no policy or no grant. */
  constructor({ policies, addedPolicies = [], grants = [] }: OtherAuthorityOptions) {
    assertPolicies(addedPolicies);
    this.#added = addedPolicies;
    this.#model = new PermissionModel(policies === undefined ? undefined : [...policies, ...addedPolicies]);
    this.#changes = new GrantChanges(grants);
  }

  /** How what had to be permitted for an entry would be decided now, up to the first that would not be allowed. */
  decide(entry: Entry): readonly Decided[] {
    const agent = actorOf(entry);
    if (agent === null) return [];
    const now = this.#tickTimes.of(agent) ?? entry.time;
    const decided: Decided[] = [];
    for (const wanted of actionsIn(entry)) {
      const { action, resource, recorded } = wanted;
      // Each secret of a call counts.
      const spent = decided.slice(1).map(({ permission }) => permission);
      const { record } = this.#model.evaluate(agent, { action, resource, now, ...(spent.length === 0 ? {} : { spent }) });
      // Who asked for approval got it.
      const permission = record.decision === 'ESCALATE' && recorded.by.startsWith('approval ') ? recorded : record;
      const escalation = entry.kind === 'AGENT_SPAWNED' ? this.#model.escalationIn(agent, entry.data.token, permission) : undefined;
      decided.push({ ...wanted, permission, ...(escalation === undefined ? {} : { escalation }) });
      if (permission.decision !== 'ALLOW') break;
    }
    return decided;
  }

  /** Folds an entry as it would be now. */
  apply(entry: Entry, decided: readonly Decided[]): void {
    this.#model.apply(this.#changed(entry, decided));
    this.#tickTimes.apply(entry as never);
  }

  /** Throws `AGENT_NOT_FOUND` and `GRANT_NOT_FOUND` for a change of grants that changed nothing. */
  assertSeen(): void {
    this.#changes.assertSeen();
  }

  #changed(entry: Entry, [first, ...secrets]: readonly Decided[]): Entry {
    if (entry.kind === 'LOG_OPENED' || entry.kind === 'KERNEL_STARTED') return this.#configured(entry);
    if (entry.kind === 'AGENT_SPAWNED' && entry.agent !== null) return this.#spawned(entry, entry.agent, first?.permission);
    if (first === undefined) return entry;
    const changed = { permission: first.permission, secrets: Object.fromEntries(secrets.map(({ resource, permission }) => [resource, permission])) };
    return { ...entry, data: { ...entry.data, ...changed } } as Entry;
  }

  /** A header as of a kernel with some policies more. */
  #configured(entry: Entry & { readonly kind: 'LOG_OPENED' | 'KERNEL_STARTED' }): Entry {
    const { config } = entry.data;
    const recorded = (config['policies'] ?? []) as readonly Json[];
    return { ...entry, data: { ...entry.data, config: { ...config, policies: [...recorded, ...this.#added] } } } as Entry;
  }

  #spawned(entry: Entry & { readonly kind: 'AGENT_SPAWNED' }, id: string, permission: PermissionRecord | undefined): Entry {
    const { type, parent, delegation } = entry.data;
    const delegator = parent === null ? undefined : this.#model.tokenOf(parent);
    const token = this.#changes.tokenOf({ id, type }, entry.data.token, delegator);
    const changed = delegation === undefined || permission === undefined ? {} : { delegation: { ...delegation, permission } };
    return { ...entry, data: { ...entry.data, token, ...changed } };
  }
}
