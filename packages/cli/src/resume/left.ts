import { FileLogReader, inspect, OmniError, type AgentSnapshot } from '@omnipaw/kernel';
import { assertLogDirectory } from '../log-directory.js';
import { UsageError } from '../failure.js';

/** Who has not ended in a log, and where that ends. */
export interface Left {
  readonly agents: readonly AgentSnapshot[];
  readonly head: string;
  readonly entries: number;
}

/**
 * The agents of a log that have not ended: all of them, or the one that is named.
 *
 * Throws a UsageError for one that has ended, and `AGENT_NOT_FOUND`.
 */
export async function agentsLeftIn(log: string, name?: string): Promise<Left> {
  assertLogDirectory(log);
  const { agents, head, busSeq } = await inspect(new FileLogReader(log));
  const end = { head, entries: busSeq + 1 };
  const left = agents.filter(hasNotEnded);
  if (name === undefined) return { agents: left, ...end };
  const chosen = agents.find(({ id }) => id === name);
  const waiting = left.length === 0 ? 'none' : left.map(({ id }) => id).slice(0, 10).join(', ');
  if (chosen === undefined) throw new OmniError('AGENT_NOT_FOUND', `There is no agent "${name}" in ${log}. Not ended: ${waiting}.`);
  if (!hasNotEnded(chosen)) throw new UsageError(`The agent ${name} has ended already (${chosen.state}). Not ended: ${waiting}.`);
  return { agents: [chosen], ...end };
}

function hasNotEnded({ state }: AgentSnapshot): boolean {
  return state !== 'TERMINATED' && state !== 'FAULTED';
}
