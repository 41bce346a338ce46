import { OmniError } from '../errors/index.js';
import type { Entry, Projection, Saved } from '../logging/index.js';
import { agentNotFound, assertPlainName, type AgentIdentity } from './identity.js';

/** What the registry must know of a type of agent; execution adds the program. */
export interface AgentType {
  readonly type: string;
}

/** The types of agent that can be spawned, and every agent that ever was: a fold over AGENT_SPAWNED. */
export class AgentRegistry<Definition extends AgentType> implements Projection, Saved<readonly AgentIdentity[]> {
  readonly #definitions = new Map<string, Definition>();
  readonly #agents = new Map<string, AgentIdentity>();
  readonly #children = new Map<string, string[]>();
  readonly #countByType = new Map<string, number>();

  /** Registers a type; before boot, so that its digest is in the log's header. */
  register(definition: Definition): void {
    assertPlainName('Agent type', definition.type);
    if (this.#definitions.has(definition.type)) {
      throw new OmniError(
        'ALREADY_REGISTERED',
        `Agent type "${definition.type}" is registered already. Give one of the two another name.`,
      );
    }
    this.#definitions.set(definition.type, definition);
  }

  definition(type: string): Definition {
    const definition = this.#definitions.get(type);
    if (definition !== undefined) return definition;
    const known = [...this.#definitions.keys()].join(', ');
    throw new OmniError(
      'AGENT_TYPE_NOT_REGISTERED',
      `Agent type "${type}" is not registered. Registered types: ${known === '' ? 'none' : known}. Register it before boot.`,
      { details: { type } },
    );
  }

  definitions(): IterableIterator<Definition> {
    return this.#definitions.values();
  }

  has(id: string): boolean {
    return this.#agents.has(id);
  }

  /** The identity of an agent, dead or alive; throws `AGENT_NOT_FOUND`. */
  get(id: string): AgentIdentity {
    const agent = this.#agents.get(id);
    if (agent === undefined) throw agentNotFound(id, this.#agents.keys());
    return agent;
  }

  all(): IterableIterator<AgentIdentity> {
    return this.#agents.values();
  }

  childrenOf(id: string): readonly string[] {
    return this.#children.get(id) ?? [];
  }

  /** The id that the next agent of a type gets unless its creator names one: a function of the log, so it replays. */
  nextId(type: string): string {
    let number = (this.#countByType.get(type) ?? 0) + 1;
    while (this.#agents.has(`${type}-${String(number)}`)) number++;
    return `${type}-${String(number)}`;
  }

  save(): readonly AgentIdentity[] {
    return [...this.#agents.values()];
  }

  load(agents: readonly AgentIdentity[]): void {
    for (const agent of agents) this.#add(agent);
  }

  apply(entry: Entry): void {
    if (entry.kind !== 'AGENT_SPAWNED' || entry.agent === null) return;
    const { type, parent, quota, metadata, monitor } = entry.data;
    this.#add(Object.freeze({ id: entry.agent, type, parent, createdAt: entry.time, quota, metadata, ...(monitor === true ? { monitor } : {}) }));
  }

  #add(agent: AgentIdentity): void {
    const { id, type, parent } = agent;
    // Whoever spawns has made sure of it; a log may come from anybody.
    if (this.#agents.has(id)) throw new OmniError('LOG_CORRUPT', `Agent "${id}" is born a second time.`);
    if (parent !== null && !this.#agents.has(parent)) throw new OmniError('LOG_CORRUPT', `Agent "${id}" is a child of "${parent}", which is not born yet.`);
    this.#agents.set(id, agent);
    this.#countByType.set(type, (this.#countByType.get(type) ?? 0) + 1);
    if (parent === null) return;
    const siblings = this.#children.get(parent);
    if (siblings === undefined) this.#children.set(parent, [id]);
    else siblings.push(id);
  }
}
