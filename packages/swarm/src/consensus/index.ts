/** Deciding together: proposals of one's own first, votes by a rule, and the whole tally when there is no decision. */
export { canonicalText } from './canonical.js';
export { reachConsensus, requestVote, type Floor } from './chair.js';
export { groupEqual, toGroups, type Groups } from './group.js';
export type { Consensus, ConsensusOptions, JudgeInput, ServeOptions, Voice, VoteOptions } from './options.js';
export { tally, type Ballot, type Poll, type Rule, type Tally, type Voter } from './tally.js';
export { serveConsensus, usualVote, type Seat } from './voter.js';
export { toChairWord, type ChairWord, type Decision, type VoteAsked, type VoterAnswer } from './wire.js';
