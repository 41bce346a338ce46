/** Whether what was made now is what the log has: the bytes, or all that programs can rely on. */
import { encodeBody, type Proposal, type RecordedEntry } from '../logging/index.js';

export function isSame(proposal: Proposal, { entry, text }: RecordedEntry): boolean {
  if (text.startsWith(encodeBody(proposal, entry))) return true;
  if (proposal.kind !== entry.kind || proposal.agent !== entry.agent) return false;
  return comparable(proposal.kind, proposal.data) === comparable(entry.kind, entry.data);
}

/** A program may be another one, as long as it does the same: which one ran is not what it did. */
const NAMES_ITS_PROGRAM: ReadonlySet<string> = new Set(['AGENT_SPAWNED', 'AGENT_CONTINUED']);

function comparable(kind: string, data: object): string {
  return JSON.stringify(NAMES_ITS_PROGRAM.has(kind) ? { ...data, program: null } : data, withoutWords);
}

/**
 * Leaves out what an error says in words: it comes from the engine in part, and from what is registered, and a newer version
 * may word it better. What a program can decide by (code, class, details) has to be the same.
 */
function withoutWords(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('failureClass' in value) || !('message' in value)) return value;
  return { ...value, message: '', causes: undefined };
}
