/** Waits for agents of a kernel that has taken up an old log. */
import type { OmniKernel } from '@omnipaw/kernel';
import type { StopSignal } from '../host.js';
import type { RunOutcome } from '../run/report.js';
import type { Session } from '../session.js';
import { onStopSignal } from '../signals.js';
import { LiveLine } from '../terminal/live-line.js';
import { count, durationText } from '../terminal/printable.js';

export interface AgentEnd {
  readonly agent: string;
  readonly outcome: RunOutcome;
}

export interface GoOnReport {
  /** In the order in which the agents were named. */
  readonly ends: readonly AgentEnd[];
  /** The signal that came before all had ended. */
  readonly stoppedBy: StopSignal | undefined;
  readonly head: string;
  readonly entries: number;
  readonly elapsedText: string;
}

/** Resolves when all these agents have ended, or a signal came; the kernel is stopped then, and the log closed. */
export async function goOn(kernel: OmniKernel, agents: readonly string[], { host }: Session): Promise<GoOnReport> {
  const startedAtMs = performance.now();
  const elapsedText = (): string => durationText(performance.now() - startedAtMs);
  let waitingFor = agents.length;
  const live = new LiveLine(host.stderr, () => `${count(waitingFor, 'agent')} to end: ${elapsedText()}, ${count(kernel.entryCount, 'entry', 'entries')}`);
  let stoppedBy: StopSignal | undefined;
  const stopListening = onStopSignal(host.signals, (signal) => {
    stoppedBy = signal;
    void kernel.stop();
  });
  try {
    const ends = await Promise.all(agents.map(async (agent) => {
      const outcome = await outcomeOf(kernel, agent);
      waitingFor--;
      return { agent, outcome };
    }));
    await kernel.stop();
    const wasStopped = ends.some(({ outcome }) => isStopped(outcome));
    return { ends, stoppedBy: wasStopped ? stoppedBy : undefined, head: kernel.head, entries: kernel.entryCount, elapsedText: elapsedText() };
  } finally {
    live.stop();
    stopListening();
    await kernel.stop();
  }
}

/** Whether an agent has not ended, since the kernel was stopped. */
export function isStopped(outcome: RunOutcome): boolean {
  return !outcome.ok && (outcome.error as { readonly code?: unknown }).code === 'KERNEL_STOPPED';
}

async function outcomeOf(kernel: OmniKernel, agent: string): Promise<RunOutcome> {
  try {
    return { ok: true, result: await kernel.agent(agent).result() };
  } catch (error) {
    return { ok: false, error };
  }
}
