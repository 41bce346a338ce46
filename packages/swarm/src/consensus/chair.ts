import type { Instruction, Json } from '@omnipaw/kernel';
import { codeOf, swarmError } from '../errors.js';
import type { Member } from '../names.js';
import type { SwarmProtocol } from '../protocol/index.js';
import { groupEqual, toGroups, type Groups } from './group.js';
import type { Consensus, ConsensusOptions, JudgeInput, VoteOptions } from './options.js';
import { tally, type Ballot, type Poll, type Rule, type Tally } from './tally.js';
import { isAbstention, proposalsOf, type ChairWord, type Decision, type VoteAsked } from './wire.js';

/** What a chair needs of the protocol. */
export type Floor = Pick<SwarmProtocol, 'peers' | 'requestAll' | 'send'>;

/** Who votes, and by which rule. */
interface Assembly {
  readonly members: readonly Member[];
  readonly rule: Rule;
  readonly weights: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
}

/** Lets all others vote once, between yes and no unless there are other options; answers how they did. */
export function* requestVote(floor: Floor, question: Json, { options = [true, false], rule = 'majority', ...more }: VoteOptions): Generator<Instruction, Tally> {
  const assembly = assemblyOf(floor, { ...more, rule });
  const result = yield* vote(floor, assembly, { question, options, round: 1, tally: null });
  yield* close(floor, assembly, decisionOf(result));
  return result;
}

/**
 * Lets all others propose, without knowing of one another, and then vote among what was proposed, in as many rounds as it
 * takes and `maxRounds` allows. A proposal is its author's first vote: what enough of them propose is decided at once.
 */
export function* reachConsensus(floor: Floor, { rule = 'majority', ...options }: ConsensusOptions): Generator<Instruction, Consensus> {
  const assembly = assemblyOf(floor, { ...options, rule });
  let decision: Decision = UNDECIDED;
  try {
    const rounds = yield* decide(floor, assembly, options);
    const last = rounds.at(-1)!;
    decision = decisionOf(last);
    if (decision.isDecided) return { value: decision.value, rounds };
    throw swarmError('NO_CONSENSUS', `After ${String(rounds.length - 1)} rounds of voting, no option has the weight that the rule wants: ${told(last)}.`, { details: { tally: last, rounds } });
  } finally {
    // Whatever has happened: nobody waits for what does not come.
    yield* close(floor, assembly, decision);
  }
}

/** The tally of the proposals, and of each vote until one decides. */
function* decide(floor: Floor, assembly: Assembly, { question, maxRounds = 3, judge }: Omit<ConsensusOptions, 'rule'>): Generator<Instruction, Tally[]> {
  const rounds = [yield* proposals(floor, assembly, { question, judge })];
  const options = rounds[0]!.counts.map(({ option }) => option);
  for (let round = 1; round <= maxRounds && rounds.at(-1)!.decided === null && options.length > 0; round++) {
    rounds.push(yield* vote(floor, assembly, { question, options, round, tally: round === 1 ? null : rounds.at(-1)! }));
  }
  return rounds;
}

function assemblyOf({ peers }: Floor, { rule, weights = {}, voters = peers, timeoutMs }: Omit<VoteOptions, 'options'> & { readonly rule: Rule }): Assembly {
  const assembly = { members: voters, rule, weights, timeoutMs };
  // What makes no sense is told before anybody is asked.
  tally(pollOf(assembly, []), []);
  return assembly;
}

function pollOf({ members, rule, weights }: Assembly, options: readonly Json[]): Poll {
  return { options, rule, voters: members.map(({ slot }) => ({ slot, weight: Object.hasOwn(weights, slot) ? weights[slot]! : 1 })) };
}

function* vote(floor: Floor, assembly: Assembly, asked: VoteAsked): Generator<Instruction, Tally> {
  const ballots = yield* ask(floor, assembly, { kind: 'vote', ...asked, patienceMs: assembly.timeoutMs });
  return tally(pollOf(assembly, asked.options), ballots);
}

/** What was proposed, counted as votes. */
function* proposals(floor: Floor, assembly: Assembly, { question, judge }: { readonly question: Json; readonly judge: ConsensusOptions['judge'] | undefined }): Generator<Instruction, Tally> {
  const ballots = yield* ask(floor, assembly, { kind: 'propose', question, patienceMs: assembly.timeoutMs });
  const made = ballots.flatMap((ballot) => ('answer' in ballot ? proposalsOf(ballot) : []));
  const values = made.map(({ proposal }) => proposal);
  const groups = judge === undefined || values.length < 2 ? groupEqual(values) : yield* judged(judge, { question, proposals: values });
  const votes = groups.flatMap((group, option) => group.map((index): Ballot => ({ slot: made[index]!.slot, answer: { kind: 'vote', option } })));
  // Nobody can have voted for what it has not seen: any other answer than a proposal is no vote.
  const others = ballots.map((ballot): Ballot => ('answer' in ballot && !isAbstention(ballot.answer) ? { slot: ballot.slot, answer: null } : ballot));
  return tally(pollOf(assembly, groups.map(([first]) => values[first!]!)), [...votes, ...others]);
}

function* judged(judge: NonNullable<ConsensusOptions['judge']>, input: JudgeInput): Generator<Instruction, Groups> {
  const answer = yield* judge(input);
  const groups = toGroups(answer, input.proposals.length);
  if (groups !== undefined) return groups;
  throw swarmError('NO_CONSENSUS', `The judge has not put each of the ${String(input.proposals.length)} proposals into one group, by their numbers from 0.`, { details: { answer } });
}

function* ask(floor: Floor, { members, timeoutMs }: Assembly, word: ChairWord): Generator<Instruction, Ballot[]> {
  const { answers, missing } = yield* floor.requestAll(members, 'vote', word, { timeoutMs });
  return [
    ...answers.map(({ member: { slot }, body }) => ({ slot, answer: body })),
    ...missing.map(({ member: { slot }, error }) => ({ slot, error })),
  ];
}

/** Tells everybody what came out. Who can not be told now, is not waited for. */
function* close(floor: Floor, { members }: Assembly, decision: Decision): Generator<Instruction, void> {
  for (const { id } of members) {
    try {
      yield* floor.send(id, 'vote', { kind: 'close', decision } satisfies ChairWord);
    } catch (error) {
      if (!UNREACHED.has(codeOf(error))) throw error;
    }
  }
}

const UNREACHED: ReadonlySet<string | undefined> = new Set(['DEAD_LETTER', 'MAILBOX_FULL', 'NODE_UNREACHABLE']);

const UNDECIDED: Decision = Object.freeze({ isDecided: false });

function decisionOf({ decided, counts }: Tally): Decision {
  return decided === null ? UNDECIDED : { isDecided: true, value: counts[decided]!.option };
}

function told({ counts, needed, total, missing }: Tally): string {
  const weights = counts.map(({ weight }) => weight).join(' and ') || 'nothing was proposed';
  const gone = missing.length === 0 ? '' : `, ${missing.map(({ slot, error }) => `${slot} has not answered (${error})`).join(', ')}`;
  return `${weights} of ${String(total)}, where ${String(needed)} are needed${gone}`;
}
