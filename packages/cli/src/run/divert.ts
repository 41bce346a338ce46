import type { TerminalStream } from '../host.js';

/**
 * Sends what is written to one stream to another; the answer ends that.
 *
 * A program may print what it likes, and standard output still holds the result and nothing else.
 */
export function divert(from: TerminalStream, to: TerminalStream): () => void {
  const write = from.write.bind(from);
  from.write = ((...args: Parameters<TerminalStream['write']>) => to.write(...args)) as TerminalStream['write'];
  return () => {
    from.write = write;
  };
}
