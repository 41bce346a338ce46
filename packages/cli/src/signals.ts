import type { Signals, StopSignal } from './host.js';

/** What a process that was ended by a signal exits with: 128 and the signal's number. */
export const EXIT_AFTER_SIGNAL: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

const STOP_SIGNALS = Object.keys(EXIT_AFTER_SIGNAL) as readonly StopSignal[];

/**
 * Tells of the first signal to stop; the answer stops listening.
 *
 * The second one has its usual effect again, so that nobody is kept waiting for a farewell that takes too long.
 */
export function onStopSignal(signals: Signals, listener: (signal: StopSignal) => void): () => void {
  const listeners = STOP_SIGNALS.map((signal) => ({
    signal,
    hear: (): void => {
      dispose();
      listener(signal);
    },
  }));
  const dispose = (): void => {
    for (const { signal, hear } of listeners) signals.off(signal, hear);
  };
  for (const { signal, hear } of listeners) signals.on(signal, hear);
  return dispose;
}
