/**
 * What an entry says of its agent, whenever and wherever it was written.
 *
 * Left out are numbers of entries, times, and what chance gave an agent; a message or an approval, which others name by
 * the number of its entry, gets a name that does not depend on what happened elsewhere.
 */
import { TickTimes, type Json, type JsonObject, type RawEntry } from '@omnipaw/kernel';

/** An entry as another log's is compared with it. */
export interface Comparable {
  readonly busSeq: number;
  readonly kind: string;
  readonly data: JsonObject;
}

/** What a kernel writes for itself: of its start and end, and of what no program saw. */
const HOUSEKEEPING: ReadonlySet<string> = new Set(['LOG_OPENED', 'KERNEL_STARTED', 'LOG_TAIL_CUT', 'STALE_RESULT', 'TOOL_PROGRESS', 'TICK_MEASURED']);

/** On these the kernel itself sends, and names entries by their number. */
const KERNEL_CHANNELS: ReadonlySet<Json | undefined> = new Set(['approval', 'breach']);

/** What can be compared of a field that is in an entry. */
type Plain = (of: Comparables, value: Json, entry: Pick<Comparable, 'kind' | 'data'>) => Json | undefined;

/** Says of the entries of one log, in order, what can be compared. */
export class Comparables {
  /** Fields that hold a number of an entry, a time or chance, by their names; all others are taken as they are. */
  static readonly #fields: Readonly<Record<string, Plain>> = {
    seed: (_of, value, { kind }) => (kind === 'AGENT_SPAWNED' || kind === 'AGENT_CONTINUED' ? undefined : value),
    token: (_of, value, { kind }) => (kind === 'AGENT_SPAWNED' ? withoutTimes(value) : value),
    message: (of, value, { kind }) => (kind === 'MESSAGE_RECEIVED' ? of.#named(value) : value),
    approval: (of, value) => of.#named(value),
    approved: (of, value) => (Array.isArray(value) ? value.map((one: Json) => of.#withApproval(one)) : value),
    permission: (of, value) => of.#permission(value),
    delegation: (of, value) => (isObject(value) ? defined({ ...value, permission: of.#permission(value['permission']) }) : value),
    secrets: (of, value) => (isObject(value) ? mapped(value, (record) => of.#permission(record)) : value),
    error: (of, value) => of.#error(value),
    result: (of, value, { kind }) => (kind === 'MESSAGE_RECEIVED' ? of.#received(value) : of.#outcome(value)),
    body: (of, value, { data }) => (KERNEL_CHANNELS.has(data['channel']) ? of.#body(value) : value),
  };

  /** By the number of the entry that sent or asked. */
  readonly #names = new Map<number, string>();
  readonly #sent = new Map<string | null, number>();
  readonly #tickTimes = new TickTimes();

  /** Undefined for an entry that says nothing of what agents did. */
  of(entry: RawEntry): Comparable | undefined {
    const { busSeq, agent, kind, data } = entry;
    if (HOUSEKEEPING.has(kind)) return undefined;
    this.#name(entry);
    const comparable = { busSeq, kind, data: this.#plain(kind, data, agent === null ? undefined : this.#tickTimes.of(agent)) };
    this.#tickTimes.apply(entry);
    return comparable;
  }

  #name({ busSeq, agent, kind, data }: RawEntry): void {
    if (kind === 'MESSAGE_SENT') {
      const number = (this.#sent.get(agent) ?? 0) + 1;
      this.#sent.set(agent, number);
      this.#names.set(busSeq, `message ${String(number)} of ${agent ?? 'an operator'}`);
    } else if (kind === 'APPROVAL_REQUESTED') {
      const { tick, call, action, resource } = data;
      this.#names.set(busSeq, `${String(agent)} ${textOf(tick)}.${textOf(call)} ${textOf(action)}:${textOf(resource)}`);
    }
  }

  /** The data of an entry; `began` is the time from which its deadline was counted. */
  #plain(kind: string, data: JsonObject, began: number | undefined): JsonObject {
    const fields: [string, Json | undefined][] = [];
    for (const [name, value] of Object.entries(data)) {
      const plain = Object.hasOwn(Comparables.#fields, name) ? Comparables.#fields[name] : undefined;
      // The clock, and not the tick, says when a call is tried again.
      if (name === 'deadline') fields.push(['afterMs', lengthOf(value, kind === 'TOOL_RETRIED' ? undefined : began)]);
      else fields.push([name, plain === undefined ? value : plain(this, value, { kind, data })]);
    }
    return Object.fromEntries(fields.filter((field): field is [string, Json] => field[1] !== undefined));
  }

  #named(number: Json | undefined): Json | undefined {
    return typeof number === 'number' ? (this.#names.get(number) ?? number) : number;
  }

  #withApproval(value: Json): Json {
    return isObject(value) ? defined({ ...value, approval: this.#named(value['approval']) }) : value;
  }

  #permission(record: Json | undefined): Json | undefined {
    if (!isObject(record) || typeof record['by'] !== 'string') return record;
    const id = /^approval (\d+)$/.exec(record['by'])?.[1];
    return id === undefined ? record : { ...record, by: `approval ${textOf(this.#named(Number(id)))}` };
  }

  /** What is written about an approval names it in words, too. */
  #error(error: Json | undefined): Json | undefined {
    if (!isObject(error) || !isObject(error['details']) || error['details']['approval'] === undefined) return error;
    return defined({ ...error, message: undefined, details: this.#withApproval(error['details']) });
  }

  #outcome(outcome: Json | undefined): Json | undefined {
    if (!isObject(outcome)) return outcome;
    return outcome['error'] === undefined ? outcome : defined({ ...outcome, error: this.#error(outcome['error']) });
  }

  #received(outcome: Json | undefined): Json | undefined {
    if (!isObject(outcome) || !isObject(outcome['value'])) return outcome;
    const { channel, body } = outcome['value'];
    const message = { ...outcome['value'], seq: undefined, sentAt: undefined, body: KERNEL_CHANNELS.has(channel) ? this.#body(body) : body };
    return { ...outcome, value: defined(message) };
  }

  #body(body: Json | undefined): Json | undefined {
    return isObject(body) ? this.#withApproval(defined({ ...body, busSeq: undefined })) : body;
  }
}

/** How long a deadline is, if it is known when it begins. */
function lengthOf(deadline: Json, began: number | undefined): Json | undefined {
  return typeof deadline === 'number' && began !== undefined ? deadline - began : undefined;
}

/** Whether a token and its grants end, not when. */
function withoutTimes(token: Json | undefined): Json | undefined {
  if (!isObject(token)) return token;
  const { grants } = token;
  return { ...withoutEnd(token), ...(Array.isArray(grants) ? { grants: grants.map((grant: Json) => (isObject(grant) ? withoutEnd(grant) : grant)) } : {}) };
}

function withoutEnd(value: JsonObject): JsonObject {
  return value['notAfter'] === undefined ? value : { ...value, notAfter: 'some time' };
}

function mapped(object: JsonObject, map: (value: Json) => Json | undefined): JsonObject {
  return defined(Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)])));
}

function defined(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, Json] => field[1] !== undefined));
}

/** An object without some of its fields. */
export function without(object: JsonObject, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
