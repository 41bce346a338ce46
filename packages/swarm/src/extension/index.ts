/** What a kernel has to know of swarms: the rules of their elections, and a ledger. */
export { SwarmLedger } from './ledger.js';
export type { SeatReport, SwarmReport, TermReport } from './report.js';
export { swarm, type SwarmExtension } from './swarm.js';
export type { ChannelTraffic } from './traffic.js';
