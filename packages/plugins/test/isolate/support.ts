import { createHash } from 'node:crypto';
import type { Json } from '@omnipaw/kernel';
import { createIsolatePool, DEFAULT_LIMITS, type IsolateJob, type IsolateLimits, type IsolateOutcome, type IsolatePool, type IsolatePoolOptions } from '@omnipaw/plugins';
import { onTestFinished } from 'vitest';

export type Changed = Partial<Omit<IsolateJob, 'limits'>> & { readonly limits?: Partial<IsolateLimits> };

/** So that what is to be stopped is stopped soon. */
export const SHORT: Partial<IsolateLimits> = { fuel: 100, cpuMs: 3_000 };

/** A job that runs a handler, given as its source. */
export function jobOf(handler: string, { limits, ...changed }: Changed = {}): IsolateJob {
  const code = changed.code ?? `(${handler})`;
  return {
    code,
    codeDigest: createHash('sha256').update(code).digest('hex'),
    ...{ fileName: 'plugin.js', args: null, now: 1_700_000_000_000, seed: 'seed' },
    call: (name) => Promise.resolve(name),
    ...changed,
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
}

/** A pool that ends with the test. */
export function openPool(options?: IsolatePoolOptions): IsolatePool {
  const pool = createIsolatePool(options);
  onTestFinished(() => pool.close());
  return pool;
}

/** What a handler returns. Throws what it fails with. */
export async function valueOf(outcome: Promise<IsolateOutcome>): Promise<Json> {
  const settled = await outcome;
  if (!settled.ok) throw settled.error;
  return settled.value;
}

/** The code of the error that a handler fails with, or its value. */
export async function codeOf(outcome: Promise<IsolateOutcome>): Promise<string> {
  const settled = await outcome;
  return settled.ok ? `ok ${JSON.stringify(settled.value)}` : settled.error.code;
}
