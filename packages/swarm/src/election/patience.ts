export interface Rhythm {
  /** How often a leader says that it is there. */
  readonly heartbeatMs: number;
  /** After how long without a word of a leader somebody stands for election, at the earliest. */
  readonly timeoutMs: number;
}

export interface Rank {
  readonly rank: number;
  readonly size: number;
  /** How many times it has stood since it last knew a leader. */
  readonly attempts: number;
  /** Whether it has voted, for itself or another one, and has not heard of a leader since. */
  readonly hasVoted: boolean;
}

/** After so many doublings, two that lose their patience one after the other are far enough apart on any machine. */
const MOST_DOUBLINGS = 6;

/**
 * How long a member waits for a word of a leader. One after the other loses its patience, by rank, so that seldom two stand at
 * once; and where the steps between them were too short, they grow, so that two do not stand at once for ever.
 *
 * Who has voted waits three times as long: between two beats there is one message, and between a question and the first beat there are three.
 */
export function silenceMs({ timeoutMs }: Rhythm, { rank, size, attempts, hasVoted }: Rank): number {
  const step = Math.max(1, Math.round(timeoutMs / size)) * 2 ** Math.min(attempts, MOST_DOUBLINGS);
  return (hasVoted ? 3 : 1) * timeoutMs + rank * step;
}

/** Throws a TypeError for a rhythm in which a leader that lives is taken for dead. */
export function assertRhythm({ heartbeatMs, timeoutMs }: Rhythm): void {
  if (Number.isInteger(heartbeatMs) && Number.isInteger(timeoutMs) && heartbeatMs >= 1 && timeoutMs > heartbeatMs) return;
  throw new TypeError(`An election takes whole milliseconds, and a time-out longer than its heartbeat; found heartbeatMs ${String(heartbeatMs)} and timeoutMs ${String(timeoutMs)}.`);
}
