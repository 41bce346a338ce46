/** Attenuation, pure: a delegated token never says more than its delegator's (INV-06). */
import { hardLimits, type CapabilityToken, type Grant } from '../identity/index.js';
import { grantText } from './grant.js';
import { covers } from './pattern.js';

/** What a holder still has: uses left by grant index (Infinity without a limit), and its uncarved budget. */
export interface Remaining {
  readonly uses: (grantIndex: number) => number;
  readonly budget: Readonly<Record<string, number>>;
}

/** What in `asked` goes beyond `held`, in words; undefined when nothing does. */
export function escalationIn(asked: CapabilityToken, held: CapabilityToken, remaining: Remaining): string | undefined {
  if (held.depth < 1) return 'its token allows no further delegation (depth 0)';
  if (asked.depth > held.depth - 1) return `depth ${String(asked.depth)} exceeds ${String(held.depth - 1)}`;
  if (expiresLater(asked.notAfter, held.notAfter)) return 'the child would outlive its own token';
  const covering = coveringGrants(asked.grants, held.grants, remaining.uses);
  const widened = asked.grants[covering.indexOf(undefined)];
  if (widened !== undefined) return `it does not itself hold ${grantText(widened)}${boundsText(widened)}`;
  return overBudget(hardLimits(asked.budget), remaining.budget);
}

/**
 * For each asked grant the index of the held one that covers it, undefined where none does.
 *
 * A limited grant's uses are handed out, not copied: two asked grants may not share the same use.
 */
export function coveringGrants(
  asked: readonly Grant[],
  held: readonly Grant[],
  usesLeft: (grantIndex: number) => number,
): readonly (number | undefined)[] {
  const handedOut = new Map<number, number>();
  return asked.map((grant) => {
    const index = held.findIndex((holding, at) => within(grant, holding, usesLeft(at) - (handedOut.get(at) ?? 0)));
    if (index < 0) return undefined;
    handedOut.set(index, (handedOut.get(index) ?? 0) + (grant.limit ?? 0));
    return index;
  });
}

function within(asked: Grant, held: Grant, usesLeft: number): boolean {
  return (
    asked.action === held.action &&
    covers(held.resource, asked.resource) &&
    !expiresLater(asked.notAfter, held.notAfter) &&
    (held.limit === undefined || (asked.limit !== undefined && asked.limit <= usesLeft))
  );
}

function expiresLater(asked: number | undefined, held: number | undefined): boolean {
  return held !== undefined && (asked === undefined || asked > held);
}

function overBudget(asked: Remaining['budget'], left: Remaining['budget']): string | undefined {
  for (const [name, available] of Object.entries(left)) {
    const amount = Object.hasOwn(asked, name) ? asked[name] : undefined;
    if (amount !== undefined && amount > available) {
      return `${name} ${String(amount)} exceeds the ${String(available)} that are left of its budget`;
    }
  }
  return undefined;
}

function boundsText(grant: Grant): string {
  const bounds = [
    ...(grant.limit === undefined ? [] : [`limit ${String(grant.limit)}`]),
    ...(grant.notAfter === undefined ? [] : [`notAfter ${String(grant.notAfter)}`]),
  ];
  return bounds.length === 0 ? '' : ` (${bounds.join(', ')})`;
}
