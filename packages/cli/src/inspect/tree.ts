import type { AgentSnapshot } from '@omnipaw/kernel';

/** An agent's place in the delegation tree. */
export interface Branch {
  readonly agent: AgentSnapshot;
  /** The lines that lead to it, for a page of text: `│  └─ `. */
  readonly prefix: string;
}

/** Agents below their delegators; who has none among them stands at the left. */
export function treeOrder(agents: readonly AgentSnapshot[]): readonly Branch[] {
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const roots = agents.filter(({ parent }) => parent === null || !byId.has(parent));
  return roots.flatMap((root) => [{ agent: root, prefix: '' }, ...below(root, '')]);

  function below({ children }: AgentSnapshot, indent: string): Branch[] {
    return children.flatMap((id, index) => {
      const agent = byId.get(id)!;
      const isLast = index === children.length - 1;
      return [{ agent, prefix: indent + (isLast ? '└─ ' : '├─ ') }, ...below(agent, indent + (isLast ? '   ' : '│  '))];
    });
  }
}
