/** `omnipaw inspect`: the state at a point of a log. */
import { FileLogReader, inspect as inspectLog, OmniError, type AgentSnapshot, type Inspection } from '@omnipaw/kernel';
import { EXIT } from '../failure.js';
import { assertLogDirectory } from '../log-directory.js';
import type { Session } from '../session.js';
import { inspectionLines } from './inspection-text.js';
import { inspectMessages, type MessagesOptions } from './messages.js';
import { inspectSwarms } from './swarms.js';
import { treeOrder } from './tree.js';

export interface InspectOptions extends MessagesOptions {
  readonly messages?: boolean;
  readonly swarm?: boolean;
}

export async function inspect(options: InspectOptions, session: Session): Promise<number> {
  const { log, messages, graph, swarm } = options;
  assertLogDirectory(log);
  if (swarm === true) return inspectSwarms(options, session);
  return messages === true || graph !== undefined ? inspectMessages(options, session) : inspectState(options, session);
}

async function inspectState({ log, at, agent, json }: InspectOptions, { out }: Session): Promise<number> {
  const whole = await inspectLog(new FileLogReader(log), at === undefined ? {} : { at });
  const inspection = agent === undefined ? whole : { ...whole, agents: subtree(whole, agent) };
  if (json === true) {
    await out.json(inspection);
    return EXIT.ok;
  }
  // Who names an agent wants to read all of what it remembers.
  const lines = inspectionLines(inspection, { log, ink: out.ink, width: out.width, isWhole: agent !== undefined });
  for (const line of lines) await out.line(line);
  return EXIT.ok;
}

/** An agent and all below it. */
function subtree({ agents, busSeq }: Inspection, id: string): readonly AgentSnapshot[] {
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const top = byId.get(id);
  if (top === undefined) {
    const known = agents.length === 0 ? 'none' : agents.slice(0, 10).map(({ id }) => id).join(', ');
    throw new OmniError('AGENT_NOT_FOUND', `There is no agent "${id}" at busSeq ${busSeq}. Agents: ${known}${agents.length > 10 ? ', …' : ''}.`);
  }
  const found = new Set([top]);
  // What is added while it is gone through is gone through as well.
  for (const { children } of found) for (const child of children) found.add(byId.get(child)!);
  return treeOrder([...found]).map(({ agent }) => agent);
}
