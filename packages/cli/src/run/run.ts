/**
 * `omnipaw run`: one agent of a program, from spawn to result.
 *
 * The kernel is stopped, and with it the log closed, on every way out; only then anything is said to be done.
 */
import path from 'node:path';
import { attest } from '@omnipaw/attest';
import { createKernel, FileLogStore, type AgentDefinition, type AgentSnapshot, type OmniKernel } from '@omnipaw/kernel';
import { signerIn } from '../attest/files.js';
import { EXIT, isVerbose } from '../failure.js';
import type { StopSignal } from '../host.js';
import type { Session } from '../session.js';
import { EXIT_AFTER_SIGNAL, onStopSignal } from '../signals.js';
import { LiveLine } from '../terminal/live-line.js';
import { durationText } from '../terminal/printable.js';
import { chooseAgent, definitionsIn, type Definitions } from './definitions.js';
import { divert } from './divert.js';
import { readInput } from './input.js';
import { loadProgram } from './load-program.js';
import { reportRun, type RunReport } from './report.js';
import { RunTally } from './tally.js';

export interface RunOptions {
  readonly agent?: string;
  readonly input?: string;
  readonly log: string;
  readonly grant?: readonly string[];
  /** The file of the private key to sign the log with. */
  readonly sign?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

export async function run(file: string, options: RunOptions, session: Session): Promise<number> {
  const { host } = session;
  const input = await readInput(options.input, host.stdin);
  const giveBack = divert(host.stdout, host.stderr);
  let report: RunReport;
  try {
    const definitions = definitionsIn(await loadProgram(file));
    const agent = chooseAgent(definitions, file, options.agent);
    const kernel = await boot(definitions, { ...options, recover: false }, session);
    report = await runAgent(kernel, { agent, input, options, session });
  } finally {
    giveBack();
  }
  const { log, json = false } = options;
  await reportRun(report, { ...session, log, json, isVerbose: isVerbose(options, host) });
  if (report.stoppedBy !== undefined) return EXIT_AFTER_SIGNAL[report.stoppedBy];
  return report.outcome.ok ? EXIT.ok : EXIT.failed;
}

export interface BootOptions extends Pick<RunOptions, 'log' | 'sign'> {
  /** Whether agents that have not ended are taken up; they are refused otherwise. */
  readonly recover: boolean;
}

/** A kernel on a log; with `recover`, agents that have not ended go on in it, and without it they are refused. */
export function boot({ agents, tools, extensions }: Definitions, { log, sign, recover }: BootOptions, { people }: Session): Promise<OmniKernel> {
  return createKernel({
    recover,
    log: new FileLogStore(path.resolve(log)),
    agents,
    tools,
    extensions,
    ...(sign === undefined ? {} : { follow: attest({ signer: signerIn(sign) }) }),
    onProblem: ({ code, message }) => void people.line(`${people.ink('yellow', 'warning:')} ${code}: ${message}`),
  });
}

interface RunRequest {
  readonly agent: AgentDefinition;
  readonly input: unknown;
  readonly options: RunOptions;
  readonly session: Session;
}

async function runAgent(kernel: OmniKernel, { agent, input, options, session }: RunRequest): Promise<RunReport> {
  const startedAtMs = performance.now();
  const tally = new RunTally();
  kernel.subscribe((entry) => tally.add(entry));
  const elapsedText = (): string => durationText(performance.now() - startedAtMs);
  const live = new LiveLine(session.host.stderr, () => `${agent.type}: ${elapsedText()}, ${tally.liveText}`);
  let stoppedBy: StopSignal | undefined;
  const stopListening = onStopSignal(session.host.signals, (signal) => {
    stoppedBy = signal;
    // Whoever waits for the agent is told at once; the log is closed below.
    void kernel.stop();
  });
  try {
    const handle = kernel.spawn(agent, input, { grants: options.grant ?? [] });
    const outcome = await handle.result().then(
      (result) => ({ ok: true, result }) as const,
      (error: unknown) => ({ ok: false, error }) as const,
    );
    await kernel.stop();
    const wasStopped = !outcome.ok && (outcome.error as { code?: unknown }).code === 'KERNEL_STOPPED';
    return {
      agent: handle.id,
      hasInput: options.input !== undefined,
      outcome,
      stoppedBy: wasStopped ? stoppedBy : undefined,
      tally,
      left: wasStopped ? agentsLeft(kernel) : [],
      head: kernel.head,
      entries: kernel.entryCount,
      elapsedText: elapsedText(),
    };
  } finally {
    live.stop();
    stopListening();
    await kernel.stop();
  }
}

function agentsLeft(kernel: OmniKernel): readonly AgentSnapshot[] {
  return kernel.snapshot().agents.filter(({ state }) => state !== 'TERMINATED' && state !== 'FAULTED');
}
