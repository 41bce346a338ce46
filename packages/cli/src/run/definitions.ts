/** Finds in a module what a kernel can run. By shape: the module may have been made with another copy of the kernel. */
import { PermissionModel, type AgentDefinition, type Extension, type Policy, type Tool } from '@omnipaw/kernel';
import { UsageError } from '../failure.js';
import type { ProgramModule } from './load-program.js';

/** What a module exports for a kernel, each thing once, however many names it has. */
export interface Definitions {
  readonly agents: readonly AgentDefinition[];
  readonly tools: readonly Tool[];
  /** Alone or in a list. */
  readonly extensions: readonly Extension[];
  /** What it exports as `policies`; undefined if it does not. */
  readonly policies: readonly Policy[] | undefined;
  /** The agents again, by the name that the module exports them under. */
  readonly agentsByExport: ReadonlyMap<string, AgentDefinition>;
}

export function definitionsIn(module: ProgramModule): Definitions {
  const entries = Object.entries(module);
  const agentsByExport = new Map(entries.filter((entry): entry is [string, AgentDefinition] => isAgentDefinition(entry[1])));
  return {
    agents: [...new Set(agentsByExport.values())],
    tools: [...new Set(entries.map(([, value]) => value).filter(isTool))],
    extensions: extensionsIn(module),
    policies: policiesIn(module),
    agentsByExport,
  };
}

/** One policy, or a list; throws a UsageError for what is none. */
export function policiesIn({ policies }: ProgramModule): readonly Policy[] | undefined {
  return policies === undefined ? undefined : checkedPolicies(Array.isArray(policies) ? policies : [policies]);
}

/** Throws a UsageError for what is no policy. */
export function checkedPolicies(given: readonly unknown[]): readonly Policy[] {
  try {
    for (const policy of given) {
      if (typeof policy !== 'object' || policy === null) throw new TypeError(`A policy is an object; found ${JSON.stringify(policy)}.`);
      if (typeof (policy as Partial<Policy>).name !== 'string') throw new TypeError(`A policy has a name; found ${JSON.stringify(policy)}.`);
    }
    new PermissionModel(given as readonly Policy[]);
  } catch (thrown) {
    throw new UsageError((thrown as Error).message);
  }
  return given as readonly Policy[];
}

/** Whatever a module exports that has the parts of an extension. */
export function extensionsIn(module: ProgramModule): readonly Extension[] {
  return [...new Set(Object.values(module).flatMap((value): readonly unknown[] => (Array.isArray(value) ? value : [value])).filter(isExtension))];
}

/** The agent to run: by type or by the name of its export; without a name the default export, or the only one. */
export function chooseAgent(found: Definitions, file: string, name?: string): AgentDefinition {
  const { agents, agentsByExport } = found;
  if (agents.length === 0) {
    throw new UsageError(`${file} exports no agent${toolsText(found)}. Export what defineAgent(…) returns, best as the default.`);
  }
  if (name !== undefined) {
    const chosen = agents.find(({ type }) => type === name) ?? agentsByExport.get(name);
    if (chosen !== undefined) return chosen;
    throw new UsageError(`${file} exports no agent "${name}". It exports ${agentsText(found)}${toolsText(found)}.`);
  }
  const chosen = agentsByExport.get('default') ?? (agents.length === 1 ? agents[0] : undefined);
  if (chosen !== undefined) return chosen;
  throw new UsageError(`${file} exports several agents and none as the default: ${agentsText(found)}. Choose one with --agent.`);
}

/** What a program exports, in words. */
export function exportsText(found: Definitions): string {
  return found.agents.length === 0 ? `no agent${toolsText(found)}` : `${agentsText(found)}${toolsText(found)}`;
}

function agentsText({ agents, agentsByExport }: Definitions): string {
  const texts = agents.map((agent) => {
    const names = [...agentsByExport].filter(([name, other]) => other === agent && name !== agent.type).map(([name]) => name);
    return names.length === 0 ? agent.type : `${agent.type} (${names.join(', ')})`;
  });
  return `${agents.length === 1 ? 'the agent' : 'the agents'} ${texts.join(', ')}`;
}

function toolsText({ tools }: Definitions): string {
  if (tools.length === 0) return '';
  return ` and the ${tools.length === 1 ? 'tool' : 'tools'} ${tools.map(({ name }) => name).join(', ')}`;
}

function isAgentDefinition(value: unknown): value is AgentDefinition {
  if (!isObject(value)) return false;
  const { type, version, source, start } = value;
  return [type, version, source].every((text) => typeof text === 'string') && typeof start === 'function';
}

function isTool(value: unknown): value is Tool {
  if (!isObject(value)) return false;
  const { name, description, input, run } = value;
  return typeof name === 'string' && typeof description === 'string' && typeof run === 'function' && isStandardSchema(input);
}

function isExtension(value: unknown): value is Extension {
  if (!isObject(value) || typeof value['name'] !== 'string') return false;
  const { guard, observer, projection } = value as Partial<Extension>;
  return typeof guard?.review === 'function' || typeof projection?.apply === 'function' || isObject(observer);
}

/** The schemas of some libraries are functions. */
function isStandardSchema(value: unknown): boolean {
  return (isObject(value) || typeof value === 'function') && '~standard' in value;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
