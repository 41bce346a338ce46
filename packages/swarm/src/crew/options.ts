import { assertCount } from '../require.js';
import type { CrewOptions } from './crew.js';
import type { FailedAttempt } from './task.js';

/** What may be said of any work that a crew does. */
export interface WorkOptions {
  /** How often a task is tried at the most; 3 unless given. */
  readonly maxAttempts?: number;
  /** What becomes of the swarm when a task has failed so often: it fails as well, unless the task is to be left out. */
  readonly onFailure?: 'fail' | 'skip';
  /** How many tasks a member gets at once: fewer messages, and more that is done again when it fails; 1 unless given. */
  readonly batch?: number;
  /** How long a member may take for a task before it counts as hung, and is replaced; 10 minutes unless given. */
  readonly taskTimeoutMs?: number;
  /** How many members may be replaced that failed while they held no task; 10 unless given. */
  readonly maxRestarts?: number;
}

/** Throws a TypeError for a number that is none. */
export function crewOptions({ batch = 1, taskTimeoutMs = 600_000, maxRestarts = 10, maxAttempts = 3 }: WorkOptions): Omit<CrewOptions, 'plan' | 'race'> {
  assertCount('maxAttempts', maxAttempts, 1);
  assertCount('batch', batch, 1);
  assertCount('taskTimeoutMs', taskTimeoutMs, 1);
  assertCount('maxRestarts', maxRestarts, 0);
  return { batch, taskTimeoutMs, maxRestarts };
}

/** What becomes of a task that has failed once more. */
export function afterFailure({ maxAttempts = 3, onFailure = 'fail' }: WorkOptions, { attempts }: FailedAttempt): 'again' | 'skip' | 'fail' {
  return attempts < maxAttempts ? 'again' : onFailure;
}
