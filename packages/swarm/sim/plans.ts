/** All that decides about a run, and how a seed becomes it. */
import * as fc from 'fast-check';

/** What happens when a piece of work is tried, so many times; from then on it is done as it should be. */
export interface Piece {
  readonly what: 'fine' | 'throw' | 'die' | 'hang' | 'flood' | 'lie' | 'repeat';
  readonly times: number;
  /** How long it takes. */
  readonly ms: number;
}

/** For a piece that is never done as it should be. */
export const ALWAYS = 1_000_000;

export interface Faults {
  /** The process dies with the entry that comes so many after those that were there: before it, in the middle of its line, or after it. */
  readonly crashAt: number;
  readonly place: 'before' | 'within' | 'after';
  /** How long nobody is there then. */
  readonly downMs: number;
}

export interface Plan {
  readonly seed: number;
  readonly strategy: 'MAP_REDUCE' | 'PIPELINE' | 'SUPERVISOR' | 'CONSENSUS';
  readonly pieces: readonly Piece[];
  readonly agents: number;
  readonly batch: number;
  readonly race: boolean;
  readonly fanIn: number;
  readonly capacity: number;
  readonly maxAttempts: number;
  readonly onFailure: 'fail' | 'skip';
  readonly together: 'one-for-one' | 'one-for-all' | 'rest-for-one';
  readonly maxMailboxMessages: number;
  /** Whether somebody who is no member talks on the swarm's channels. */
  readonly hasStranger: boolean;
  /** How many ticks all of them together may have; without a limit unless given. */
  readonly maxTicks: number | null;
  /** When somebody cancels it, in the last life; never unless given. */
  readonly cancelAfterMs: number | null;
  /** What goes wrong in each life but the last. */
  readonly lives: readonly Faults[];
}

const piece: fc.Arbitrary<Piece> = fc.record({
  what: fc.oneof({ weight: 4, arbitrary: fc.constant('fine' as const) }, { weight: 5, arbitrary: fc.constantFrom('throw', 'die', 'hang', 'flood', 'lie', 'repeat') }),
  times: fc.oneof({ weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) }, { weight: 3, arbitrary: fc.constant(ALWAYS) }),
  ms: fc.nat(40),
});

const faults: fc.Arbitrary<Faults> = fc.record({
  crashAt: fc.integer({ min: 1, max: 60 }),
  place: fc.constantFrom('before', 'within', 'after'),
  downMs: fc.constantFrom(0, 10, 3_000, 100_000),
});

function seldom<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  seed: fc.nat(),
  strategy: fc.constantFrom('MAP_REDUCE', 'MAP_REDUCE', 'PIPELINE', 'SUPERVISOR', 'CONSENSUS'),
  pieces: fc.array(piece, { maxLength: 6 }),
  agents: fc.integer({ min: 2, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  race: fc.boolean(),
  fanIn: fc.integer({ min: 2, max: 3 }),
  capacity: fc.integer({ min: 1, max: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 3 }),
  onFailure: fc.constantFrom('fail', 'skip'),
  together: fc.constantFrom('one-for-one', 'one-for-all', 'rest-for-one'),
  maxMailboxMessages: fc.constantFrom(1, 2, 3, 1_000, 1_000),
  hasStranger: fc.boolean(),
  maxTicks: seldom(fc.integer({ min: 1, max: 60 })),
  cancelAfterMs: seldom(fc.nat(100)),
  lives: fc.array(faults, { maxLength: 3 }),
});

/** Neighbouring seeds must not give similar plans, and so every bit of one is spread over all of them. */
export function parametersOf(seed: number): { readonly seed: number; readonly numRuns: 1 } {
  let mixed = Math.imul(seed ^ (seed >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return { seed: (mixed ^ (mixed >>> 16)) | 0, numRuns: 1 };
}
