/**
 * What a fork may change about its last entry, pure.
 *
 * Only what came from outside: everything else follows from it, and a change would contradict what it follows from. The
 * patched entry is one that a kernel could have written; its transition stays what it was.
 */
import { OmniError, type ErrorRecord, type FailureClass } from '../errors/index.js';
import { toJsonWithin, type Json, type JsonObject } from '../json/index.js';
import type { KernelState } from '../kernel/index.js';
import type { Entry, EntryKind } from '../logging/index.js';
import type { Outcome } from '../pending/index.js';
import { approvalDenied } from '../syscalls/index.js';

export interface PatchContext {
  /** The state before the entry. */
  readonly state: KernelState;
  /** The limit on the patch, as on any value of that log. */
  readonly maxValueBytes: number;
}

/** The data of an entry with a patch; throws `FORK_PATCH_INVALID`, `SERIALIZATION_ERROR` and `VALUE_TOO_LARGE`. */
export function patched(entry: Entry, given: unknown, { state, maxValueBytes }: PatchContext): JsonObject {
  const patch = toJsonWithin(given, maxValueBytes, 'The patch');
  if (!isObject(patch)) throw invalid(entry, `a patch is an object, such as { "value": … }; found ${typeName(patch)}`);
  switch (entry.kind) {
    case 'TOOL_RESULT':
      return withFields(entry.data, { result: outcomeIn(entry, patch) });
    case 'AGENT_SPAWNED':
      if (entry.data.parent !== null) throw noInput(entry, 'its input comes from its delegator');
      return withFields(entry.data, only(entry, patch, ['input']));
    case 'MESSAGE_SENT':
      if (entry.agent !== null || entry.data.permission.by !== 'operator') throw noInput(entry, 'no operator sent it');
      return withFields(entry.data, only(entry, patch, ['body']));
    case 'APPROVAL_DECIDED':
      return decision(entry, patch, state);
    default:
      throw noInput(entry, 'nothing in it came from outside that could have been something else');
  }
}

type EntryOf<Kind extends EntryKind> = Extract<Entry, { kind: Kind }>;

/** One of three: a value, an error, or a whole outcome. */
function outcomeIn(entry: Entry, patch: JsonObject): Outcome {
  const fields = only(entry, patch, ['value', 'error', 'result']);
  if (Object.keys(fields).length > 1) throw invalid(entry, 'give one of "value", "error" and "result"');
  const { value, error, result } = fields;
  if (value !== undefined) return { ok: true, value };
  if (error !== undefined) return { ok: false, error: errorIn(entry, error) };
  if (!isObject(result) || typeof result['ok'] !== 'boolean') throw invalid(entry, 'a "result" is { "ok": true, "value": … } or { "ok": false, "error": … }');
  const { ok, ...rest } = result;
  const [name, part] = Object.entries(rest)[0] ?? [];
  if (part === undefined || Object.keys(rest).length > 1 || name !== (ok ? 'value' : 'error')) {
    throw invalid(entry, `a "result" with "ok": ${String(ok)} has a "${ok ? 'value' : 'error'}" and nothing else`);
  }
  return ok ? { ok, value: part } : { ok: false, error: errorIn(entry, part) };
}

const RAISABLE: readonly Json[] = ['TRANSIENT', 'PERMANENT', 'POLICY_VIOLATION'] satisfies FailureClass[];

function errorIn(entry: Entry, given: Json): ErrorRecord {
  if (!isObject(given)) throw invalid(entry, `an "error" is { "code": …, "message": … }; found ${typeName(given)}`);
  const { code, message, details, causes } = only(entry, given, ['code', 'failureClass', 'message', 'details', 'causes']);
  if (typeof code !== 'string' || code === '' || typeof message !== 'string') throw invalid(entry, 'an "error" has a "code" and a "message", both strings');
  if (details !== undefined && !isObject(details)) throw invalid(entry, 'the "details" of an "error" are an object');
  if (causes !== undefined && !isTexts(causes)) throw invalid(entry, 'the "causes" of an "error" are strings');
  const failureClass = given['failureClass'] ?? new OmniError(code, message).failureClass;
  if (!RAISABLE.includes(failureClass)) throw invalid(entry, `the "failureClass" of an "error" is one of ${RAISABLE.map(String).join(', ')}`);
  const more = { ...(details === undefined ? {} : { details }), ...(causes === undefined ? {} : { causes }) };
  return { code, failureClass: failureClass as FailureClass, message, ...more };
}

/** An operator's or the clock's answer, as an operator's: a deny has a result, and an approval none yet. */
function decision(entry: EntryOf<'APPROVAL_DECIDED'>, patch: JsonObject, { pending }: KernelState): JsonObject {
  const { agent } = entry;
  const { approval, tick, call, decider } = entry.data;
  if (agent === null || typeof decider !== 'string') throw noInput(entry, 'an agent decided it, in a tick of its own');
  const asked = pending.find(agent, tick, call);
  if (asked === undefined) throw noInput(entry, 'nobody waits for it');
  const { approved = entry.data.approved, reason, by } = only(entry, patch, ['approved', 'reason', 'by']);
  if (typeof approved !== 'boolean') throw invalid(entry, '"approved" is true or false');
  const answer = {
    approval,
    approved,
    decider: 'operator',
    by: textIn(entry, by ?? (decider === 'operator' ? entry.data.by : 'operator')),
    reason: textIn(entry, reason ?? (approved === entry.data.approved ? entry.data.reason : '')),
    tick,
    call,
  } as const;
  if (approved) return answer;
  const { action, resource } = asked.opened as { readonly action: string; readonly resource: string };
  const error = approvalDenied({ id: approval, agent, action, resource }, answer.by, answer.reason);
  return { ...answer, result: { ok: false, error }, ...pending.resuming(agent, call) } as unknown as JsonObject;
}

function textIn(entry: Entry, value: Json): string {
  if (typeof value === 'string') return value;
  throw invalid(entry, '"reason" and "by" are strings');
}

/** The fields of a patch: one at least, and none but those that the entry has. */
function only<Name extends string>(entry: Entry, patch: JsonObject, names: readonly Name[]): Partial<Record<Name, Json>> {
  const unknown = Object.keys(patch).find((name) => !(names as readonly string[]).includes(name));
  if (unknown !== undefined) throw invalid(entry, `there is no "${unknown}" to change; it may have ${names.join(', ')}`);
  if (Object.keys(patch).length === 0) throw invalid(entry, `it changes nothing; it may have ${names.join(', ')}`);
  return patch as Partial<Record<Name, Json>>;
}

/** In the order in which the kernel writes them. */
function withFields(data: object, fields: object): JsonObject {
  return { ...data, ...fields };
}

function noInput(entry: Entry, because: string): OmniError {
  const possible = 'TOOL_RESULT, APPROVAL_DECIDED, a root AGENT_SPAWNED, and MESSAGE_SENT of an operator';
  return invalid(entry, `${because}. What can be patched: ${possible}`);
}

function invalid({ busSeq, kind }: Entry, because: string): OmniError {
  return new OmniError('FORK_PATCH_INVALID', `The patch does not fit entry ${busSeq}, which is ${kind}: ${because}.`, {
    details: { busSeq, kind },
  });
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
