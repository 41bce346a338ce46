import { createHash } from 'node:crypto';
import { CheckedCodes } from './checked-codes.js';
import { MAX_DEPTH } from './guest-json.js';
import type { IsolateJob, IsolateLimits } from './job.js';
import { LIMIT_NAMES } from './protocol.js';

/** Half of the stack that the engine was built with. */
const MAX_STACK_BYTES = 512 * 1024;
const MIN_MEMORY_BYTES = 1024 * 1024;
const MAX_CODE_CHARS = 32 * 1024 * 1024;

const checked = new CheckedCodes(MAX_CODE_CHARS);

/** Throws a `TypeError` for a job that is none. */
export function checkJob(job: IsolateJob, maxMemoryBytes: number): void {
  checkLimits(job.limits, maxMemoryBytes);
  if (!Number.isFinite(job.now)) throw new TypeError(`"now" is a time in milliseconds, not ${String(job.now)}.`);
  if (job.code.length > MAX_CODE_CHARS) throw new TypeError(`The code has ${job.code.length} characters, more than ${MAX_CODE_CHARS}.`);
  if (checked.has(job.codeDigest, job.code)) return;
  const digest = createHash('sha256').update(job.code).digest('hex');
  if (digest !== job.codeDigest) throw new TypeError(`The code has the digest ${digest}, not ${job.codeDigest}.`);
  checked.add(digest, job.code);
}

/** Throws a `TypeError` for limits that no job can have. */
export function checkLimits(limits: IsolateLimits, maxMemoryBytes: number): void {
  for (const name of LIMIT_NAMES) {
    const limit = limits[name];
    if (!Number.isSafeInteger(limit) || limit < 0) throw new TypeError(`The limit "${name}" is a whole number, not ${String(limit)}.`);
  }
  checkRange('memoryBytes', limits, [MIN_MEMORY_BYTES, maxMemoryBytes]);
  checkRange('stackBytes', limits, [1, MAX_STACK_BYTES]);
  checkRange('resultDepth', limits, [0, MAX_DEPTH]);
}

function checkRange(name: keyof IsolateLimits, limits: IsolateLimits, [least, most]: readonly [number, number]): void {
  if (limits[name] < least || limits[name] > most) throw new TypeError(`The limit "${name}" is from ${least} to ${most}, not ${limits[name]}.`);
}
