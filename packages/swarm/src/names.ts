import { OmniError, type JsonObject } from '@omnipaw/kernel';

/** A seat in a swarm, and the agent that has it: one that is started in place of another takes the slot over. */
export interface Member {
  /** The agent. */
  readonly id: string;
  /** `worker-1` */
  readonly slot: string;
}

const PLAIN = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** The channel of a swarm's words about something: `swarm/review-1/work`. */
export function channelOf(swarm: string, topic: string): string {
  return `swarm/${plain('The name of a swarm', swarm)}/${topic}`;
}

/** The namespace of the memory that a swarm shares: `swarm-review-1`. */
export function namespaceOf(swarm: string): string {
  return `swarm-${plain('The name of a swarm', swarm)}`;
}

/** What an agent is told of itself, and the log of it: `ctx.start(worker, input, { metadata: membership('review-1', 'worker-1') })`. */
export function membership(swarm: string, slot: string): JsonObject {
  return { swarm: plain('The name of a swarm', swarm), slot: plain('A slot', slot) };
}

function plain(what: string, name: string): string {
  if (PLAIN.test(name)) return name;
  throw new OmniError('INVALID_INSTRUCTION', `${what} starts with a letter or digit, then has letters, digits, "_", "." or "-", 128 at most; found ${JSON.stringify(name)}.`);
}
