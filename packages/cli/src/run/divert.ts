import type { Host } from '../host.js';

/**
 * Does something while what is written to standard output goes to standard error.
 *
 * A program may print what it likes, and standard output still holds the result and nothing else.
 */
export async function diverted<Result>({ stdout, stderr }: Pick<Host, 'stdout' | 'stderr'>, work: () => Promise<Result>): Promise<Result> {
  const write = stdout.write.bind(stdout);
  stdout.write = ((...args: Parameters<typeof stdout.write>) => stderr.write(...args)) as typeof stdout.write;
  try {
    return await work();
  } finally {
    stdout.write = write;
  }
}
