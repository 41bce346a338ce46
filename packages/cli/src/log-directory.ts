import fs from 'node:fs';
import { UsageError } from './failure.js';

/** Throws a UsageError for a log that is named by a file of it, or by any other one. What is not there, the reader tells. */
export function assertLogDirectory(log: string): void {
  const stats = fs.statSync(log, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return;
  throw new UsageError(`${log} is a file. A log is a directory; name the one that holds the files *.jsonl.`);
}
