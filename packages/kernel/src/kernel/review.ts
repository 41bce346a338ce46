/** Asks guards, and holds them to what a guard may do; one that fails lets nothing pass. */
import { describeThrown, OmniError } from '../errors/index.js';
import { AgentEnded } from '../syscalls/index.js';
import { toJson, type JsonObject } from '../json/index.js';
import type { Proposal } from '../logging/index.js';
import { isKernelKind } from '../replay/index.js';
import type { Guard, GuardRecord, GuardVerdict } from '../syscalls/index.js';

export interface NamedGuard {
  readonly name: string;
  readonly guard: Guard;
}

/** Throws what a guard refuses the proposal with; records what guards have to say first. */
export function reviewAll(
  guards: readonly NamedGuard[],
  proposal: Proposal,
  record: (proposal: { readonly kind: string; readonly agent: string | null; readonly data: JsonObject }) => void,
): void {
  for (const named of guards) {
    const answer = ask(named, proposal);
    if (answer === undefined) continue;
    if (answer.record !== undefined) record({ ...answer.record, agent: actorOf(proposal) });
    if (answer.verdict === 'fault') throw new AgentEnded(answer.error);
    if (answer.verdict === 'refuse') throw answer.error;
  }
}

/** A verdict that was looked at: its record is one that an extension may make. */
type Answer =
  | { readonly verdict: 'warn'; readonly record?: CheckedRecord }
  | { readonly verdict: 'refuse' | 'fault'; readonly record?: CheckedRecord; readonly error: OmniError };

interface CheckedRecord {
  readonly kind: string;
  readonly data: JsonObject;
}

function ask({ name, guard }: NamedGuard, proposal: Proposal): Answer | undefined {
  try {
    const verdict = guard.review(proposal);
    return verdict === undefined ? undefined : checked(verdict);
  } catch (thrown) {
    const message = `The guard "${name}" failed, and what it was asked about is refused: ${describeThrown(thrown)}`;
    return { verdict: 'fault', error: new OmniError('EXTENSION_FAILED', message, { cause: thrown }) };
  }
}

function checked(verdict: GuardVerdict): Answer {
  const record = verdict.record === undefined ? {} : { record: checkedRecord(verdict.record) };
  switch (verdict.verdict) {
    case 'warn':
      return { verdict: 'warn', ...record };
    case 'refuse':
    case 'fault':
      if (!(verdict.error instanceof OmniError)) throw new TypeError(`a ${verdict.verdict} needs an OmniError`);
      return { verdict: verdict.verdict, error: verdict.error, ...record };
    default:
      // A promise, for instance: a guard decides at once or not at all.
      throw new TypeError('review() answered with no verdict: answer undefined, warn, refuse or fault');
  }
}

const KIND = /^[A-Z][A-Z0-9_]{0,63}$/;

function checkedRecord({ kind, data }: GuardRecord): CheckedRecord {
  if (typeof kind !== 'string' || !KIND.test(kind) || isKernelKind(kind)) {
    throw new TypeError(`"${kind}" is no kind of entry that an extension may record`);
  }
  const record = toJson(data) as JsonObject;
  const reserved = RESERVED_FIELDS.find((field) => Object.hasOwn(record, field));
  if (reserved !== undefined) throw new TypeError(`the field "${reserved}" means something to the kernel in every entry`);
  return { kind, data: record };
}

/** A spawn is its parent's doing: the child is not there yet. */
function actorOf(proposal: Proposal): string | null {
  return proposal.kind === 'AGENT_SPAWNED' ? proposal.data.parent : proposal.agent;
}

/** What the kernel's own projections look for, whatever the kind. */
const RESERVED_FIELDS = ['transition', 'permission', 'deadline', 'call', 'result'] as const;
