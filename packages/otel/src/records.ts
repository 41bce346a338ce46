import type { Entry } from '@omnipaw/kernel';
import * as names from './names.js';
import { timeOf } from './time.js';

/** What this needs of a `Logger` of the Logs API. */
export interface EntryLogger {
  emit(record: EntryRecord): void;
}

/** An entry as a record of the Logs API. */
export interface EntryRecord {
  /** Seconds, and nanoseconds beside them. */
  readonly timestamp: [number, number];
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly body: string;
  readonly attributes: Record<string, string | number>;
  /** The span that it belongs to. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a Context of an API that may not be installed
  readonly context?: any;
}

const [INFO, WARN, ERROR] = [[9, 'INFO'], [13, 'WARN'], [17, 'ERROR']] as const;

const SEVERITIES: ReadonlyMap<string, readonly [number, string]> = new Map<string, readonly [number, string]>([
  ['AGENT_FAULTED', ERROR], ['INVARIANT_BREACHED', ERROR], ['QUOTA_EXCEEDED', ERROR],
  ['REFUSED', WARN], ['TOOL_RETRIED', WARN], ['STALE_RESULT', WARN], ['QUOTA_WARNED', WARN], ['LOG_TAIL_CUT', WARN], ['TRANSITION_REFUSED', WARN],
]);

/** What is in an entry stays in the log; the record says where. */
export function recordOf({ busSeq, time, agent, kind, data, hash }: Entry, { context, logId }: { readonly context: unknown; readonly logId: string }): EntryRecord {
  const [severityNumber, severityText] = SEVERITIES.get(kind) ?? INFO;
  const attributes: Record<string, string | number> = { [names.FIRST_SEQ]: busSeq, [names.LOG_ID]: logId, [names.ENTRY_KIND]: kind, 'omnipaw.hash': hash };
  if (agent !== null) attributes[names.AGENT_ID] = agent;
  const code = codeIn(data);
  if (code !== undefined) attributes[names.ERROR_TYPE] = code;
  return {
    timestamp: timeOf(time), severityNumber, severityText, eventName: `omnipaw.${kind.toLowerCase()}`, body: kind, attributes,
    ...(context === undefined ? {} : { context }),
  };
}

function codeIn(data: object): string | undefined {
  const { error, result } = data as { readonly error?: { readonly code?: string }; readonly result?: { readonly error?: { readonly code?: string } } | null };
  return error?.code ?? result?.error?.code;
}
