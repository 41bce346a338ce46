import { OmniError } from '../errors/index.js';
import type { CapabilityToken, Grant } from '../identity/index.js';
import { coveringGrants, covers, toGrants } from '../permissions/index.js';

/** What agents are granted instead; of its parts, `replace` comes first and `add` last. */
export interface GrantChange {
  /** An agent's id, or a type; every agent unless given. */
  readonly agent?: string;
  /** These and no others. */
  readonly replace?: readonly (Grant | string)[];
  /** Without those that are covered by one of these: `call:fs.*` takes `call:fs.read` away as well. */
  readonly remove?: readonly (Grant | string)[];
  readonly add?: readonly (Grant | string)[];
}

interface CheckedChange {
  readonly agent: string | undefined;
  readonly replace: readonly Grant[] | undefined;
  readonly remove: readonly Grant[];
  readonly add: readonly Grant[];
}

/** Who gets which token under other grants. */
export class GrantChanges {
  readonly #changes: readonly CheckedChange[];
  /** Agents and types that were named, and not seen yet. */
  readonly #unseen: Set<string>;
  /** What is to be taken away, and nobody had so far. */
  readonly #unheld: Set<Grant>;

  /** Throws a TypeError for what is no grant. */
  constructor(changes: readonly GrantChange[]) {
    this.#changes = changes.map(({ agent, replace, remove = [], add = [] }) => ({
      agent,
      replace: replace === undefined ? undefined : toGrants(replace),
      remove: toGrants(remove),
      add: toGrants(add),
    }));
    this.#unseen = new Set(changes.flatMap(({ agent }) => agent ?? []));
    this.#unheld = new Set(this.#changes.flatMap(({ remove }) => remove));
  }

  /** An agent's token; what its delegator does not hold any more, it was not handed on. */
  tokenOf(agent: { readonly id: string; readonly type: string }, recorded: CapabilityToken, delegator: CapabilityToken | undefined): CapabilityToken {
    this.#unseen.delete(agent.id);
    this.#unseen.delete(agent.type);
    const changes = this.#changes.filter((change) => change.agent === undefined || change.agent === agent.id || change.agent === agent.type);
    // Also what an earlier change has taken from its delegator, and so from it.
    for (const { replace = recorded.grants, remove } of changes) {
      for (const grant of remove) if (replace.some((held) => takes(grant, held))) this.#unheld.delete(grant);
    }
    let { grants } = recorded;
    if (delegator !== undefined) {
      const covering = coveringGrants(grants, delegator.grants, () => Infinity);
      grants = grants.filter((_grant, index) => covering[index] !== undefined);
    }
    for (const { replace, remove, add } of changes) {
      grants = [...(replace ?? grants).filter((held) => !remove.some((grant) => takes(grant, held))), ...add];
    }
    return { ...recorded, grants };
  }

  /** Throws `AGENT_NOT_FOUND` for a change that was for nobody, and `GRANT_NOT_FOUND` for one that took away what nobody had. */
  assertSeen(): void {
    const [name] = this.#unseen;
    if (name !== undefined) {
      throw new OmniError('AGENT_NOT_FOUND', `No agent of the log is "${name}" or of that type, so nothing would change. Name an id or a type that is there.`, {
        details: { agent: name },
      });
    }
    const [grant] = this.#unheld;
    if (grant === undefined) return;
    const { action, resource } = grant;
    throw new OmniError('GRANT_NOT_FOUND', `Nobody whom it is taken from was granted ${action}:${resource}, or a part of it, so nothing would change. To take away one that covers more, name that.`, {
      details: { action, resource },
    });
  }
}

/** Whether an agent without the one has not got the other. */
function takes(removed: Grant, held: Grant): boolean {
  return removed.action === held.action && covers(removed.resource, held.resource);
}
