/** Whether what was made now is what the log has: byte for byte, or in all but a few words that nobody decides by. */
import { ERROR_CODES } from '../errors/index.js';
import { isSurelyTextOf, isTextOf, type Proposal, type RawEntry, type RecordedEntry } from '../logging/index.js';
import { isIdentified } from './fields.js';

/** `exactly`: the bytes are the same. False if they are not, and it is not a matter of words, or the log has them in a form that no kernel writes. */
export function isSame(proposal: Proposal, recorded: RecordedEntry): 'exactly' | boolean {
  const { entry } = recorded;
  if (proposal.kind !== entry.kind || proposal.agent !== entry.agent) return false;
  if (isSurelyTextOf(proposal, recorded) || isTextOf(proposal, recorded)) return 'exactly';
  return comparable(proposal) === comparable(entry) && isTextOf(entry, recorded);
}

/** A program may be another one, as long as it does the same: which one ran is not what it did. */
const NAMES_ITS_PROGRAM: ReadonlySet<string> = new Set(['AGENT_SPAWNED', 'AGENT_CONTINUED']);

/** Where an entry holds what the kernel that made it says of an error. Nothing that a program or a tool gave stands there. */
const ERROR_AT: Readonly<Record<string, 'error' | 'result'>> = {
  REFUSED: 'error', AGENT_FAULTED: 'error', AGENT_TERMINATED: 'error', INVARIANT_BREACHED: 'error', TIMER_FIRED: 'result', APPROVAL_DECIDED: 'result',
};

function comparable({ kind, data }: Pick<RawEntry, 'kind'> & { readonly data: object }): string {
  const { program, origin, error, result } = data as { readonly program?: unknown; readonly origin?: unknown; readonly error?: unknown; readonly result?: object };
  if (NAMES_ITS_PROGRAM.has(kind) && isIdentified(program)) return JSON.stringify({ ...data, program: null });
  // So may a tool: what it has answered is on record.
  if (kind === 'TOOL_CALLED' && typeof origin === 'string') return JSON.stringify({ ...data, origin: null });
  if (ERROR_AT[kind] === 'error') return JSON.stringify({ ...data, error: withoutWords(error) });
  if (ERROR_AT[kind] === 'result' && result !== undefined) {
    return JSON.stringify({ ...data, result: { ...result, error: withoutWords((result as { readonly error?: unknown }).error) } });
  }
  return JSON.stringify(data);
}

/** By which the kernel passes on what somebody else said. */
const PASSED_ON: ReadonlySet<string> = new Set(['PROGRAM_FAILED', 'TOOL_FAILED', 'DELEGATION_FAILED']);
/** What the engine throws by itself, and words as it likes; a program that throws a TypeError of its own is taken for it. */
const BY_THE_ENGINE = /^[^"]*"[^"]*" threw (?:Type|Range|Reference|Syntax|URI|Eval|Internal)Error: /;

/**
 * Leaves out the words of the kernel and of the engine: a newer version may word it better. What a program can decide by (code,
 * class, details) has to be the same, and so have the words of whoever else said something.
 */
function withoutWords(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code !== 'string' || typeof message !== 'string' || !Object.hasOwn(ERROR_CODES, code)) return error;
  if (PASSED_ON.has(code) && !(code === 'PROGRAM_FAILED' && BY_THE_ENGINE.test(message))) return error;
  return { ...error, message: '', causes: undefined };
}
