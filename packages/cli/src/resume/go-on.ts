/** Waits for agents of a kernel that has taken up an old log. */
import type { OmniKernel, Tool } from '@omnipaw/kernel';
import type { LeftOver } from '../calls/left-lines.js';
import { Stopping } from '../calls/stopping.js';
import type { StopSignal } from '../host.js';
import type { RunOutcome } from '../run/report.js';
import type { Session } from '../session.js';
import { LiveLine } from '../terminal/live-line.js';
import { count, durationText } from '../terminal/printable.js';
import { hasNotEnded } from './left.js';

export interface AgentEnd {
  readonly agent: string;
  readonly outcome: RunOutcome;
}

export interface GoOnReport extends LeftOver {
  /** In the order in which the agents were named. */
  readonly ends: readonly AgentEnd[];
  /** The signal that came before all had ended. */
  readonly stoppedBy: StopSignal | undefined;
  readonly head: string;
  readonly entries: number;
  readonly elapsedText: string;
}

/** Whom to wait for, and the tools that run meanwhile. */
export interface GoOnRequest {
  readonly agents: readonly string[];
  readonly tools: readonly Tool[];
}

/** Resolves when all these agents have ended, or a signal came; the kernel is stopped then, and the log closed. */
export async function goOn(kernel: OmniKernel, { agents, tools }: GoOnRequest, session: Session): Promise<GoOnReport> {
  const startedAtMs = performance.now();
  const elapsedText = (): string => durationText(performance.now() - startedAtMs);
  let waitingFor = agents.length;
  const live = new LiveLine(session.host.stderr, () => `${count(waitingFor, 'agent')} to end: ${elapsedText()}, ${count(kernel.entryCount, 'entry', 'entries')}`);
  const stopping = new Stopping(kernel, tools, session);
  try {
    const ends = await Promise.all(agents.map(async (agent) => {
      const outcome = await outcomeOf(kernel, agent);
      waitingFor--;
      return { agent, outcome };
    }));
    await stopping.stop();
    const wasStopped = ends.some(({ outcome }) => isStopped(outcome));
    return {
      ends,
      stoppedBy: wasStopped ? stopping.signal : undefined,
      left: kernel.snapshot().agents.filter(hasNotEnded),
      cutOff: stopping.calls(),
      head: kernel.head,
      entries: kernel.entryCount,
      elapsedText: elapsedText(),
    };
  } finally {
    live.stop();
    stopping.dispose();
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
