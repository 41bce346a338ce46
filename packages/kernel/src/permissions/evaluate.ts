/** The rule, pure: explicit deny > escalate > allow > default deny. */
import type { Grant, GrantAction, PermissionRecord } from '../identity/index.js';
import { matches } from './pattern.js';

/** What an operator decides for every agent, or for the agents of one type, before any grant is looked at. */
export interface Policy {
  /** Stands in the log as what decided. */
  readonly name: string;
  readonly effect: 'DENY' | 'ESCALATE' | 'ALLOW';
  readonly action: GrantAction | '*';
  readonly resource: string;
  /** Only agents of this type; a pattern. */
  readonly agentType?: string;
  /**
   * Who is asked when the effect is ESCALATE: an operator unless `parent`. An operator's approval stands in for a grant; a
   * parent can only approve what it is granted itself.
   */
  readonly approver?: 'parent' | 'operator';
  /** How long an ESCALATE waits for its answer before it is a deny, in milliseconds; 15 minutes unless given. */
  readonly timeoutMs?: number;
}

export interface PermissionRequest {
  readonly agentType: string;
  readonly action: GrantAction;
  readonly resource: string;
  /** Recorded time, milliseconds since the epoch. */
  readonly now: number;
}

export interface Evaluation {
  readonly record: PermissionRecord;
  /** The policy behind an ESCALATE. */
  readonly policy?: Policy;
}

/** What an agent holds, and how often it has used each grant that has a limit, by its index. */
export interface Held {
  readonly grants: readonly Grant[];
  readonly uses: ReadonlyMap<number, number>;
}

export const DEFAULT_DENY: Evaluation = Object.freeze({ record: Object.freeze({ decision: 'DENY', by: 'default' }) });

export function evaluate(
  request: PermissionRequest,
  policies: readonly Policy[],
  held: Held,
): Evaluation {
  const byPolicy = policies.length === 0 ? undefined : evaluatePolicies(request, policies);
  if (byPolicy !== undefined && byPolicy.record.decision !== 'ALLOW') return byPolicy;
  for (let index = 0; index < held.grants.length; index++) {
    const grant = held.grants[index]!;
    if (grant.action !== request.action || !matches(grant.resource, request.resource)) continue;
    if (grant.notAfter !== undefined && request.now > grant.notAfter) continue;
    if (grant.limit !== undefined && (held.uses.get(index) ?? 0) >= grant.limit) continue;
    return allowedBy(grant, index);
  }
  return byPolicy ?? DEFAULT_DENY;
}

function evaluatePolicies(request: PermissionRequest, policies: readonly Policy[]): Evaluation | undefined {
  const applying = policies.filter(
    (policy) =>
      (policy.action === '*' || policy.action === request.action) &&
      matches(policy.resource, request.resource) &&
      (policy.agentType === undefined || matches(policy.agentType, request.agentType)),
  );
  for (const effect of ['DENY', 'ESCALATE', 'ALLOW'] as const) {
    const policy = applying.find((candidate) => candidate.effect === effect);
    if (policy !== undefined) return { record: Object.freeze({ decision: effect, by: `policy ${policy.name}` }), policy };
  }
  return undefined;
}

/** One evaluation for each grant, since the same grant decides the same way many times. */
const allowances = new WeakMap<Grant, Evaluation>();

function allowedBy(grant: Grant, index: number): Evaluation {
  const known = allowances.get(grant);
  if (known !== undefined) return known;
  const by = `grant ${String(index)} ${grant.action}:${grant.resource}`;
  const evaluation: Evaluation = Object.freeze({ record: Object.freeze({ decision: 'ALLOW', by }) });
  allowances.set(grant, evaluation);
  return evaluation;
}

const GRANT_INDEX = /^grant (\d+) /;

/** Which grant of the token decided, if one did. */
export function grantIndexOf(record: PermissionRecord): number | undefined {
  const index = GRANT_INDEX.exec(record.by)?.[1];
  return index === undefined ? undefined : Number(index);
}
