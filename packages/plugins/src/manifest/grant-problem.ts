/**
 * Whether an agent of a plugin may be granted something by its manifest, pure.
 *
 * An operator decides on the permissions of a plugin. What its agents are granted beside that must be the plugin's own: else an agent
 * would get what the plugin did not ask for.
 */
import { parseGrant, type Json } from '@omnipaw/kernel';

export interface Own {
  readonly shortName: string;
  /** As they are written. */
  readonly permissions: readonly Json[];
}

/** What is wrong with a grant, as what comes after it; undefined for a good one. */
export function grantProblem(text: string, { shortName, permissions }: Own): string | undefined {
  const grant = parsed(text);
  if (grant === undefined) return 'is no grant: write action:resource, as call:weather.get_forecast';
  const { action, resource } = grant;
  // What stands before the first wildcard is in all that the pattern matches.
  const certain = resource.replace(/\*.*$/s, '');
  const namespace = /^shared:([^/]+)\//.exec(certain)?.[1];
  switch (action) {
    case 'call':
      if (permissions.includes(`tool:${resource}`)) return undefined;
      return certain.startsWith(`${shortName}.`) ? undefined : `is for a tool that is not the plugin's: add "tool:${resource}" to its permissions, without wildcards`;
    case 'read':
    case 'write':
      if (namespace !== undefined && permissions.includes(`shared:${namespace}`)) return undefined;
      return 'is for what is not among the plugin\'s permissions: add "shared:NAMESPACE" to them, and grant shared:NAMESPACE/**';
    default:
      return certain.startsWith(`${shortName}.`) ? undefined : `is for agents that are not the plugin's: their names begin with "${shortName}."`;
  }
}

function parsed(text: string): ReturnType<typeof parseGrant> | undefined {
  try {
    return parseGrant(text);
  } catch {
    return undefined;
  }
}
