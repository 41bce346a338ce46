import fs from 'node:fs';
import { UsageError } from './failure.js';

function statsOf(log: string): fs.Stats | undefined {
  try {
    return fs.statSync(log, { throwIfNoEntry: false });
  } catch {
    // Whoever opens it tells.
    return undefined;
  }
}

/** Throws a UsageError for a log that is named by a file of it, or by any other one. What is not there, the reader tells. */
export function assertLogDirectory(log: string): void {
  const stats = statsOf(log);
  if (stats === undefined || stats.isDirectory()) return;
  throw new UsageError(`${log} is a file. A log is a directory; name the one that holds the files *.jsonl.`);
}
