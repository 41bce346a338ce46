import { GRANT_ACTIONS, type Grant, type GrantAction } from '../identity/index.js';

const MAX_RESOURCE_CHARS = 1024;
/** Each is looked at for each decision, and programs make tokens. */
const MAX_GRANTS = 1000;

/** A grant as people write it: `call:host.fs.*`. */
export function parseGrant(text: string): Grant {
  const colon = text.indexOf(':');
  const action = text.slice(0, Math.max(colon, 0));
  const resource = text.slice(colon + 1);
  if (!GRANT_ACTIONS.includes(action as GrantAction) || resource === '') throw noGrant(text);
  assertPattern(resource);
  return { action: action as GrantAction, resource };
}

/** Grants as callers may give them, checked and in full form. */
export function toGrants(grants: readonly (Grant | string)[]): readonly Grant[] {
  if (grants.length > MAX_GRANTS) throw new TypeError(`A token names ${String(grants.length)} grants; it may hold ${String(MAX_GRANTS)}. Use patterns.`);
  return grants.map((grant) => (typeof grant === 'string' ? parseGrant(grant) : checked(grant)));
}

export function grantText(grant: Pick<Grant, 'action' | 'resource'>): string {
  return `${grant.action}:${grant.resource}`;
}

/** What patterns are made of; control characters have a meaning of their own when patterns are compared. */
export function assertPattern(resource: unknown): void {
  const isUsable =
    typeof resource === 'string' && resource !== '' && resource.length <= MAX_RESOURCE_CHARS && !/\p{Cc}/u.test(resource);
  if (isUsable) return;
  const found = typeof resource === 'string' ? JSON.stringify(resource.slice(0, 100)) : `of type ${typeof resource}`;
  throw new TypeError(
    `A resource of a grant or policy is ${found}; write 1 to ${String(MAX_RESOURCE_CHARS)} characters, no control characters.`,
  );
}

function checked(grant: Grant): Grant {
  const { action, resource, notAfter, limit } = grant;
  assertPattern(resource);
  if (!GRANT_ACTIONS.includes(action)) throw noGrant(grantText(grant));
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

function noGrant(text: string): TypeError {
  const example = 'Write action:resource, for instance call:host.fs.*';
  return new TypeError(`"${text}" is not a grant. ${example}; actions: ${GRANT_ACTIONS.join(', ')}.`);
}
