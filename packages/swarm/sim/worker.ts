/** A process that runs seeds for another one: it is told which, and answers what became of each. */
import { runSeed } from './search.js';

/** A seed, and how many plans may be tried to make a failure smaller. */
export interface Task {
  readonly seed: number;
  readonly maxShrinks: number;
}

process.on('message', ({ seed, maxShrinks }: Task) => {
  void runSeed(seed, maxShrinks).then((verdict) => process.send?.(verdict));
});
// A Ctrl-C reaches all processes of a terminal, and the one that gave the task decides.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => { process.exit(); });
