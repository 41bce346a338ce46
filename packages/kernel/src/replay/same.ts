/** Whether what was made now is what the log has: exactly, or in all that programs can rely on. */
import { isSameJson } from '../json/index.js';
import type { Proposal, RawEntry } from '../logging/index.js';

/** `exactly`: the bytes would be the same. False if a program could tell the difference. */
export function isSame(proposal: Proposal, entry: RawEntry): 'exactly' | boolean {
  if (proposal.kind !== entry.kind || proposal.agent !== entry.agent) return false;
  if (isSameJson(proposal.data, entry.data)) return 'exactly';
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
