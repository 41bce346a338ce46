/** What an operator grants a plugin, as it is written. */
import { hostProblem } from './hosts.js';
import { permissionOf, type Permission, type PermissionSpec } from './permission.js';
import { pathProblem } from './portable-path.js';
import { permissionErrors } from './schema-problems.js';

/** Like the names in manifests, but the part after the colon may have wildcards. */
const GRANTED_NAME = /^(?:shared|tool):[A-Za-z0-9_.*-]{1,200}$/;

/**
 * The permissions that an operator has written: as in a manifest, but with wildcards if they like (`tool:host.git.*`, `shared:*`).
 *
 * Throws a `TypeError` that says which of them is none, and what it should be.
 */
export function grantedPermissions(specs: readonly PermissionSpec[]): readonly Permission[] {
  return specs.map((spec, index) => {
    const problem = problemOfGrant(spec);
    if (problem === undefined) return permissionOf(spec);
    throw new TypeError(`Granted permission ${index} ${problem}.`);
  });
}

function problemOfGrant(spec: unknown): string | undefined {
  if (typeof spec === 'string' && GRANTED_NAME.test(spec)) return undefined;
  const [error] = permissionErrors(spec);
  if (error !== undefined) return `${error.path} ${error.message}`.trim();
  const { path = '.', hosts = [] } = (typeof spec === 'object' ? spec : {}) as { readonly path?: string; readonly hosts?: readonly string[] };
  const pathIs = path === '.' ? undefined : pathProblem(path);
  return pathIs === undefined ? hosts.map(hostProblem).find((problem) => problem !== undefined) : `has the path ${JSON.stringify(path)}, which ${pathIs}`;
}
