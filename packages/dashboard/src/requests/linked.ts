/** What an entry was led to by, and what it led to. */
import type { LogWindow } from '../log/log-window.js';
import type { EntryReply, LinkedEntry, StoredEntry } from '../protocol/index.js';
import { threadsOf } from '../state/index.js';
import { Refusal } from './refusal.js';

/** So many entries are looked at, before it and after it. */
const REACH = 20_000;
/** Looked at in pieces, the nearest first. */
const PIECE = 1_000;
const MAX_LINKED = 20;

export async function entryWithLinks(window: LogWindow, busSeq: number): Promise<EntryReply> {
  const found = await window.at(busSeq);
  if (found === undefined) throw new Refusal('NOT_THERE');
  const { entry, line } = found;
  return { line, causes: await causesOf(window, entry), effects: await effectsOf(window, entry) };
}

async function causesOf(window: LogWindow, entry: StoredEntry): Promise<LinkedEntry[]> {
  const threads = new Set(threadsOf(entry));
  const causes: LinkedEntry[] = [];
  let isTickKnown = false;
  for (let end = entry.busSeq; end > 0 && entry.busSeq - end < REACH; end -= PIECE) {
    const piece: StoredEntry[] = [];
    for await (const stored of window.read(Math.max(0, end - PIECE), end - 1)) for (const { entry: other } of stored) piece.push(other);
    for (const other of piece.reverse()) {
      const isThread = threadsOf(other).some((thread) => threads.has(thread));
      // What woke the agent led to whatever it did next.
      const isWaking = !isTickKnown && wakes(other, entry.agent);
      if (isWaking) isTickKnown = true;
      if (isThread || isWaking) causes.unshift(linked(other));
      if (causes.length === MAX_LINKED) return causes;
    }
    if (isTickKnown && threads.size === 0) break;
  }
  return causes;
}

async function effectsOf(window: LogWindow, entry: StoredEntry): Promise<LinkedEntry[]> {
  const threads = new Set(threadsOf(entry));
  const effects: LinkedEntry[] = [];
  let isAwake = wakes(entry, entry.agent);
  for await (const stored of window.read(entry.busSeq + 1, entry.busSeq + REACH)) {
    for (const { entry: other } of stored) {
      const isNext = isAwake && other.agent === entry.agent;
      if (isNext) isAwake = false;
      if (isNext || threadsOf(other).some((thread) => threads.has(thread))) effects.push(linked(other));
      if (effects.length === MAX_LINKED) return effects;
    }
  }
  return effects;
}

/** Whether an entry makes an agent run, so that its next tick follows from it. */
function wakes({ agent, data }: StoredEntry, who: string | null): boolean {
  const { to } = (data['transition'] ?? {}) as { readonly to?: unknown };
  return agent !== null && agent === who && to === 'ACTIVE';
}

function linked({ busSeq, time, agent, kind }: StoredEntry): LinkedEntry {
  return { busSeq, time, agent, kind };
}
