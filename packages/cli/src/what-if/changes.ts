/** What a command line would have otherwise. */
import { parseGrant, type Extension, type GrantChange, type Policy } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';
import { readJsonArgument } from '../json-argument.js';
import { checkedPolicies, extensionsIn, policiesIn } from '../run/definitions.js';
import type { ProgramModule } from '../run/load-program.js';

export interface ChangeOptions {
  readonly policy?: readonly string[];
  readonly deny?: readonly string[];
  readonly grant?: readonly string[];
  readonly withoutGrant?: readonly string[];
}

export interface Changes {
  readonly policies?: readonly Policy[];
  readonly addedPolicies: readonly Policy[];
  readonly grants: readonly GrantChange[];
  readonly extensions: readonly Extension[];
}

/** Throws a UsageError for what is no policy, grant or extension, and if nothing would change. */
export function changesIn(options: ChangeOptions, module: ProgramModule): Changes {
  const { policy = [], deny = [], grant = [], withoutGrant = [] } = options;
  const given = checkedPolicies(policy.flatMap((text) => listOf(readJsonArgument(text, 'The policy'))));
  const exported = policiesIn(module);
  const hasPolicies = policy.length > 0 || exported !== undefined;
  const addedPolicies = checkedPolicies(deny.map(denial));
  const grants = [...withoutGrant.map((text) => changeOf(text, 'remove')), ...grant.map((text) => changeOf(text, 'add'))];
  const extensions = extensionsIn(module);
  if (!hasPolicies && addedPolicies.length + grants.length + extensions.length === 0) {
    throw new UsageError('Nothing would be otherwise. Say what: --policy, --deny, --grant, --without-grant, or a program that exports policies or extensions.');
  }
  return { ...(hasPolicies ? { policies: [...given, ...(exported ?? [])] } : {}), addedPolicies, grants, extensions };
}

/** `action:resource`; the action may be `*`. */
function denial(text: string): Policy {
  const [, action, resource] = /^([^:]+):(.+)$/s.exec(text) ?? [];
  if (action === undefined || resource === undefined) throw new UsageError(`--deny ${text} is no action:resource, e.g. call:host.fs.* or *:**.`);
  return { name: `--deny ${text}`, effect: 'DENY', action: action as Policy['action'], resource };
}

/** `action:resource`, or `agent=action:resource`; an agent's id or type holds no colon. */
function changeOf(text: string, part: 'add' | 'remove'): GrantChange {
  const [, agent, grant = ''] = /^(?:([^=:]+)=)?(.*)$/s.exec(text) ?? [];
  try {
    return { ...(agent === undefined ? {} : { agent }), [part]: [parseGrant(grant)] };
  } catch (thrown) {
    throw new UsageError((thrown as Error).message);
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
