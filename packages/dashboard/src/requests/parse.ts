/** What a client has sent, taken apart; nothing of it is believed. */
import type { ClientMessage, DecidePayload, EntryFilter, HistoryPayload, StartPayload } from '../protocol/index.js';

type Fields = Readonly<Record<string, unknown>>;

const REQUESTS = new Set(['HISTORY', 'STATE', 'ENTRY', 'DECIDE']);
const MAX_TEXT = 200;
const MAX_REASON = 1_000;
const MAX_NAME = 1_000;
const MAX_KINDS = 100;

/** A message with a payload that is not looked at yet. */
export type Envelope =
  | { readonly type: 'START'; readonly payload: Fields }
  | { readonly type: Exclude<ClientMessage['type'], 'START'>; readonly id: number; readonly payload: Fields };

/** Undefined for what is no message, so that there is nobody to tell. */
export function envelopeOf(text: string): Envelope | undefined {
  const { type, id, payload } = fieldsOf(parsed(text));
  if (!isFields(payload)) return undefined;
  if (type === 'START') return { type, payload };
  if (typeof type !== 'string' || !REQUESTS.has(type) || !isCount(id) || id === 0) return undefined;
  return { type: type as Exclude<ClientMessage['type'], 'START'>, id, payload };
}

export function startOf({ logId, after, hash }: Fields): StartPayload | undefined {
  if (after === undefined) return {};
  return typeof logId === 'string' && typeof hash === 'string' && isCount(after) ? { logId, after, hash } : undefined;
}

export function historyOf({ before, after, limit = 200, filter = {} }: Fields, maxEntries: number): (HistoryPayload & { readonly limit: number; readonly filter: EntryFilter }) | undefined {
  const wanted = filterOf(filter);
  if (!isCount(limit) || limit < 1 || limit > maxEntries || wanted === undefined) return undefined;
  if (isCount(before) && after === undefined) return { before, limit, filter: wanted };
  // After -1 is from the beginning on.
  return before === undefined && (after === -1 || isCount(after)) ? { after, limit, filter: wanted } : undefined;
}

function filterOf(filter: unknown): EntryFilter | undefined {
  if (!isFields(filter)) return undefined;
  const { agent, kinds, text, failed, key, namespace } = filter;
  const isFitting =
    [agent, key, namespace].every((name) => name === undefined || isText(name, MAX_NAME)) &&
    (text === undefined || isText(text, MAX_TEXT)) &&
    (failed === undefined || typeof failed === 'boolean') &&
    (kinds === undefined || (Array.isArray(kinds) && kinds.length <= MAX_KINDS && kinds.every((kind) => isText(kind, MAX_NAME))));
  if (!isFitting) return undefined;
  return Object.fromEntries(Object.entries({ agent, kinds, text, failed, key, namespace }).filter(([, value]) => value !== undefined));
}

export function seqOf(value: unknown): number | undefined {
  return isCount(value) ? value : undefined;
}

export function decisionOf({ approval, approved, reason = '' }: Fields): DecidePayload | undefined {
  return isCount(approval) && typeof approved === 'boolean' && isText(reason, MAX_REASON) ? { approval, approved, reason } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length <= most;
}
