import { FileLogReader, inspect, OmniError, type AgentSnapshot } from '@omnipaw/kernel';
import { assertLogDirectory } from '../log-directory.js';
import type { AgentEnd } from './go-on.js';

/** Who has not ended in a log, and where that ends. */
export interface Left {
  /** Whom to wait for. */
  readonly agents: readonly AgentSnapshot[];
  /** All who have not ended. */
  readonly all: readonly AgentSnapshot[];
  /** If there is nobody to wait for, how those have ended who were asked for, or nobody delegated to. */
  readonly ends: readonly AgentEnd[];
  /** The extensions of the kernel that wrote the end of it. */
  readonly extensions: readonly string[];
  /** Where the tools of that kernel came from. */
  readonly origins: readonly unknown[];
  readonly head: string;
  readonly entries: number;
}

/** The agents of a log that have not ended: all of them, or the one that is named. Rejects with `AGENT_NOT_FOUND`. */
export async function agentsLeftIn(log: string, name?: string): Promise<Left> {
  assertLogDirectory(log);
  const { agents: known, head, busSeq, kernel } = await inspect(new FileLogReader(log));
  const all = known.filter(hasNotEnded);
  const asked = name === undefined ? known : known.filter(({ id }) => id === name);
  if (asked.length === 0 && name !== undefined) {
    const waiting = all.length === 0 ? 'none' : all.map(({ id }) => id).slice(0, 10).join(', ');
    throw new OmniError('AGENT_NOT_FOUND', `There is no agent "${name}" in ${log}. Not ended: ${waiting}.`);
  }
  const agents = asked.filter(hasNotEnded);
  const ended = agents.length > 0 ? [] : name === undefined ? asked.filter(({ parent }) => parent === null) : asked;
  return { agents, all, ends: ended.map(endOf), extensions: Object.keys(kernel.extensions), origins: Object.values(kernel.tools).map(({ origin }) => origin), head, entries: busSeq + 1 };
}

export function hasNotEnded({ state }: AgentSnapshot): boolean {
  return state !== 'TERMINATED' && state !== 'FAULTED';
}

function endOf({ id, outcome }: AgentSnapshot): AgentEnd {
  if (outcome?.ok === true) return { agent: id, outcome: { ok: true, result: outcome.value } };
  const { code, message, details } = outcome?.error ?? { code: 'AGENT_TERMINATED', message: `Agent "${id}" ended without a result.` };
  return { agent: id, outcome: { ok: false, error: new OmniError(code, message, details === undefined ? {} : { details }) } };
}
