/** What is worth saying of an entry in a few words, by kind. */
import type { EntryCatalogue, EntryKind, ErrorRecord, Outcome, RawEntry, Transition } from '@omnipaw/kernel';
import { jsonLine, oneLine, timeText } from '../terminal/printable.js';

/** An entry's data in one line; as JSON for kinds that this version does not know, and for data that no kernel writes. */
export function summaryOf({ kind, data }: RawEntry): string {
  const summarise = BY_KIND.get(kind);
  if (summarise === undefined) return jsonLine(data);
  try {
    return oneLine(summarise(data));
  } catch {
    return jsonLine(data);
  }
}

const SUMMARIES: { readonly [Kind in EntryKind]?: (data: EntryCatalogue[Kind]) => string } = {
  LOG_OPENED: ({ logId, kernelVersion, programs, tools }) => `log ${logId}, kernel ${kernelVersion}${names('agents', programs)}${names('tools', tools)}`,
  KERNEL_STARTED: ({ kernelVersion, programs, tools }) => `kernel ${kernelVersion}${names('agents', programs)}${names('tools', tools)}`,
  LOG_TAIL_CUT: ({ segment, byteOffset, byteCount }) => `${byteCount} bytes of ${segment} at byte ${byteOffset}`,

  AGENT_SPAWNED: ({ type, parent, input }) => `${type}${parent === null ? '' : ` by ${parent}`} ${jsonLine(input)}`,
  AGENT_ACTIVATED: ({ transition }) => moved(transition),
  AGENT_MOVED: ({ transition, reason }) => `${moved(transition)} ${reason}`,
  AGENT_COMPLETED: ({ result }) => `→ ${jsonLine(result)}`,
  AGENT_FAULTED: ({ error }) => failed(error),
  AGENT_TERMINATED: ({ reason, error }) => (error === undefined ? reason : `${reason}: ${failed(error)}`),
  TRANSITION_REFUSED: ({ from, trigger, reason }) => `${trigger} from ${from} ${reason}`,
  INVARIANT_BREACHED: ({ error }) => failed(error),
  TOKEN_REVOKED: ({ reason }) => reason,

  TOOL_CALLED: ({ tool, args }) => `${tool} ${jsonLine(args)}`,
  TOOL_RESULT: ({ tool, result }) => `${tool} ${ended(result)}`,
  TOOL_RETRIED: ({ tool, attempt, error }) => `${tool} attempt ${attempt} ${failed(error)}`,
  TOOL_ASKED: ({ tool, instruction, toolPermission: { decision, by } }) => `${tool} ${decision === 'DENY' ? `✗ denied, ${by}: ` : ''}asks for ${jsonLine(instruction)}`,
  TOOL_PROGRESS: ({ tool, value }) => `${tool} … ${jsonLine(value)}`,
  STALE_RESULT: ({ tool, outcome }) => `${tool} ${ended(outcome)}`,
  REFUSED: ({ op, error }) => `${op} ${failed(error)}`,
  CALL_SETTLED: ({ result }) => ended(result),

  MEMORY_SET: ({ key, value }) => `${key} = ${jsonLine(value)}`,
  MEMORY_DELETED: ({ key }) => key,
  SCRATCH_CHECKPOINTED: ({ values }) => jsonLine(values),
  SHARED_READ: ({ namespace, key, version }) => `${namespace}/${key} v${version}`,
  SHARED_WRITTEN: ({ namespace, key, version, value }) => `${namespace}/${key} v${version} = ${jsonLine(value)}`,

  JOIN_STARTED: ({ child }) => child,
  DELEGATION_RESULT: ({ child, result }) => `${child} ${ended(result)}`,
  MESSAGE_SENT: ({ to, channel, body }) => `to ${to} on ${channel} ${jsonLine(body)}`,
  RECEIVE_STARTED: ({ filter, deadline }) => `${jsonLine(filter)}${until(deadline)}`,
  MESSAGE_RECEIVED: ({ message, result }) => `message ${message}${result === undefined ? '' : ` ${ended(result)}`}`,
  SLEEP_STARTED: ({ deadline }) => until(deadline),
  TIMER_FIRED: ({ result }) => ended(result),
  DELAY_STARTED: ({ instruction, by, deadline }) => `${instruction.tool} by ${by}${until(deadline)}`,
  DELAY_ENDED: ({ tick, call }) => `call ${tick}/${call}`,
  GUARD_WOKEN: ({ tick }) => `after tick ${tick}`,
  TICK_MEASURED: ({ tick, cpuUs, stopped }) => `tick ${tick} ${cpuUs / 1_000} ms${stopped === true ? ', ended' : ''}`,
  APPROVAL_REQUESTED: ({ action, resource, approver, deadline }) => `${action}:${resource} of ${approver}${until(deadline)}`,
  APPROVAL_DECIDED: ({ approval, approved, by, reason }) => `${approval} ${approved ? 'approved' : 'denied'} by ${by} ${reason}`,
};

interface Met {
  readonly resource: string;
  readonly who: string;
  readonly used: number;
  readonly asked: number;
  readonly limit: number;
  readonly soft?: number;
}

/** What extensions write that belong to OmniPaw; for others, data speaks for itself. */
const OF_EXTENSIONS = {
  QUOTA_EXCEEDED: (met: Met) => `✗ ${limitOf(met)}`,
  QUOTA_WARNED: (met: Met) => `${limitOf(met)}, warned from ${counted(met.soft)}`,
  QUOTA_DEADLINE_SET: ({ deadline }: { readonly deadline: number }) => `asked again at ${timeText(deadline)}`,
};

const BY_KIND = new Map(Object.entries({ ...SUMMARIES, ...OF_EXTENSIONS }) as [kind: string, summarise: (data: unknown) => string][]);

function limitOf({ resource, who, used, asked, limit }: Met): string {
  return `${resource} of ${who}: ${counted(used)}${asked === 0 ? '' : ` and ${counted(asked)} more`} of ${counted(limit)}`;
}

/** Throws for what is no number: no kernel writes that. */
function counted(number: number | undefined): string {
  if (typeof number !== 'number') throw new TypeError('It is no number.');
  return String(number);
}

function names(what: string, digests: Readonly<Record<string, unknown>>): string {
  const list = Object.keys(digests);
  return list.length === 0 ? '' : `, ${what} ${list.join(' ')}`;
}

function moved({ trigger, to }: Transition): string {
  return `${trigger} → ${to}`;
}

function ended(outcome: Outcome): string {
  return outcome.ok ? `→ ${jsonLine(outcome.value)}` : failed(outcome.error);
}

function failed({ code, message }: ErrorRecord): string {
  return `✗ ${code}: ${message}`;
}

function until(deadline: number | undefined): string {
  return deadline === undefined ? '' : ` until ${timeText(deadline)}`;
}
