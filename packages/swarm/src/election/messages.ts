import { fieldsOf } from '../fields.js';
import { channelOf } from '../names.js';

/**
 * What members say to each other on the channel `election`. Who says it, and to whom, is told by the message: a body cannot
 * speak for another.
 *
 * - `ask`: the sender wants to lead in this term, and asks for the receiver's vote. It is the sender's own vote as well, for itself.
 * - `vote`: the one vote that the sender has in this term, for the receiver.
 * - `refuse`: no vote, or no obedience; `term` is the newest that the sender knows.
 * - `beat`: the sender leads in this term. Nobody says it without having taken the office ({@link officeOf}) in this term.
 */
export interface ElectionMessage {
  readonly kind: 'ask' | 'vote' | 'refuse' | 'beat';
  /** 1 is the first; at most {@link MAX_TERM}. */
  readonly term: number;
}

/** No honest member comes near to it. */
export const MAX_TERM = 2 ** 48;

const KINDS: readonly unknown[] = ['ask', 'vote', 'refuse', 'beat'] satisfies ElectionMessage['kind'][];

/** What a body says, or undefined if it says nothing that is known here. */
export function electionMessageOf(body: unknown): ElectionMessage | undefined {
  const { kind, term } = fieldsOf(body);
  return KINDS.includes(kind) && isTerm(term) ? { kind: kind as ElectionMessage['kind'], term } : undefined;
}

/** The key in its own memory under which a leader declares that it leads, before it acts; its value is an {@link Office}. */
export function officeOf(swarm: string): string {
  return channelOf(swarm, 'office');
}

/** What a leader declares. The office is given up by deleting the key. */
export interface Office {
  readonly term: number;
}

/** The term of a declared office, or undefined if the value declares none. */
export function officeTermOf(value: unknown): number | undefined {
  const { term } = fieldsOf(value);
  return isTerm(term) ? term : undefined;
}

function isTerm(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TERM;
}
