/** What a container says of itself: which process has made it, until when, and, unless it waits for a call, for which call. */
import type { ExecOptions } from '@omnipaw/host';
import type Docker from 'dockerode';
import { NAME_PREFIX } from './container-options.js';
import { isOver, thisOwner } from './owner.js';

export const LABELS = Object.freeze({ owner: 'omnipaw.owner', until: 'omnipaw.until', kernel: 'omnipaw.kernel', agent: 'omnipaw.agent', tool: 'omnipaw.tool', call: 'omnipaw.call' });

/** For what comes before and after a command, and for clocks that do not go alike. */
const LEEWAY_MS = 15 * 60_000;
const WAITING_MS = 24 * 60 * 60_000;
/** More than any timer counts. */
const MOST_MS = 2 ** 31;

/** When nobody can want a container any more: one for a call, or one that waits. */
export function lastUse(now: number, call?: Pick<ExecOptions, 'timeoutMs'>): number {
  return now + LEEWAY_MS + (call === undefined ? WAITING_MS : Math.min(call.timeoutMs, MOST_MS));
}

/** The kernel is named by its log: the beginning of every key of a call. */
export function labelsOf(until: number, call?: Pick<ExecOptions, 'caller'>): Readonly<Record<string, string>> {
  const always = { [LABELS.owner]: thisOwner(), [LABELS.until]: new Date(until).toISOString() };
  if (call?.caller === undefined) return always;
  const { agent, tool, idempotencyKey } = call.caller;
  return { ...always, [LABELS.kernel]: idempotencyKey.split('/')[0]!, [LABELS.agent]: agent, [LABELS.tool]: tool, [LABELS.call]: idempotencyKey };
}

/**
 * Whether a container is one of ours that nobody can want any more: its process is known to have ended, or its time is over. So it
 * is with those of another machine, or of a kernel in a container, of whose processes nobody here knows.
 */
export function isLeftover({ Names, Labels }: Partial<Docker.ContainerInfo>, now: number): boolean {
  if (!Array.isArray(Names) || !Names.some((name) => name.replace(/^\//, '').startsWith(NAME_PREFIX))) return false;
  return isOver(Labels?.[LABELS.owner] ?? '') || Date.parse(Labels?.[LABELS.until] ?? '') < now;
}
