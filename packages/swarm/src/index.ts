/** The public surface of `@omnipaw/swarm`, and nothing else. */
export {
  groupEqual,
  tally,
  usualVote,
  type Ballot,
  type Consensus,
  type ConsensusOptions,
  type Decision,
  type Groups,
  type JudgeInput,
  type Poll,
  type Rule,
  type ServeOptions,
  type Tally,
  type Voice,
  type VoteAsked,
  type VoteOptions,
  type Voter,
} from './consensus/index.js';
export { Election, type ElectionOptions, type Leadership } from './election/index.js';
export { SWARM_ERROR_CODES, type SwarmErrorCode } from './errors.js';
export { swarm, SwarmLedger, type ChannelTraffic, type SeatReport, type SwarmExtension, type SwarmReport, type TermReport } from './extension/index.js';
export { messageGraph, toDot, toMermaid, type GraphAgent, type GraphMessage, type MessageGraph } from './graph/index.js';
export { channelOf, membership, namespaceOf, topicChannel, type Member } from './names.js';
export { SwarmProtocol, toEnvelope, type Answers, type Broadcast, type Envelope, type OwnMemory, type ProtocolContext, type ProtocolOptions, type Received, type ReceiveOptions, type RequestOptions, type SendOptions } from './protocol/index.js';
export type { Job, Post, Seat, Steps, Strategy } from './strategy.js';
export { consensus, type ConsensusParts } from './assembly/index.js';
export type { WorkInfo, WorkOptions } from './crew/index.js';
export { mapReduce, type MapReduce, type MapReduceOptions } from './map-reduce/index.js';
export { pipeline, type Stage } from './pipeline/index.js';
export { handOff, supervisor, type HandOff, type Intensity, type Restart, type SupervisedChild, type SupervisorOptions, type Together } from './supervisor/index.js';
export { swarmAccount, SwarmAccounts, type MemberAccount, type SwarmAccount, type SwarmProgress, type TaskCounts, type UndoneTask } from './account/index.js';
export {
  defineSwarm,
  delegateSwarm,
  hostSwarm,
  swarmGrants,
  SwarmCoordinator,
  type Crowd,
  type Crowds,
  type DelegatedSwarm,
  type HostOptions,
  type ResumeOptions,
  type SwarmDefinition,
  type SwarmKernel,
  type SwarmOptions,
  type SwarmOutcome,
  type Watching,
} from './coordinator/index.js';
export { deliver, unwrap, type Outgoing } from './remote/index.js';
export {
  swarmNode,
  wireTransport,
  type DeliverLetter,
  type Letter,
  type NodeKernel,
  type OpenWire,
  type SwarmNode,
  type SwarmNodeOptions,
  type SwarmTransport,
  type TransportLink,
  type Wire,
  type WireListener,
  type WireTransportOptions,
} from './transport/index.js';
