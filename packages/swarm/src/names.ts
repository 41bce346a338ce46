import { OmniError, type JsonObject } from '@omnipaw/kernel';
import { fieldsOf } from './fields.js';

/** A seat in a swarm, and the agent that has it: one that is started in place of another takes the slot over. */
export interface Member {
  /** The agent. */
  readonly id: string;
  /** `worker-1` */
  readonly slot: string;
}

const PLAIN = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** What the package itself talks about. A user's own topic, `news`, has the channel `say/news`. */
export const PACKAGE_TOPICS: ReadonlySet<string> = new Set(['answer', 'election', 'vote', 'work']);

/** The channel of a swarm's words about something: `swarm/review-1/work`. */
export function channelOf(swarm: string, topic: string): string {
  return `swarm/${plain('The name of a swarm', swarm)}/${topic}`;
}

/** The namespace of the memory that a swarm shares: `swarm-review-1`. */
export function namespaceOf(swarm: string): string {
  return `swarm-${plain('The name of a swarm', swarm)}`;
}

/** What is to be known of a swarm beside the agent that is started. */
export interface Circle {
  /**
   * All slots that vote, wherever their agents are: of more than half of these a leader needs the votes. The first member that is
   * started says so for the whole swarm; nobody is elected in one where it has not.
   */
  readonly slots?: readonly string[];
  /** Members of other kernels, as they are called from here: each kernel has to know all that vote. */
  readonly elsewhere?: readonly Member[];
}

/**
 * What an agent is told of itself, and the log of it: `ctx.start(worker, input, { metadata: membership('review-1', 'worker-1') })`.
 *
 * Where a leader is to be elected, with `{ slots }`; else nothing says how many votes a majority has.
 */
export function membership(swarm: string, slot: string, { slots = [], elsewhere = [] }: Circle = {}): JsonObject {
  return {
    swarm: plain('The name of a swarm', swarm),
    slot: plain('A slot', slot),
    ...(slots.length === 0 ? {} : { slots: [...new Set(slots.map((name) => plain('A slot', name)))] }),
    ...(elsewhere.length === 0 ? {} : { elsewhere: Object.fromEntries(elsewhere.map(({ id, slot: other }) => [plain('A slot', other), id])) }),
  };
}

interface Membership extends Required<Circle> {
  readonly swarm: string;
  readonly slot: string;
}

/** What {@link membership} has put into an agent's metadata; undefined for whatever else is there. */
export function membershipIn({ swarm, slot, slots, elsewhere }: JsonObject): Membership | undefined {
  if (!isPlain(swarm) || !isPlain(slot)) return undefined;
  const others = Object.entries(fieldsOf(elsewhere)).flatMap(([other, id]) => (typeof id === 'string' && id.includes('/') ? [{ id, slot: other }] : []));
  return { swarm, slot, slots: Array.isArray(slots) && slots.every(isPlain) ? slots : [], elsewhere: others };
}

/** Whether it can be the name of a swarm or of a slot. */
export function isPlain(name: unknown): name is string {
  return typeof name === 'string' && PLAIN.test(name);
}

function plain(what: string, name: string): string {
  if (PLAIN.test(name)) return name;
  throw new OmniError('INVALID_INSTRUCTION', `${what} starts with a letter or digit, then has letters, digits, "_", "." or "-", 128 at most; found ${JSON.stringify(name)}.`);
}

/** The channel on which a member talks of a topic: one of the package's own, or a user's. */
export function topicChannel(swarm: string, topic: string): string {
  return channelOf(swarm, PACKAGE_TOPICS.has(topic) ? topic : `say/${plain('A topic', topic)}`);
}

/** Of which swarm a channel is, and of which topic; undefined for one that is of none. */
export function addressOf(channel: string): { readonly swarm: string; readonly topic: string } | undefined {
  if (!channel.startsWith('swarm/')) return undefined;
  const end = channel.indexOf('/', 'swarm/'.length);
  return end < 0 ? undefined : { swarm: channel.slice('swarm/'.length, end), topic: channel.slice(end + 1) };
}
