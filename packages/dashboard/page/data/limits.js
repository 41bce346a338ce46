/** How much of its limits an agent has used, with all agents below it. */

/** @typedef {import('../../src/protocol/state.js').DashboardState} DashboardState */
/** @typedef {import('../../src/protocol/state.js').AgentState} AgentState */
/** @typedef {{ readonly name: string, readonly used: number | null, readonly hard: number, readonly soft: number | null }} LimitUse */

/** What is on record of each resource; what is not can't be shown. @type {Readonly<Record<string, (agent: AgentState) => number>>} */
const COUNTS = {
  maxTicks: ({ used }) => used.ticks,
  maxToolCalls: ({ used }) => used.toolCalls,
  maxTokens: ({ used }) => used.tokens,
  maxCost: ({ used }) => used.cost,
  maxCpuMs: ({ used }) => used.cpuUs / 1_000,
  maxMemoryKeys: ({ used }) => used.memoryKeys,
  maxChildren: ({ used }) => used.children,
};

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @returns {LimitUse[]}
 */
export function limitUses(state, agent) {
  return [...agent.limits].map(([name, { hard, soft }]) => ({ name, hard, soft, used: usedOf(state, agent, name) }));
}

/**
 * The one that is nearest to its end.
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @returns {(LimitUse & { readonly used: number }) | null}
 */
export function worstLimit(state, agent) {
  /** @type {(LimitUse & { readonly used: number }) | null} */
  let worst = null;
  for (const { name, used, hard, soft } of limitUses(state, agent)) {
    if (used === null || (worst !== null && share(used, hard) <= share(worst.used, worst.hard))) continue;
    worst = { name, used, hard, soft };
  }
  return worst;
}

/**
 * @param {number} used
 * @param {number} hard
 */
export function share(used, hard) {
  return hard === 0 ? 1 : used / hard;
}

/**
 * @param {DashboardState} state
 * @param {AgentState} agent
 * @param {string} name
 * @returns {number | null}
 */
function usedOf({ agents, time }, agent, name) {
  if (name === 'maxWallMs') return Math.max(0, (agent.state === 'TERMINATED' ? agent.lastAt : time) - agent.spawnedAt);
  const counted = Object.hasOwn(COUNTS, name) ? COUNTS[name] : undefined;
  if (counted === undefined) return null;
  let sum = 0;
  const waiting = [agent];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    sum += counted(next);
    for (const id of next.children) {
      const child = agents.get(id);
      if (child !== undefined) waiting.push(child);
    }
  }
  return sum;
}
