import { GRANT_ACTIONS, type Grant, type GrantAction } from '../identity/index.js';

/** A grant as people write it: `call:host.fs.*`. */
export function parseGrant(text: string): Grant {
  const colon = text.indexOf(':');
  const action = text.slice(0, Math.max(colon, 0));
  const resource = text.slice(colon + 1);
  if (!GRANT_ACTIONS.includes(action as GrantAction) || resource === '') {
    throw new TypeError(
      `"${text}" is not a grant. Write action:resource, for instance call:host.fs.*; actions: ${GRANT_ACTIONS.join(', ')}.`,
    );
  }
  return { action: action as GrantAction, resource };
}

/** Grants as callers may give them, checked and in full form. */
export function toGrants(grants: readonly (Grant | string)[]): readonly Grant[] {
  return grants.map((grant) => (typeof grant === 'string' ? parseGrant(grant) : checked(grant)));
}

export function grantText(grant: Pick<Grant, 'action' | 'resource'>): string {
  return `${grant.action}:${grant.resource}`;
}

function checked(grant: Grant): Grant {
  const { action, resource, notAfter, limit } = grant;
  parseGrant(grantText(grant));
  for (const [name, value] of Object.entries({ notAfter, limit })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      throw new TypeError(`The ${name} of grant ${grantText(grant)} is ${String(value)}; it must be a whole number from 0.`);
    }
  }
  return {
    action,
    resource,
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(limit === undefined ? {} : { limit }),
  };
}
