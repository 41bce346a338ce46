/** Stops a kernel so that no call is cut off of which nobody would know whether it acted. */
import type { OmniKernel, Tool } from '@omnipaw/kernel';
import type { StopSignal } from '../host.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';
import { durationText } from '../terminal/printable.js';
import { callLines, openCallsOf, unrepeatable, unrepeatableText, type OpenCall } from './open-calls.js';

/**
 * The first signal stops the kernel and leaves such calls a while to end; the second one cuts them off. A third one has its usual
 * effect, so that nobody is kept waiting for a farewell that takes too long.
 */
export class Stopping {
  readonly #kernel: OmniKernel;
  readonly #tools: readonly Tool[];
  readonly #session: Session;
  #isStopping = false;
  #signal: StopSignal | undefined;
  #stopListening: () => void;
  #grace: NodeJS.Timeout | undefined;

  constructor(kernel: OmniKernel, tools: readonly Tool[], session: Session) {
    this.#kernel = kernel;
    this.#tools = tools;
    this.#session = session;
    this.#stopListening = this.#listen();
  }

  /** The signal that came before anything else had stopped the kernel. */
  get signal(): StopSignal | undefined {
    return this.#signal;
  }

  /** The calls under way that may not be repeated; once the kernel has stopped, those that were cut off. */
  calls(): OpenCall[] {
    return unrepeatable(openCallsOf(this.#kernel.snapshot().agents), this.#tools);
  }

  /** Resolves when such calls have ended, and the log is closed. */
  async stop(): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      void this.#announce(this.calls());
    }
    await this.#kernel.stop({ finishCalls: true });
  }

  dispose(): void {
    this.#stopListening();
    clearTimeout(this.#grace);
  }

  async #announce(calls: readonly OpenCall[]): Promise<void> {
    if (calls.length === 0) return;
    const { people, host } = this.#session;
    const [have, them] = calls.length === 1 ? ['has', 'it'] : ['have', 'them'];
    const atMost = this.#signal === undefined ? '' : `, or in ${durationText(host.graceMs)}`;
    await people.line(`${people.ink('yellow', '■')} Stopping as soon as ${unrepeatableText(calls)} ${have} ended${atMost}; Ctrl-C cuts ${them} off:`);
    for (const line of callLines(calls)) await people.line(line);
  }

  #listen(): () => void {
    return onStopSignal(this.#session.host.signals, (signal) => {
      if (this.#isStopping) {
        this.#cutOff();
        return;
      }
      this.#signal = signal;
      this.#stopListening = this.#listen();
      this.#grace = setTimeout(() => { this.#cutOff(); }, this.#session.host.graceMs);
      // What goes wrong is told to whoever waits for the end.
      this.stop().catch(() => undefined);
    });
  }

  #cutOff(): void {
    this.#kernel.stop().catch(() => undefined);
  }
}
