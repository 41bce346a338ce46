/** The arguments of a call, from what a program passes to what is recorded and what the tool gets. */
import type { KernelLimits } from '../header/index.js';
import type { PermissionRecord } from '../identity/index.js';
import { toJsonWithin, type Json } from '../json/index.js';
import type { Tool } from './define-tool.js';
import type { ToolRun } from './run.js';
import { hasSecrets, leadsToSecret, secretNames, withSecrets } from './secrets.js';
import { pathOf } from './standard-schema.js';
import { validateInput } from './validate.js';

/** Decides about an action on a resource for the agent that calls; throws what refuses it. */
export type Authorize = (action: 'call' | 'read', resource: string, spent?: readonly PermissionRecord[]) => PermissionRecord;

/** A reference may come from anywhere, a model's answer for instance: what it refers to has to be granted by name. */
export function authorizeSecrets(args: Json, authorize: Authorize): Readonly<Record<string, PermissionRecord>> {
  const records = new Map<string, PermissionRecord>();
  // Each one counts: several secrets of a call may not share the last use of a limited grant.
  for (const name of secretNames(args)) records.set(name, authorize('read', `secret:${name}`, [...records.values()]));
  return Object.fromEntries(records);
}

/** Throws `SERIALIZATION_ERROR`, `VALUE_TOO_LARGE` and `TOOL_INPUT_INVALID`. */
export function checkArguments(definition: Tool, given: unknown, { maxValueBytes }: Pick<KernelLimits, 'maxValueBytes'>): Pick<ToolRun, 'args' | 'input' | 'needsSecrets'> {
  const args = toJsonWithin(given === undefined ? {} : given, maxValueBytes, `The arguments of tool "${definition.name}"`);
  const needsSecrets = hasSecrets(args);
  if (!needsSecrets) return { args, input: validateInput(definition, args), needsSecrets };
  // A schema sees a stand-in of the same type, and what it says of that is no matter: the real value is checked when it
  // is there.
  const standIns = withSecrets(args, (name) => `[secret ${name}]`);
  return { args, input: validateInput(definition, standIns, (issue) => leadsToSecret(args, pathOf(issue))), needsSecrets };
}
