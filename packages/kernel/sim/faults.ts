/** What goes wrong, as data: so that it can be drawn from a seed, and shrunk. */
import * as fc from 'fast-check';
import { MAX_STEPS } from './scenarios.js';

/** How a disk fails: the write that it has no room for, or the sync after it. */
export interface DiskFailure {
  /** Which write of the life it is, counted from 0. */
  readonly write: number;
  readonly how: 'full' | 'sync';
}

/** The faults of one life of a kernel, from its boot to its end. */
export interface Faults {
  /** After so many steps the process dies; a step is a turn of the event loop, or one of what a store or a tool does. */
  readonly crashAfterSteps: number | null;
  /** How much survives a crash of what was written and not synced: bytes, modulo what there is. */
  readonly survivingBytes: number;
  /** Zeros after that, of blocks that never reached the disk. */
  readonly zeroBytes: number;
  /** Whether the line whose bytes end there is kept whole. */
  readonly keepsWholeLine: boolean;
  /** How long writes, syncs and answers take, one after the other, over and over. Milliseconds. */
  readonly diskMs: readonly number[];
  readonly failure: DiskFailure | null;
  /** How long nobody starts another kernel after the end of this one. Milliseconds. */
  readonly downMs: number;
  /** With which of its entries somebody who hears of it stops the kernel; null for none. */
  readonly stopAtEntry: number | null;
  /** Its `maxStepsPerTick`. */
  readonly maxSteps: number;
  /** What becomes of the checkpoint beside the log after that. */
  readonly checkpoint: 'kept' | 'lost' | 'damaged';
}

/** A life in which nothing goes wrong. */
export const NO_FAULTS: Faults = Object.freeze({ crashAfterSteps: null, survivingBytes: 0, zeroBytes: 0, keepsWholeLine: false, diskMs: [], failure: null, downMs: 0, stopAtEntry: null, maxSteps: MAX_STEPS, checkpoint: 'kept' });

const steps = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 25 }), weight: 3 },
  { arbitrary: fc.integer({ min: 1, max: 70 }), weight: 4 },
  { arbitrary: fc.integer({ min: 1, max: 250 }), weight: 2 },
);

const faults: fc.Arbitrary<Faults> = fc.record({
  crashAfterSteps: fc.oneof({ arbitrary: steps, weight: 6 }, { arbitrary: fc.constant(null), weight: 1 }),
  survivingBytes: fc.nat({ max: 100_000 }),
  zeroBytes: fc.oneof(fc.constant(0), fc.nat({ max: 50 })),
  keepsWholeLine: fc.boolean(),
  diskMs: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 20 }), { maxLength: 5 })),
  failure: fc.oneof(
    { arbitrary: fc.constant(null), weight: 3 },
    { arbitrary: fc.record({ write: fc.nat({ max: 12 }), how: fc.constantFrom('full' as const, 'sync' as const) }), weight: 1 },
  ),
  downMs: fc.oneof(fc.constant(0), fc.nat({ max: 60 })),
  stopAtEntry: fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary: fc.integer({ min: 1, max: 40 }), weight: 1 }),
  maxSteps: fc.constantFrom(MAX_STEPS, MAX_STEPS, MAX_STEPS / 4),
  checkpoint: fc.constantFrom('kept', 'kept', 'kept', 'kept', 'lost', 'damaged'),
});

/** The lives before the last one, in which nothing goes wrong any more. */
export const lives: fc.Arbitrary<readonly Faults[]> = fc.array(faults, { maxLength: 4, size: 'max' });
