import { readFileSync } from 'node:fs';

/**
 * Which permissions new files of this process do not get; undefined where the system does not tell.
 *
 * Not by `process.umask()`, which sets it to 0 for a moment, in which other threads may make a file.
 */
export function currentUmask(): number | undefined {
  try {
    const told = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1];
    return told === undefined ? undefined : parseInt(told, 8);
  } catch {
    return undefined;
  }
}
