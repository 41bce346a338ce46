import type { AgentSnapshot } from '@omnipaw/kernel';

/** An agent's place in the delegation tree. */
export interface Branch {
  readonly agent: AgentSnapshot;
  /** The lines that lead to it, for a page of text: `│  └─ `. */
  readonly prefix: string;
}

/** Deeper ones are not moved further to the right: a page has an edge. */
const MAX_INDENT = 60;

/** Agents below their delegators; who has none among them stands at the left. */
export function treeOrder(agents: readonly AgentSnapshot[]): readonly Branch[] {
  const byId = new Map(agents.map((agent) => [agent.id, agent]));
  const roots = agents.filter(({ parent }) => parent === null || !byId.has(parent));
  const branches: Branch[] = [];
  // A stack of its own: a chain of delegations can be deeper than that of calls.
  const open = roots.map((agent) => ({ agent, prefix: '', indent: '' })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { agent, prefix, indent } = next;
    branches.push({ agent, prefix });
    const children = agent.children.flatMap((id) => byId.get(id) ?? []);
    const isDeep = indent.length >= MAX_INDENT;
    for (const [index, child] of [...children.entries()].reverse()) {
      const isLast = index === children.length - 1;
      open.push({ agent: child, prefix: indent + (isLast ? '└─ ' : '├─ '), indent: isDeep ? indent : indent + (isLast ? '   ' : '│  ') });
    }
  }
  return branches;
}
