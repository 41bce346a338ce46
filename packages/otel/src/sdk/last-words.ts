/** A process that dies of an error has so long to tell of it. */
const FATAL_MS = 2_000;

/**
 * Lets a process export what it has before it ends by itself or by an error that nobody caught; the answer takes that back. An error ends
 * the process as it would have, a moment later; where somebody else listens for it, that is theirs to do.
 */
export function lastWords(shutdown: (withinMs?: number) => Promise<void>): () => void {
  const atEnd = (): void => void shutdown();
  const onFatal = (error: unknown): void => {
    process.off('uncaughtException', onFatal);
    const isOurs = process.listenerCount('uncaughtException') === 0;
    void shutdown(FATAL_MS).then(() => {
      // In a turn of its own, so that it is an error that nobody caught.
      if (isOurs) setImmediate(() => { throw error; });
    });
  };
  process.once('beforeExit', atEnd);
  process.on('uncaughtException', onFatal);
  return () => {
    process.off('beforeExit', atEnd);
    process.off('uncaughtException', onFatal);
  };
}
