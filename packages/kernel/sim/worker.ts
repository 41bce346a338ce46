/** A process that runs seeds for another one: it is told which, and answers what became of them. */
import { runSeed, type Failure } from './search.js';

/** Consecutive seeds. */
export interface Task {
  readonly from: number;
  readonly count: number;
  /** How many plans may be tried to make a failure smaller. */
  readonly maxShrinks: number;
}

/** What became of a task, up to the first seed that failed. */
export interface Answer {
  readonly task: Task;
  /** Seeds that were run. */
  readonly seeds: number;
  readonly steps: number;
  readonly crashes: number;
  readonly entries: number;
  readonly failure?: Failure;
}

async function perform(task: Task): Promise<Answer> {
  let [seeds, steps, crashes, entries] = [0, 0, 0, 0];
  for (let seed = task.from; seed < task.from + task.count; seed++) {
    const verdict = await runSeed(seed, task.maxShrinks);
    seeds++;
    steps += verdict.steps;
    crashes += verdict.crashes;
    entries += verdict.entries;
    if (verdict.failure !== undefined) return { task, seeds, steps, crashes, entries, failure: verdict.failure };
  }
  return { task, seeds, steps, crashes, entries };
}

process.on('message', (task: Task) => {
  void perform(task).then((answer) => process.send?.(answer));
});
// A Ctrl-C reaches all processes of a terminal, and the one that gave the task decides.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => { process.exit(); });
