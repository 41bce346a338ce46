import { GENESIS_HASH, PermissionModel, type CapabilityToken, type Entry, type Grant, type GrantAction, type Policy } from '@omnipaw/kernel';

export interface Holder {
  readonly model: PermissionModel;
  /** `ALLOW by grant 0 call:echo`, `DENY by default`. */
  readonly may: (action: GrantAction, resource: string, now?: number) => string;
  /** Why a token with these grants may not be delegated; undefined when it may. */
  readonly escalation: (asked: readonly Grant[] | CapabilityToken) => string | undefined;
}

/** By what the holder delegates: nothing that would be used up by it. */
const BY_POLICY = { decision: 'ALLOW', by: 'policy p' } as const;

/** A permission model in which one agent of type `type`, named `holder`, holds a token: what the log would make of it. */
export function holder(token: Partial<CapabilityToken>, policies: readonly Policy[] = [], type = 'worker'): Holder {
  const model = new PermissionModel(policies);
  model.apply(spawned('holder', null, token, type));
  return {
    model,
    may: (action, resource, now = 0) => {
      const { decision, by } = model.evaluate('holder', { action, resource, now }).record;
      return `${decision} by ${by}`;
    },
    escalation: (asked) => model.escalationIn('holder', isToken(asked) ? asked : { grants: asked, depth: 0 }, BY_POLICY),
  };
}

/** The entry by which an agent gets its token. */
export function spawned(agent: string, parent: string | null, token: Partial<CapabilityToken>, type = 'worker'): Entry {
  return {
    busSeq: 1, time: 0, agent, kind: 'AGENT_SPAWNED', prev: GENESIS_HASH, hash: GENESIS_HASH,
    data: {
      type, parent, input: null, seed: '', quota: {}, metadata: {},
      program: { version: '0', digest: '' },
      token: { grants: [], depth: 8, ...token },
      transition: { trigger: 'spawn', to: 'SPAWNED' },
    },
  };
}

function isToken(asked: readonly Grant[] | CapabilityToken): asked is CapabilityToken {
  return !Array.isArray(asked);
}
