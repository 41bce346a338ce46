/** Who did what in a swarm: a fold over the log. */
export type { MemberAccount, SwarmAccount, SwarmProgress, TaskCounts, UndoneTask } from './account.js';
export { COORDINATOR, SwarmAccounts } from './fold.js';
export { swarmAccount } from './read.js';
