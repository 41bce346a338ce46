import type { Instruction, Json } from '@omnipaw/kernel';
import { codeOf } from '../errors.js';
import type { ProtocolContext, Received, SwarmProtocol } from '../protocol/index.js';
import { canonicalText } from './canonical.js';
import type { ServeOptions, Voice } from './options.js';
import { toChairWord, type ChairWord, type Decision, type VoteAsked, type VoterAnswer } from './wire.js';

/** What a voter needs of the protocol. */
export type Seat = Pick<SwarmProtocol, 'receive' | 'reply'> & { readonly ctx: Pick<ProtocolContext, 'now'> };

type Asked = Exclude<ChairWord, { readonly kind: 'close' }>;

/** Answers what a chair asks, until it says what came out: that. Words of anybody else, and what no chair says, are dropped. */
export function* serveConsensus(seat: Seat, voice: Voice, options: ServeOptions = {}): Generator<Instruction, Decision> {
  let own: Json | undefined;
  for (;;) {
    const { received, word } = yield* nextWord(seat, options);
    if (word.kind === 'close') return word.decision;
    if (word.kind === 'propose') own = yield* voice.propose?.(word.question) ?? NOTHING;
    const answer = word.kind === 'propose' ? proposal(own) : voteFor(yield* voice.vote?.(word) ?? given(usualVote(word, own)));
    yield* answerTo(seat, { received, word }, answer);
  }
}

/** The next that a chair says or asks; what others say prolongs no waiting. */
function* nextWord(seat: Seat, { chair, timeoutMs = Infinity }: ServeOptions): Generator<Instruction, { readonly received: Received; readonly word: ChairWord }> {
  const end = seat.ctx.now() + timeoutMs;
  for (;;) {
    const received = yield* seat.receive('vote', timeoutMs === Infinity ? {} : { timeoutMs: Math.max(0, end - seat.ctx.now()) });
    const word = toChairWord(received.body);
    const isFitting = word !== undefined && (word.kind === 'close') === (received.ask === undefined);
    if (isFitting && (chair ?? received.from) === received.from) return { received, word };
  }
}

/**
 * How a member votes that has no will of its own: for what it has proposed itself, and in later rounds for what had the most
 * weight in the one before; so that the members come together.
 */
export function usualVote({ options, tally }: VoteAsked, own: Json | undefined): number | undefined {
  if (tally !== null) {
    const weights = tally.counts.map(({ weight }) => weight);
    const most = weights.reduce((a, b) => Math.max(a, b), 0);
    return most > 0 ? weights.indexOf(most) : undefined;
  }
  const index = own === undefined ? -1 : options.findIndex((option) => canonicalText(option) === canonicalText(own));
  return index < 0 ? undefined : index;
}

function proposal(own: Json | undefined): VoterAnswer {
  return own === undefined ? { kind: 'abstain' } : { kind: 'proposal', proposal: own };
}

function voteFor(option: number | undefined): VoterAnswer {
  return option === undefined ? { kind: 'abstain' } : { kind: 'vote', option };
}

function* answerTo(seat: Seat, { received, word }: { readonly received: Received; readonly word: Asked }, answer: VoterAnswer): Generator<Instruction, void> {
  try {
    yield* seat.reply(received, answer, { patienceMs: word.patienceMs });
  } catch (error) {
    // The chair counts it as missing, and goes on; so does the voter.
    const code = codeOf(error);
    if (code !== 'MAILBOX_FULL' && code !== 'NODE_UNREACHABLE') throw error;
  }
}

const NOTHING: Iterable<Instruction, undefined> = given(undefined);

/** What is known without asking for anything. */
function given<Value>(value: Value): Iterable<Instruction, Value> {
  return { [Symbol.iterator]: () => ({ next: () => ({ done: true, value }) }) };
}
