/** Rounds, medians and ratios: contenders take turns, so that a machine that drifts drifts for all of them. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';

import { join } from 'node:path';

/** A directory of its own for one run, on the disk that OMNIPAW_BENCH_DIR names (the working directory's unless given). */
export async function withDirectory(work) {
  const directory = mkdtempSync(join(process.env.OMNIPAW_BENCH_DIR ?? process.cwd(), '.omnipaw-bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The bytes of a log: its segments, and nothing that lies beside them. */
export function bytesIn(directory) {
  return segmentsOf(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

export function segmentsOf(directory) {
  return readdirSync(directory).filter((name) => name.endsWith('.jsonl')).sort();
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** One warm-up and `rounds` counted rounds, each contender once a round, in turn; answers a list of results for each. */
export async function takeTurns(contenders, rounds, onRound = () => undefined) {
  const results = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, run] of Object.entries(contenders)) {
      const result = await withDirectory(run);
      if (round > 0) results[name].push(result);
    }
    onRound(round, rounds);
  }
  return results;
}

/** Of `steps`, whatever they are, in `ms`. */
export const perSecond = ({ steps, ms }) => (steps / ms) * 1000;

/** Median, least and most of a figure. */
export function spread(results, figure) {
  const values = results.map(figure);
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The ratio of two contenders, round by round. */
export function ratioOf(results, numerator, denominator, figure) {
  return spread(
    results[numerator].map((result, round) => figure(result) / figure(results[denominator][round])),
    (ratio) => ratio,
  );
}

